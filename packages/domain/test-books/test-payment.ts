import { type InvoiceCollection, refundableOf } from '../billing/collection/invoice-collection.ts';

/** What may become of an invoice on test books, as it would at a bank. */
export const testOutcomes = ['paid', 'refused', 'refunded', 'disputed'] as const;
export type TestOutcome = (typeof testOutcomes)[number];

const openStates: readonly InvoiceCollection['state'][] = ['new', 'draft', 'open'];

/** How an invoice stands after it. `id` names the refund or dispute. Undefined: that cannot happen to it. */
export function afterTestPayment(
  of: InvoiceCollection,
  { outcome, id }: { readonly outcome: TestOutcome; readonly id: string },
): InvoiceCollection | undefined {
  const isOpen = openStates.includes(of.state) && !of.isVoidAsked;
  const minorUnits = refundableOf(of);
  switch (outcome) {
    case 'paid':
      return isOpen ? { ...of, state: 'paid', paidMinorUnits: of.totalMinorUnits } : undefined;
    case 'refused':
      return isOpen ? of : undefined;
    case 'refunded':
      return minorUnits > 0n
        ? { ...of, refunds: [...of.refunds, { id, minorUnits, state: 'succeeded' }] }
        : undefined;
    case 'disputed':
      return minorUnits > 0n
        ? { ...of, disputes: [...of.disputes, { id, minorUnits, state: 'open' }] }
        : undefined;
  }
}
