/** Why a transaction of the ledger was posted, as its `sourceRef` says. */
export type LedgerCause =
  /** What a line of use came to, or came to more or less than before. */
  | { readonly kind: 'use'; readonly service: string; readonly meter: string }
  /** What of a month becomes money. */
  | { readonly kind: 'settlement' }
  /** A fraction of a minor unit that goes from a month to the next. */
  | { readonly kind: 'carry' }
  /** What became of a document: 'issued', 'paid', 'refund' … */
  | { readonly kind: 'document'; readonly what: string; readonly documentId: string }
  /** What became of money that is prepaid (BIL-5). */
  | { readonly kind: 'balance'; readonly what: BalanceCause }
  /** Tax that is held for a seller was passed on to it, or taken back (decision 0023). */
  | { readonly kind: 'tax' }
  | { readonly kind: 'other' };

export const ledgerCauseKinds = [
  'use',
  'settlement',
  'carry',
  'document',
  'balance',
  'tax',
  'other',
] as const;

/** By the name before the first stroke of a `sourceRef`. */
const balanceCauses = {
  drawn: 'drawn',
  credit: 'credit-given',
  'credit-ended': 'credit-ended',
  'balance-refund': 'refund-asked',
} as const;
export type BalanceCause = (typeof balanceCauses)[keyof typeof balanceCauses] | 'top-up';

/** Before the line of an accrual: what it is, its period, its currency, seller and buyer. */
const ACCRUAL_PARTS_BEFORE_LINE = 5;

export function causeOf(sourceRef: string): LedgerCause {
  const parts = sourceRef.split('/');
  if (parts[0] === 'accrual') return causeOfLine(parts.slice(ACCRUAL_PARTS_BEFORE_LINE, -1).join('/'));
  const [what = '', documentId = '', ...rest] = parts;
  if (Object.hasOwn(balanceCauses, what))
    return { kind: 'balance', what: balanceCauses[what as keyof typeof balanceCauses] };
  if (documentId === 'tax') return { kind: 'tax' };
  if (documentId.startsWith('tup')) return { kind: 'balance', what: 'top-up' };
  return rest.length === 0 && documentId.startsWith('doc')
    ? { kind: 'document', what: what.split(':')[0] ?? what, documentId }
    : { kind: 'other' };
}

/** The line of a position: in the book of use it has no name before it. */
function causeOfLine(line: string): LedgerCause {
  const [, book, key = line] = /^([a-z-]+):(.*)$/.exec(line) ?? [];
  if (key === 'settlement') return { kind: 'settlement' };
  if (key.startsWith('carry/')) return { kind: 'carry' };
  const [metered = ''] = key.split(' ');
  const dot = metered.indexOf('.');
  if (book !== undefined || dot < 1) return { kind: 'other' };
  return { kind: 'use', service: metered.slice(0, dot), meter: metered.slice(dot + 1) };
}
