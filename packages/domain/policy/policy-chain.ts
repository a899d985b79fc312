import {
  type PolicyChain,
  type PolicyHold,
  type PolicyLevel,
  type PolicyOrigin,
  type PolicyWord,
  scopeOf,
} from './policy-level.ts';

/** Whom a policy is about. What is left out is not known, or not there: then no level of it speaks. */
export interface PolicySubject {
  /** From the platform's account down to the one that acts. */
  readonly chain: readonly string[];
  readonly region?: string | undefined;
  readonly applicationId?: string | undefined;
  readonly instanceType?: string | undefined;
  readonly endpoint?: string | undefined;
  /** The levels of a credential, its own last. */
  readonly prefixIds?: readonly string[] | undefined;
}

/** Where at an account something is set; nothing: for all of it. */
export interface PolicyPlace {
  readonly region?: string | undefined;
  readonly applicationId?: string | undefined;
  readonly instanceType?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** What is stored of one level. */
export interface StoredPolicy extends PolicyPlace {
  readonly accountId: string;
  /** Of the account whose word it is: of one above what that one said, and of a plan its owner (POL-2). */
  readonly timeZone: string;
  /**
   * 'plan': of the plan that the account has. 'access': its lists and services, and what one above set of these for it.
   * 'spending': its money. The others: who set it.
   */
  readonly by: 'plan' | 'above' | 'self' | 'access' | 'spending';
  readonly planId?: string | undefined;
  /** Of a plan and of what was set from above: the account above whose it is. Each has a plan, and a word at each place, of its own (POL-2). */
  readonly setById?: string | undefined;
  /** A level of a credential, which nobody sets policies at: something holds it, and all that are narrowed from it, to this. */
  readonly credentialId?: string | undefined;
  /**
   * What holds for as long as its cause does, such as a trigger that fired: said as from above, and by nobody who could change
   * it there. It is not what is stored at the place.
   */
  readonly heldBy?: PolicyHold | undefined;
  readonly word: PolicyWord;
}

/**
 * The levels that hold for a subject, from the top down, whatever the order of what is stored. Levels that say nothing are
 * left out. Every account of the chain stands there with the plan that each above gave it and what that one set for it, what it set
 * itself, its lists and services, its spending, and what is set for the region; below the last come its application, the instance
 * type of that, the endpoint, and what a credential is held to. At each place those above speak before the account itself, the
 * farthest first, so that none nearer widens what it says; what is of nobody above does not hold. What holds a place for as long as
 * its cause does stands above the account's own word there.
 */
export function policyChain(subject: PolicySubject, stored: readonly StoredPolicy[]): PolicyChain {
  const { chain, region, applicationId, instanceType, endpoint, prefixIds = [] } = subject;
  const byAccount = Map.groupBy(stored, ({ accountId }) => accountId);
  const ofAccounts = chain.flatMap((accountId, depth) => {
    const own = byAccount.get(accountId) ?? [];
    const at = { depth, chain };
    const isAtRegion = (row: StoredPolicy) => row.region !== undefined && row.region === region;
    return [
      ...chain
        .slice(0, depth)
        .flatMap((setById) => [
          ...levelsOf(own, { isAt: (row) => row.by === 'plan' && row.setById === setById, ...at }),
          ...levelsOf(own, { isAt: (row) => isBare(row) && isSaidBy(row, setById), ...at }),
        ]),
      ...levelsOf(own, {
        isAt: (row) => row.by === 'above' && isBare(row) && row.heldBy !== undefined,
        ...at,
      }),
      ...levelsOf(own, { isAt: (row) => row.by === 'self' && isBare(row), ...at }),
      ...chain
        .slice(0, depth)
        .flatMap((setById) =>
          levelsOf(own, { isAt: (row) => row.by === 'access' && row.setById === setById, ...at }),
        ),
      ...levelsOf(own, { isAt: (row) => row.by === 'access' && row.setById === undefined, ...at }),
      ...levelsOf(own, { isAt: ({ by }) => by === 'spending', ...at }),
      ...placeLevels(own, { isAt: isAtRegion, ...at }),
    ];
  });
  const own = byAccount.get(chain.at(-1) ?? '') ?? [];
  const at = { depth: chain.length - 1, chain };
  const isOfApplication = (row: StoredPolicy) =>
    row.applicationId !== undefined && row.applicationId === applicationId;
  const isOfType = (row: StoredPolicy) => row.instanceType !== undefined && row.instanceType === instanceType;
  return [
    ...ofAccounts,
    ...placeLevels(own, { isAt: (row) => isOfApplication(row) && row.instanceType === undefined, ...at }),
    ...placeLevels(own, { isAt: (row) => isOfApplication(row) && isOfType(row), ...at }),
    ...placeLevels(own, { isAt: (row) => row.endpoint !== undefined && row.endpoint === endpoint, ...at }),
    ...levelsOf(own, {
      isAt: ({ credentialId }) => credentialId !== undefined && prefixIds.includes(credentialId),
      ...at,
    }),
  ];
}

interface Levelled {
  readonly isAt: (row: StoredPolicy) => boolean;
  readonly depth: number;
  readonly chain: readonly string[];
}

/** At one place of an account: those above it, the farthest first, what holds the place, and the account itself. */
function placeLevels(rows: readonly StoredPolicy[], { isAt, depth, chain }: Levelled): PolicyLevel[] {
  const here = rows.filter(isAt);
  const isAny = [
    ...chain.slice(0, depth).map((setById) => (row: StoredPolicy) => isSaidBy(row, setById)),
    ({ heldBy }: StoredPolicy) => heldBy !== undefined,
    ({ by, heldBy }: StoredPolicy) => by !== 'above' && heldBy === undefined,
  ];
  return isAny.flatMap((one) => levelsOf(here, { isAt: one, depth, chain }));
}

/** Whether it is what an account above said, and no hold, which is nobody's word. */
const isSaidBy = ({ by, heldBy, setById }: StoredPolicy, accountId: string): boolean =>
  by === 'above' && heldBy === undefined && setById === accountId;

/** The lists of addresses of all accounts that something is stored of, which is in the order of a chain (ACC-9). */
export const accessChain = (stored: readonly StoredPolicy[]): PolicyChain =>
  levelsOf(stored, { isAt: ({ by }) => by === 'access', depth: 0, chain: [] });

const isBare = ({ region, applicationId, endpoint, credentialId }: StoredPolicy): boolean =>
  (region ?? applicationId ?? endpoint ?? credentialId) === undefined;

function levelsOf(rows: readonly StoredPolicy[], { isAt, depth, chain }: Levelled): readonly PolicyLevel[] {
  return rows.filter(isAt).map((row) => ({
    origin: originOf(row, depth),
    timeZone: row.timeZone,
    speakerDepth: speakerDepthOf(row, chain) ?? depth,
    ...row.word,
  }));
}

/** How deep the account stands that says something at a place of another, as it does from above and by its triggers. */
function speakerDepthOf({ by, setById, heldBy }: StoredPolicy, chain: readonly string[]): number | undefined {
  // What follows from money that is owed or spent no account locks away, whoever above asks for it.
  if (by === 'spending' || heldBy?.kind === 'overdue') return 0;
  const speakerId = heldBy?.accountId ?? setById;
  const depth = speakerId === undefined ? -1 : chain.indexOf(speakerId);
  return depth < 0 ? undefined : depth;
}

/** The level that a place of an account is. `depth` 0 is the platform. */
export function originOf(
  row: PolicyPlace &
    Pick<StoredPolicy, 'accountId' | 'by' | 'planId' | 'setById' | 'credentialId' | 'heldBy'>,
  depth: number,
): PolicyOrigin {
  const { accountId, by, planId, region, applicationId, instanceType, endpoint, credentialId } = row;
  const held = row.heldBy === undefined ? {} : { heldBy: row.heldBy };
  const set = row.setById === undefined ? {} : { setById: row.setById };
  if (by === 'plan') return { level: 'plan', accountId, planId: planId ?? '', ...set };
  if (by === 'access') return { level: 'access', accountId, ...set };
  if (by === 'spending') return { level: 'spending', accountId };
  if (region !== undefined) return { level: 'region', accountId, region, ...set };
  if (endpoint !== undefined) return { level: 'endpoint', accountId, endpoint, ...set, ...held };
  if (credentialId !== undefined) return { level: 'credential', accountId, credentialId, ...held };
  if (applicationId !== undefined)
    return instanceType === undefined
      ? { level: 'application', accountId, applicationId, ...set, ...held }
      : { level: 'instanceType', accountId, applicationId, instanceType, ...set };
  return depth === 0
    ? { level: 'platform', accountId, ...held }
    : { level: 'account', accountId, by, ...set, ...held };
}

/** Everything that a subject is counted in, whether or not anything is limited there today: see `scopeOf`. */
export function scopesOf({
  chain,
  region,
  applicationId,
  instanceType,
  endpoint,
}: PolicySubject): readonly string[] {
  const accountId = chain.at(-1) ?? '';
  const origins: readonly PolicyOrigin[] = [
    ...chain.map((id) => ({ level: 'account', accountId: id, by: 'self' }) as const),
    ...(region === undefined ? [] : chain.map((id) => ({ level: 'region', accountId: id, region }) as const)),
    ...(applicationId === undefined ? [] : [{ level: 'application', accountId, applicationId } as const]),
    ...(applicationId === undefined || instanceType === undefined
      ? []
      : [{ level: 'instanceType', accountId, applicationId, instanceType } as const]),
    ...(endpoint === undefined ? [] : [{ level: 'endpoint', accountId, endpoint } as const]),
  ];
  return origins.map(scopeOf);
}
