import type { Collection } from './collection-store.ts';
import { type InvoiceCollection, sumsOf } from './invoice-collection.ts';
import { type PayoutCollection, sentOf } from './payout-collection.ts';

/** What an account is told of how one of its documents stands: an event of `billing` and its data. */
export interface CollectionEvent {
  readonly name:
    | 'invoice.open'
    | 'invoice.paid'
    | 'invoice.uncollectible'
    | 'invoice.paid-back'
    | 'invoice.disputed'
    | 'invoice.dispute-ended'
    | 'top-up.paid'
    | 'payout.sent'
    | 'payout.taken-back'
    | 'tax.passed-on'
    | 'tax.taken-back';
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What has happened between two states of a document: each thing once, in the order in which it can happen. States only go
 * forward, so what is read late, twice or out of order is told of as it is first known.
 */
export function collectionEvents(before: Collection, after: Collection): readonly CollectionEvent[] {
  if (before.kind === 'invoice' && after.kind === 'invoice')
    return after.purpose === 'top-up' ? topUpEvents(before, after) : invoiceEvents(before, after);
  if (before.kind === 'payout' && after.kind === 'payout') return payoutEvents(before, after);
  return [];
}

function invoiceEvents(before: InvoiceCollection, after: InvoiceCollection): readonly CollectionEvent[] {
  const { documentId, number, period, currency } = after;
  const invoice = { documentId, number, period, currency };
  const minorUnits = (amount: bigint) => ({ minorUnits: amount.toString() });
  const isNow = (state: InvoiceCollection['state']) => after.state === state && before.state !== state;
  const paidBack = sumsOf(after).refunded - sumsOf(before).refunded;
  const known = new Map(before.disputes.map(({ id, state }) => [id, state]));
  const disputes = after.disputes.flatMap((dispute): readonly CollectionEvent[] => {
    const data = { ...invoice, ...minorUnits(dispute.minorUnits) };
    const was = known.get(dispute.id);
    if (was === dispute.state) return [];
    const begun = was === undefined ? [{ name: 'invoice.disputed', data } as const] : [];
    if (dispute.state === 'open') return begun;
    return [...begun, { name: 'invoice.dispute-ended', data: { ...data, state: dispute.state } }];
  });
  return [
    ...(payUrlOf(before) === undefined && payUrlOf(after) !== undefined
      ? [
          {
            name: 'invoice.open',
            data: { ...invoice, ...minorUnits(after.totalMinorUnits), payUrl: payUrlOf(after) },
          } as const,
        ]
      : []),
    ...(isNow('paid')
      ? [{ name: 'invoice.paid', data: { ...invoice, ...minorUnits(after.paidMinorUnits) } } as const]
      : []),
    ...(isNow('uncollectible')
      ? [
          {
            name: 'invoice.uncollectible',
            data: { ...invoice, ...minorUnits(after.totalMinorUnits - after.paidMinorUnits) },
          } as const,
        ]
      : []),
    ...(paidBack > 0n
      ? [{ name: 'invoice.paid-back', data: { ...invoice, ...minorUnits(paidBack) } } as const]
      : []),
    ...disputes,
  ];
}

/** Where it can be paid, while it can. */
const payUrlOf = ({ state, payUrl }: InvoiceCollection): string | undefined =>
  state === 'open' ? payUrl : undefined;

/** What it does to the balance afterwards is told of by that. */
function topUpEvents(before: InvoiceCollection, after: InvoiceCollection): readonly CollectionEvent[] {
  if (after.state !== 'paid' || before.state === 'paid') return [];
  const { documentId: topUpId, currency, paidMinorUnits } = after;
  return [{ name: 'top-up.paid', data: { topUpId, currency, minorUnits: paidMinorUnits.toString() } }];
}

function payoutEvents(before: PayoutCollection, after: PayoutCollection): readonly CollectionEvent[] {
  const { documentId, period, currency } = after;
  const moved = sentOf(after) - sentOf(before);
  if (moved === 0n) return [];
  const minorUnits = (moved < 0n ? -moved : moved).toString();
  if (after.purpose === 'tax')
    return [
      { name: moved > 0n ? 'tax.passed-on' : 'tax.taken-back', data: { period, currency, minorUnits } },
    ];
  return [
    {
      name: moved > 0n ? 'payout.sent' : 'payout.taken-back',
      data: { documentId, period, currency, minorUnits },
    },
  ];
}
