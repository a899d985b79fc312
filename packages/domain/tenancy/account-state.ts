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

export interface StateChange {
  readonly from: AccountState;
  readonly to: AccountState;
  readonly isPlatform: boolean;
  /** Whether who asks stands strictly above the account. */
  readonly isFromAbove: boolean;
  /** Whether who asks said that they mean what they cannot take back. */
  readonly isForced: boolean;
}

/**
 * Why a change of state is refused, or undefined. An account may stop itself, if it says that it means to; only a level
 * above may start it again, or a suspension would last no longer than its owner likes.
 */
export function refuseStateChange({ from, to, isPlatform, isFromAbove, isForced }: StateChange) {
  if (from === to) return undefined;
  if (from === 'closed') return 'closed';
  if (isPlatform) return 'platform';
  if (from === 'suspended' && to === 'active' && !isFromAbove) return 'resumed_from_below';
  if (to !== 'active' && !isFromAbove && !isForced) return 'stops_itself';
  return undefined;
}
