import type { Difference } from './found-difference.ts';
import type { InvoiceCollection } from './invoice-collection.ts';
import type { PayoutCollection } from './payout-collection.ts';
import type { RailInvoice, RailTransfer } from './rail.ts';

/** A draft still changes by our own steps, and says nothing yet. */
export function invoiceDifferences(of: InvoiceCollection, invoice: RailInvoice): readonly Difference[] {
  if (invoice.state === 'draft') return [];
  const railId = invoice.id;
  const isEndedByHand = invoice.state === 'uncollectible' || (invoice.state === 'void' && !of.isVoidAsked);
  const all: readonly (Difference & { readonly differs: boolean })[] = [
    {
      ...{ kind: 'amount', railId, differs: invoice.minorUnits !== of.totalMinorUnits },
      ...{ expected: of.totalMinorUnits.toString(), found: invoice.minorUnits.toString() },
    },
    {
      ...{ kind: 'currency', railId, differs: invoice.currency !== of.currency },
      ...{ expected: of.currency, found: invoice.currency },
    },
    {
      ...{ kind: 'customer', railId, expected: of.customerId ?? '', found: invoice.customerId ?? 'none' },
      differs: of.customerId !== undefined && invoice.customerId !== of.customerId,
    },
    { kind: 'state', railId, expected: 'open', found: invoice.state, differs: isEndedByHand },
  ];
  return all.filter(({ differs }) => differs).map(({ differs: _, ...difference }) => difference);
}

/** Of one transfer, as it is known after it was read. */
export function transferDifferences(of: PayoutCollection, read: RailTransfer): readonly Difference[] {
  const known = of.transfers.find(({ transferId }) => transferId === read.id);
  if (known === undefined) return [];
  const returned = known.returnedMinorUnits ?? 0n;
  const asked = known.reversedMinorUnits - returned;
  return [
    ...(read.minorUnits === known.minorUnits
      ? []
      : [
          {
            ...{ kind: 'transfer-amount' as const, railId: read.id },
            ...{ expected: known.minorUnits.toString(), found: read.minorUnits.toString() },
          },
        ]),
    ...(returned === 0n
      ? []
      : [
          {
            ...{ kind: 'transfer-reversed' as const, railId: read.id },
            ...{ expected: asked.toString(), found: known.reversedMinorUnits.toString() },
          },
        ]),
  ];
}

export const missingAt = (railId: string): Difference => ({
  ...{ kind: 'missing', railId, expected: railId, found: 'none' },
});

/** Found before the rail is asked: it has no thing of its own. */
export const tooLargeFor = (
  { documentId, totalMinorUnits }: InvoiceCollection,
  amountMax: bigint,
): Difference => ({
  ...{ kind: 'too-large', railId: documentId },
  ...{ expected: totalMinorUnits.toString(), found: amountMax.toString() },
});
