import type { accountStates } from './fields.ts';

export type AccountState = (typeof accountStates)[number];

const severity: Readonly<Record<AccountState, number>> = { active: 0, suspended: 1, closed: 2 };

/** What holds for an account: the worst of its own state and of every level above. */
export function effectiveState(chain: readonly AccountState[]): AccountState {
  return chain.reduce<AccountState>(
    (worst, state) => (severity[state] > severity[worst] ? state : worst),
    'active',
  );
}

/** An account that is not active keeps what is below it from everything, in words that nodes and the API share (ACC-2). */
export const inactiveCodes = {
  suspended: 'account.suspended',
  closed: 'tenancy.account_closed',
} as const satisfies Readonly<Record<Exclude<AccountState, 'active'>, string>>;

export type InactiveCode = (typeof inactiveCodes)[keyof typeof inactiveCodes];

/** The level that keeps a chain from being active: the topmost closed one, for that stays, or else the topmost suspended one. */
export function inactiveLevel<Level extends { readonly state: AccountState }>(
  chain: readonly Level[],
): { readonly level: Level; readonly code: InactiveCode } | undefined {
  for (const state of ['closed', 'suspended'] as const) {
    const level = chain.find((one) => one.state === state);
    if (level !== undefined) return { level, code: inactiveCodes[state] };
  }
  return undefined;
}

/**
 * Why a suspension stands. 'said': somebody asked for it, or a trigger of theirs did. 'overdue': an invoice of theirs is not
 * paid, until it is. 'closed': somebody closed the account, for good.
 */
export const suspensionReasons = ['said', 'overdue', 'closed'] as const;

/** What one account says of another: it is suspended, or closed, whatever others say (ACC-2). */
export interface Suspension {
  readonly byId: string;
  readonly reason: (typeof suspensionReasons)[number];
}

/** An account that is not closed is suspended as long as any suspension of it stands. */
export interface AccountStanding {
  readonly state: AccountState;
  readonly suspensions: readonly Suspension[];
}

/** For whom somebody speaks who changes the state of an account. */
export interface StateSpeaker {
  /** The account itself, or the highest above it at which they may. */
  readonly id: string;
  /** The accounts strictly above that one: what they say is not the speaker's to take back. */
  readonly above: readonly string[];
  /** Whether it stands strictly above the account. */
  readonly isFromAbove: boolean;
}

export interface StateChange {
  readonly to: AccountState;
  readonly speaker: StateSpeaker;
  readonly isPlatform: boolean;
  /** Whether who asks said that they mean what they cannot take back. */
  readonly isForced: boolean;
}

export type StateRefusal = 'closed' | 'platform' | 'resumed_from_below' | 'suspended_above' | 'stops_itself';

/** Those that stay when a speaker takes back what they, and everybody below them, have said. */
export const suspensionsAbove = (
  suspensions: readonly Suspension[],
  { above }: Pick<StateSpeaker, 'above'>,
): readonly Suspension[] => suspensions.filter(({ byId }) => above.includes(byId));

/** Whether a speaker has said themselves that the account is suspended. */
export const isSuspendedBy = (
  suspensions: readonly Suspension[],
  speaker: Pick<StateSpeaker, 'id'>,
): boolean => hasSaid(suspensions, speaker, 'said');

/** Whether a speaker has closed the account themselves. */
export const isClosedBy = (suspensions: readonly Suspension[], speaker: Pick<StateSpeaker, 'id'>): boolean =>
  hasSaid(suspensions, speaker, 'closed');

const hasSaid = (
  suspensions: readonly Suspension[],
  { id }: Pick<StateSpeaker, 'id'>,
  of: Suspension['reason'],
): boolean => suspensions.some(({ byId, reason }) => byId === id && reason === of);

/**
 * How an account stands after somebody changed its state, or why that is refused. An account may stop itself, if it says
 * that it means to; only a level above may start it again, or a suspension would last no longer than its owner likes. Of
 * those above, each takes back what it said itself and what was said below it, and nothing of what was said above it. A
 * closed account stays closed; who closes it again from above says so as well, and no move from below them is a way out.
 */
export function stateAfter(
  standing: AccountStanding,
  { to, speaker, isPlatform, isForced }: StateChange,
): AccountStanding | { readonly refused: StateRefusal } {
  const { state, suspensions } = standing;
  if (state === 'closed' && to !== 'closed') return { refused: 'closed' };
  if (isPlatform) return to === state ? standing : { refused: 'platform' };
  switch (to) {
    case 'active': {
      if (state === 'active') return standing;
      if (!speaker.isFromAbove) return { refused: 'resumed_from_below' };
      if (suspensionsAbove(suspensions, speaker).length > 0) return { refused: 'suspended_above' };
      return { state: 'active', suspensions: [] };
    }
    case 'suspended': {
      if (isSuspendedBy(suspensions, speaker)) return standing;
      if (!speaker.isFromAbove && !isForced)
        return state === 'suspended' ? standing : { refused: 'stops_itself' };
      return { state: 'suspended', suspensions: [...suspensions, { byId: speaker.id, reason: 'said' }] };
    }
    case 'closed': {
      if (isClosedBy(suspensions, speaker)) return standing;
      if (!speaker.isFromAbove && state === 'closed') return standing;
      if (!speaker.isFromAbove && !isForced) return { refused: 'stops_itself' };
      return { state: 'closed', suspensions: [...suspensions, { byId: speaker.id, reason: 'closed' }] };
    }
  }
}

/** What is told of the suspensions of an account: neither whose they are, nor how many. */
export function suspensionTold(
  { state, suspensions }: AccountStanding,
  accountId: string,
  speaker: StateSpeaker | undefined,
) {
  if (state !== 'suspended') return undefined;
  return {
    isFromAbove: suspensions.some(({ byId }) => byId !== accountId),
    isYours: speaker !== undefined && isSuspendedBy(suspensions, speaker),
    mayResume: speaker?.isFromAbove === true && suspensionsAbove(suspensions, speaker).length === 0,
  };
}
