import { minorUnitOf, nano, ZERO } from '../money.ts';
import type { BillingDocument, DocumentDraft } from './document.ts';

/** What is given back of an invoice. Its sum has the tax in it: the invoice says how much that is of the whole. */
export function creditNoteOf(
  { accountId, sellerId, period, currency }: BillingDocument,
  minorUnits: bigint,
  kind: 'refund' | 'cancelled' = 'refund',
): DocumentDraft {
  const amount = nano(minorUnits * minorUnitOf(currency));
  return {
    kind: 'credit-note',
    accountId,
    sellerId,
    period,
    currency,
    lines: [{ kind, key: kind, period, amount, minorUnits }],
    carriedIn: ZERO,
    residue: ZERO,
    netMinorUnits: minorUnits,
  };
}
