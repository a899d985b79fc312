/** Rules of an endpoint's way from one account to another (ACC-5). */

export const transferStates = ['offered', 'accepted', 'declined', 'withdrawn', 'expired', 'moved'] as const;
export type TransferState = (typeof transferStates)[number];

/** An offer whose time is over says so by itself: nobody has to write it down at that moment. */
export function stateAt(
  { state, expiresAt }: { readonly state: TransferState; readonly expiresAt: Date | undefined },
  nowMs: number,
): TransferState {
  return state === 'offered' && expiresAt !== undefined && expiresAt.getTime() <= nowMs ? 'expired' : state;
}

export type Direction = 'outgoing' | 'incoming';

/** What each side may make of an open offer: whoever is offered something decides, whoever offers takes it back. */
const decisionsOf: Readonly<Record<Direction, readonly TransferState[]>> = {
  incoming: ['accepted', 'declined'],
  outgoing: ['withdrawn'],
};

export const mayDecide = (direction: Direction, state: TransferState): boolean =>
  decisionsOf[direction].includes(state);

interface Standing {
  readonly id: string;
  readonly state: 'active' | 'suspended' | 'closed';
}

export type Way = 'at_once' | 'by_offer' | 'unavailable';

/**
 * How an endpoint gets to an account.
 * @param actingId The account in whose name it is done. The holder is at or below it.
 * @param topId The top of the acting account's tree: nothing goes from a test account to a live one, or the other way.
 * @param recipient From the platform down to whom it is to go; empty when there is no such account.
 */
export function wayTo(
  recipient: readonly Standing[],
  {
    actingId,
    holderId,
    topId,
  }: { readonly actingId: string; readonly holderId: string; readonly topId: string | undefined },
): Way {
  // Whether it does not exist or does not act is nobody's to know who offers it something (C1).
  if (recipient[0]?.id !== topId || recipient.some(({ state }) => state !== 'active')) return 'unavailable';
  if (recipient.at(-1)?.id === holderId) return 'unavailable';
  return recipient.some(({ id }) => id === actingId) ? 'at_once' : 'by_offer';
}
