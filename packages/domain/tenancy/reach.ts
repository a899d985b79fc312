import { type HeldRole, type Rights, rightsOf } from './access.ts';

/** A role that somebody was given at an account. It reaches down the tree from there, never up or sideways. */
export type Grant = HeldRole & { readonly accountId: string };

/**
 * What a user holds at the last account of a chain.
 * @param chain From the platform down to the account in question.
 */
export interface Reach extends Rights {
  /** The highest account of the chain that the user sees. Absent: none of it. */
  readonly topId: string | undefined;
  /** What the user may do at each account strictly above this one, with what reaches there: the highest first. */
  readonly above: readonly { readonly accountId: string; readonly rights: Rights }[];
  /** What the user may do by roles that were given at the account itself, whatever reaches there from above. */
  readonly here: Rights;
}

export function reachAlong(chain: readonly string[], grants: readonly Grant[]): Reach {
  const held = grants.filter((grant) => chain.includes(grant.accountId));
  return {
    ...rightsOf(held),
    topId: chain.find((id) => held.some((grant) => grant.accountId === id)),
    above: chain.slice(0, -1).map((accountId, depth) => ({
      accountId,
      rights: rightsOf(held.filter((grant) => chain.indexOf(grant.accountId) <= depth)),
    })),
    here: rightsOf(held.filter(({ accountId }) => accountId === chain.at(-1))),
  };
}
