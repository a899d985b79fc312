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
  readonly timeZone: string;
  /** 'plan': of the plan that the account has. 'access': its lists and services. 'spending': its money. The others: who set it. */
  readonly by: 'plan' | 'above' | 'self' | 'access' | 'spending';
  readonly planId?: string | undefined;
  /** Of a plan and of what was set from above: the account above whose it is. Each has a word, and a plan, of its own (POL-2). */
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
 * itself, its lists and services, its spending, and what it set for the region; below the last come its application, the instance
 * type of that, the endpoint, and what a credential is held to. Of those above, the farthest speaks first, so that none nearer
 * widens what it says; what is of nobody above does not hold. At each place what holds for as long as its cause does stands above
 * its own word.
 */
export function policyChain(subject: PolicySubject, stored: readonly StoredPolicy[]): PolicyChain {
  const { chain } = subject;
  const byAccount = Map.groupBy(stored, ({ accountId }) => accountId);
  const ofAccounts = chain.flatMap((accountId, depth) => {
    const own = byAccount.get(accountId) ?? [];
    const above = chain.slice(0, depth);
    return [
      ...above.flatMap((setById) => [
        ...levelsOf(own, { isAt: (row) => row.by === 'plan' && row.setById === setById, depth, chain }),
        ...levelsOf(own, {
          isAt: (row) =>
            row.by === 'above' && isBare(row) && row.heldBy === undefined && row.setById === setById,
          depth,
          chain,
        }),
      ]),
      ...levelsOf(own, {
        isAt: (row) => row.by === 'above' && isBare(row) && row.heldBy !== undefined,
        depth,
        chain,
      }),
      ...levelsOf(own, { isAt: (row) => row.by === 'self' && isBare(row), depth, chain }),
      ...levelsOf(own, { isAt: ({ by }) => by === 'access', depth, chain }),
      ...levelsOf(own, { isAt: ({ by }) => by === 'spending', depth, chain }),
      ...levelsOf(own, {
        isAt: ({ region }) => region !== undefined && region === subject.region,
        depth,
        chain,
      }),
    ];
  });
  const { applicationId, instanceType, endpoint, prefixIds = [] } = subject;
  const own = byAccount.get(chain.at(-1) ?? '') ?? [];
  const depth = chain.length - 1;
  const isOfApplication = (row: StoredPolicy) =>
    row.applicationId !== undefined && row.applicationId === applicationId;
  const isOfWholeApplication = (row: StoredPolicy) => isOfApplication(row) && row.instanceType === undefined;
  const isOfEndpoint = (row: StoredPolicy) => row.endpoint !== undefined && row.endpoint === endpoint;
  return [
    ...ofAccounts,
    ...levelsOf(own, { isAt: (row) => isOfWholeApplication(row) && row.heldBy !== undefined, depth, chain }),
    ...levelsOf(own, { isAt: (row) => isOfWholeApplication(row) && row.heldBy === undefined, depth, chain }),
    ...levelsOf(own, {
      isAt: (row) =>
        isOfApplication(row) && row.instanceType !== undefined && row.instanceType === instanceType,
      depth,
      chain,
    }),
    ...levelsOf(own, { isAt: (row) => isOfEndpoint(row) && row.heldBy !== undefined, depth, chain }),
    ...levelsOf(own, { isAt: (row) => isOfEndpoint(row) && row.heldBy === undefined, depth, chain }),
    ...levelsOf(own, {
      isAt: ({ credentialId }) => credentialId !== undefined && prefixIds.includes(credentialId),
      depth,
      chain,
    }),
  ];
}

/** The lists of addresses of all accounts that something is stored of, which is in the order of a chain (ACC-9). */
export const accessChain = (stored: readonly StoredPolicy[]): PolicyChain =>
  levelsOf(stored, { isAt: ({ by }) => by === 'access', depth: 0, chain: [] });

const isBare = ({ region, applicationId, endpoint, credentialId }: StoredPolicy): boolean =>
  (region ?? applicationId ?? endpoint ?? credentialId) === undefined;

function levelsOf(
  rows: readonly StoredPolicy[],
  {
    isAt,
    depth,
    chain,
  }: {
    readonly isAt: (row: StoredPolicy) => boolean;
    readonly depth: number;
    readonly chain: readonly string[];
  },
): readonly PolicyLevel[] {
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
  if (by === 'access' || by === 'spending') return { level: by, accountId };
  if (region !== undefined) return { level: 'region', accountId, region };
  if (endpoint !== undefined) return { level: 'endpoint', accountId, endpoint, ...held };
  if (credentialId !== undefined) return { level: 'credential', accountId, credentialId, ...held };
  if (applicationId !== undefined)
    return instanceType === undefined
      ? { level: 'application', accountId, applicationId, ...held }
      : { level: 'instanceType', accountId, applicationId, instanceType };
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
