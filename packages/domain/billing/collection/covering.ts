import type { InvoiceCollection } from './invoice-collection.ts';

/**
 * Invoices that a prepaid balance pays, the oldest first, as they stand where the balance owes so many minor units of what
 * they ask for: an overdraft is no money, so what it stands for is open until money or credit comes in for it (decision
 * 0014). Money pays the oldest first, so the newest are open first.
 */
export function coveredBy(
  invoices: readonly InvoiceCollection[],
  owedMinorUnits: bigint,
): readonly InvoiceCollection[] {
  let left = owedMinorUnits > 0n ? owedMinorUnits : 0n;
  const covered = invoices.toReversed().map((invoice): InvoiceCollection => {
    const open = left < invoice.totalMinorUnits ? left : invoice.totalMinorUnits;
    left -= open;
    const paidMinorUnits = invoice.totalMinorUnits - open;
    const state = open === 0n ? 'paid' : 'open';
    if (paidMinorUnits === invoice.paidMinorUnits && state === invoice.state) return invoice;
    const { coveredCount = -1 } = invoice;
    return { ...invoice, state, paidMinorUnits, coveredCount: coveredCount + 1 };
  });
  return covered.toReversed();
}
