/** Of a payout note, in minor units. */
export interface PayoutStanding {
  readonly state: string;
  readonly paidMinorUnits: string;
  readonly fundedMinorUnits?: string | undefined;
  /** What of it its payers got back, or do not pay. */
  readonly refundedMinorUnits?: string | undefined;
  readonly setOffMinorUnits?: string | undefined;
}

/** What became of a payout, in a word or two, and whether nothing of it is left to wait for. */
export function payoutStateOf({
  state,
  fundedMinorUnits = '0',
  paidMinorUnits,
  refundedMinorUnits = '0',
  setOffMinorUnits = '0',
}: PayoutStanding): { readonly isDone: boolean; readonly text: string } {
  if (state === 'void') return { isDone: true, text: 'lost' };
  if (state === 'paid') {
    const text = paidMinorUnits === '0' ? 'kept for credit you gave' : 'sent';
    return { isDone: true, text: refundedMinorUnits === '0' ? text : `${text}, a part lost` };
  }
  if (BigInt(fundedMinorUnits) - BigInt(setOffMinorUnits) > BigInt(paidMinorUnits))
    return { isDone: false, text: 'ready to be sent' };
  return { isDone: false, text: state === 'open' ? 'sent in part' : 'waits for its payers' };
}
