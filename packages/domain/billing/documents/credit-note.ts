import { minorUnitOf, nano, ZERO } from '../money.ts';
import type { BillingDocument, DocumentDraft } from './document.ts';
import type { TaxLine } from './tax.ts';

export interface CreditRequest {
  /** With tax: what goes back of the invoice's total. */
  readonly minorUnits: bigint;
  /** What earlier credit notes of the invoice say, with tax. */
  readonly creditedMinorUnits: bigint;
  readonly kind?: 'refund' | 'cancelled';
}

/**
 * What is given back of an invoice, net and tax at the invoice's own rates. Each tax is cut off over all that was given back so
 * far, so credit notes over the whole of an invoice sum to its net and to each of its taxes, however many they are.
 */
export function creditNoteOf(
  invoice: BillingDocument,
  { minorUnits, creditedMinorUnits, kind = 'refund' }: CreditRequest,
): DocumentDraft {
  const { accountId, sellerId, period, currency } = invoice;
  const taxLines = taxBetween(invoice, creditedMinorUnits, creditedMinorUnits + minorUnits);
  const net = taxLines.reduce((left, tax) => left - tax.minorUnits, minorUnits);
  const amount = nano(net * minorUnitOf(currency));
  return {
    kind: 'credit-note',
    accountId,
    sellerId,
    period,
    currency,
    lines: [{ kind, key: kind, period, amount, minorUnits: net }],
    carriedIn: ZERO,
    residue: ZERO,
    netMinorUnits: net,
    taxLines,
  };
}

function taxBetween(
  { taxLines, totalMinorUnits }: BillingDocument,
  from: bigint,
  to: bigint,
): readonly TaxLine[] {
  const within = (minorUnits: bigint) => (minorUnits < totalMinorUnits ? minorUnits : totalMinorUnits);
  const of = (tax: bigint, part: bigint) =>
    totalMinorUnits === 0n ? 0n : (tax * within(part)) / totalMinorUnits;
  return taxLines.map((line) => ({
    ...line,
    minorUnits: of(line.minorUnits, to) - of(line.minorUnits, from),
  }));
}
