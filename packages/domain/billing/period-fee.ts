import { holdsAt } from '../metering/lineage.ts';
import { type Nano, nano } from './money.ts';
import type { Period } from './period.ts';
import { isMatch, type Price, pricesInOrder } from './price.ts';
import type { PriceBook, PricedEdge } from './price-book.ts';

const MINUTE_MS = 60_000;

/** What one version of a fee costs one buyer in a period. */
export interface PeriodFee {
  readonly edge: PricedEdge;
  readonly price: Price;
  readonly amount: Nano;
}

export interface FeeRequest {
  readonly period: Pick<Period, 'fromMs' | 'toMs'>;
  /** Only edges of this account, as their buyer or seller. Absent: all. */
  readonly accountId?: string;
}

/**
 * The fees of a period: whole where they hold from its start to its end, and by whole minutes where they begin or end
 * within it, or the buyer does. A fee is between the two whom it was set for: it is due without use, so nobody below
 * inherits it. Two versions of one amount cost together what one would: each is cut off at its start and its end.
 */
export function periodFees(
  { edges, prices, catalogue }: PriceBook,
  { period, accountId }: FeeRequest,
): PeriodFee[] {
  const fees = prices.filter(
    ({ tariff, service, meter }) =>
      tariff.kind === 'fee' && catalogue.get(`${service}.${meter}`)?.isPriced === true,
  );
  if (fees.length === 0) return [];
  const profileOf = Map.groupBy(prices, ({ accountId: sellerId, currency }) => `${currency} ${sellerId}`);
  const feesOf = Map.groupBy(fees, ({ accountId: sellerId, currency }) => `${currency} ${sellerId}`);
  return edges
    .filter(({ sellerId, buyerId }) => accountId === undefined || [sellerId, buyerId].includes(accountId))
    .flatMap((edge) => {
      const seller = `${edge.currency} ${edge.sellerId}`;
      const profile = profileOf.get(seller) ?? [];
      return (feesOf.get(seller) ?? [])
        .filter(({ childId }) => childId === undefined || childId === edge.buyerId)
        .flatMap((price) => {
          const amount = amountOfFee(price, edge, { profile, period });
          return amount > 0n ? [{ edge, price, amount }] : [];
        });
    });
}

function amountOfFee(
  price: Price,
  edge: PricedEdge,
  {
    profile,
    period,
  }: { readonly profile: readonly Price[]; readonly period: Pick<Period, 'fromMs' | 'toMs'> },
): Nano {
  const fromMs = Math.max(price.fromMs, edge.fromMs, period.fromMs);
  const toMs = Math.min(price.toMs, edge.toMs, period.toMs);
  if (fromMs >= toMs) return nano(0n);
  const rivals = profile.filter(({ service, meter }) => service === price.service && meter === price.meter);
  const changes = rivals.flatMap((rival) => [rival.fromMs, rival.toMs]);
  const inside = changes.filter((atMs) => atMs > fromMs && atMs < toMs);
  const starts = [...new Set([fromMs, ...inside])].sort((left, right) => left - right);
  const minutes = (atMs: number) => BigInt(Math.floor((atMs - period.fromMs) / MINUTE_MS));
  const upTo = (atMs: number) => (price.tariff.amount * minutes(atMs)) / minutes(period.toMs);
  let amount = 0n;
  for (const [index, startMs] of starts.entries()) {
    if (isChosen(price, { rivals, buyerId: edge.buyerId, atMs: startMs })) {
      amount += upTo(starts[index + 1] ?? toMs) - upTo(startMs);
    }
  }
  return nano(amount);
}

/** Whether a fee is what use under its own filter would be asked for: a child's own price stands before one for all. */
function isChosen(
  price: Price,
  {
    rivals,
    buyerId,
    atMs,
  }: { readonly rivals: readonly Price[]; readonly buyerId: string; readonly atMs: number },
): boolean {
  if (!holdsAt(price, atMs)) return false;
  const { service, meter, where } = price;
  return (
    pricesInOrder(rivals, buyerId, { service, meter, atMs }).find((rival) => isMatch(rival.where, where)) ===
    price
  );
}
