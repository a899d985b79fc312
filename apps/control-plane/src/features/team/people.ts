/** One role of somebody, as the list of the team has it. */
interface Membership {
  readonly userId: string;
  readonly accountId: string;
}

export interface Person<Member extends Membership> {
  readonly userId: string;
  /** From the role at the account at hand, if there is one, up to the one given highest. */
  readonly roles: readonly [Member, ...Member[]];
}

/** Somebody who holds roles at several levels is one person, in the place of the first of these. */
export function peopleOf<Member extends Membership>(
  members: readonly Member[],
  /** From the highest account down to the one at hand. */
  chain: readonly string[],
): readonly Person<Member>[] {
  const depthOf = ({ accountId }: Member) => chain.indexOf(accountId);
  const byUser = new Map<string, [Member, ...Member[]]>();
  for (const member of members) {
    const known = byUser.get(member.userId);
    if (known === undefined) byUser.set(member.userId, [member]);
    else known.push(member);
  }
  return [...byUser].map(([userId, roles]) => {
    const [first, ...rest] = roles;
    const sorted = [first, ...rest].sort((a, b) => depthOf(b) - depthOf(a));
    const [nearest = first, ...higher] = sorted;
    return { userId, roles: [nearest, ...higher] };
  });
}
