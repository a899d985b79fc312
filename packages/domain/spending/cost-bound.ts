import { type Nano, nano, sum, ZERO } from '../billing/money.ts';
import type { Period } from '../billing/period.ts';
import { isPooled, type Price } from '../billing/price.ts';
import { type PriceBook, priceLookup } from '../billing/price-book.ts';
import { pricesPaidBy } from '../billing/price-list.ts';
import { isBinary, type SessionCell } from '../billing/session-cells.ts';
import { nextStepsOf } from '../billing/tiers.ts';
import type { UsageCell } from '../metering/roll-up.ts';
import { canonicalDimensions, type Dimensions } from '../metering/usage-record.ts';
import { type MeterSpend, spendByMeter } from './account-spend.ts';

/** A hold is for so long, and made anew while the session runs: nodes say every 10 seconds what they hold. */
export const HOLD_MS = 30_000;
/** Of a session whose bit rate nothing bounds: what its hold assumes. */
export const HELD_BITS_PER_SECOND = 2_000_000;
/** The smallest packets that a relay carries by the thousand are of a voice. */
const PACKET_BYTES_MIN = 100;
const TAX_WHOLE = 10_000n;

/** What a session costs at most: with its start, at any moment of it, and in each second. */
export interface CostBound {
  readonly once: Nano;
  /**
   * What terms that are counted over the month may ask at once, however little is used: what is missing to a minimum or a
   * flat price, a step of rounding that begins, a dearer tier of the whole.
   */
  readonly atOnce: Nano;
  readonly perSecond: Nano;
}

const nothing: CostBound = { once: ZERO, atOnce: ZERO, perSecond: ZERO };

export interface CostBoundRequest {
  readonly accountId: string;
  /** Of the month, where `metersByMonth` names a meter; else of now is enough. */
  readonly book: PriceBook;
  readonly period: Period;
  /** What the account used in the month of the meters that `metersByMonth` names, with all below it. */
  readonly cells: readonly UsageCell[];
  readonly sessions: readonly SessionCell[];
  readonly atMs: number;
  readonly services: readonly string[];
  readonly bitsPerSecondMax?: number | undefined;
  /** What the seller adds. */
  readonly taxBasisPoints?: number;
}

/** Whose price asks by what was used in the month, so that nobody knows what more of it costs without that. */
export const metersByMonth = ({
  accountId,
  book,
  atMs,
  services,
}: Pick<CostBoundRequest, 'accountId' | 'book' | 'atMs' | 'services'>): ReadonlySet<string> =>
  new Set(
    pricesPaidBy(accountId, book, { catalogue: book.catalogue, atMs })
      .filter(({ price }) => services.includes(price.service) && isByMonth(price))
      .map(({ price }) => `${price.service}.${price.meter}`),
  );

const isByMonth = ({ tariff }: Price): boolean => tariff.kind !== 'per-unit' || isPooled(tariff);

/**
 * The upper bound of a session's cost, over the services that serve it: each meter at the dearest of its prices and tiers,
 * and what the terms of the month ask at once. It is in one region, and may have every other dimension. A fee is due whether
 * anything is used or not, so none is held.
 */
export function costBound(request: CostBoundRequest): CostBound {
  const { accountId, book, atMs, services, taxBasisPoints = 0 } = request;
  const filters = new Map<string, FilterBound[]>();
  for (const { price } of pricesPaidBy(accountId, book, { catalogue: book.catalogue, atMs })) {
    const meter = `${price.service}.${price.meter}`;
    if (!services.includes(price.service)) continue;
    filters.set(meter, [...(filters.get(meter) ?? []), filterBound(price, meter, request)]);
  }
  const all = sumOf([...filters.values()].map(inOneRegion));
  const taxed = (amount: Nano) =>
    nano((amount * (TAX_WHOLE + BigInt(taxBasisPoints)) + TAX_WHOLE - 1n) / TAX_WHOLE);
  return { once: taxed(all.once), atOnce: taxed(all.atOnce), perSecond: taxed(all.perSecond) };
}

/** Of a session that may go on into another month: what each asks at once it may owe, one after the other. */
export const overMonths = (months: readonly CostBound[]): CostBound => ({
  once: most(months.map(({ once }) => once)),
  atOnce: sum(months.map(({ atOnce }) => atOnce)),
  perSecond: most(months.map(({ perSecond }) => perSecond)),
});

/** Of the use under one filter of a meter. */
interface FilterBound extends CostBound {
  readonly region: string | undefined;
  /** Two such prices ask both for one session's time; of others each unit has one price. */
  readonly isBinary: boolean;
}

/** The dearest region of a meter, of those that its filters name and any other. */
function inOneRegion(filters: readonly FilterBound[]): CostBound {
  const regions = new Set([undefined, ...filters.map(({ region }) => region)]);
  const bounds = [...regions].map((region): CostBound => {
    const there = filters.filter((each) => each.region === undefined || each.region === region);
    const [binary, plain] = [there.filter((each) => each.isBinary), there.filter((each) => !each.isBinary)];
    return {
      once: most(there.map(({ once }) => once)),
      atOnce: sum(there.map(({ atOnce }) => atOnce)),
      perSecond: nano(
        sum(binary.map(({ perSecond }) => perSecond)) + most(plain.map(({ perSecond }) => perSecond)),
      ),
    };
  });
  return {
    once: most(bounds.map(({ once }) => once)),
    atOnce: most(bounds.map(({ atOnce }) => atOnce)),
    perSecond: most(bounds.map(({ perSecond }) => perSecond)),
  };
}

function filterBound(price: Price, meter: string, request: CostBoundRequest): FilterBound {
  const { tariff, where } = price;
  const bound = { ...nothing, region: where.region, isBinary: isBinary(tariff) };
  // What bills the time of sessions counts milliseconds, whatever its meter counts.
  const unit = bound.isBinary ? 'millisecond' : request.book.catalogue.get(meter)?.unit;
  const isCounted = unit === 'count';
  const unitsPerSecond = unitsPerSecondOf(unit, request.bitsPerSecondMax);
  const unitsMax = isCounted ? 1n : largest([1n, (unitsPerSecond * BigInt(HOLD_MS)) / 1_000n]);
  // A price below zero is no reason to hold less.
  const [amount, per] =
    tariff.kind === 'per-unit'
      ? [most([tariff.amount, ...(tariff.tiers ?? []).map((tier) => tier.amount)]), tariff.per]
      : [ZERO, 1n];
  const costOf = (units: bigint) => nano((units * amount + per - 1n) / per);
  const perSecond = costOf(unitsPerSecond);
  if (!isByMonth(price)) return { ...bound, once: isCounted ? costOf(1n) : ZERO, perSecond };
  const after = new UseAfter(price, meter, request);
  const turns = after.turns(unitsMax);
  const taken = largest(turns.map((units) => after.taken(units)));
  if (isCounted) return { ...bound, once: nano(largest([after.cost(1n)]) + taken) };
  const over = largest(turns.map((units) => after.cost(units) - (units * amount) / per));
  // Between two turns it grows by the unit at most, and is cut off before and after.
  const cutOff = amount === 0n ? 0n : 1n;
  return { ...bound, atOnce: nano(over + taken + cutOff), perSecond };
}

function unitsPerSecondOf(unit: string | undefined, bitsPerSecondMax = HELD_BITS_PER_SECOND): bigint {
  const bytes = BigInt(Math.ceil(bitsPerSecondMax / 8));
  if (unit === 'millisecond') return 1_000n;
  if (unit === 'byte') return bytes;
  return unit === 'packet' ? bytes / BigInt(PACKET_BYTES_MIN) : 0n;
}

/** What more use under one price makes the month cost, by the function that rates statements. */
class UseAfter {
  readonly #price: Price;
  readonly #meter: string;
  readonly #request: CostBoundRequest;
  readonly #before: Pick<MeterSpend, 'amount' | 'own'>;

  constructor(price: Price, meter: string, request: CostBoundRequest) {
    this.#price = price;
    this.#meter = meter;
    this.#request = request;
    this.#before = this.#month(0n);
  }

  /** What so many units more cost, with all below the account. Below zero where they make the month cheaper. */
  cost(units: bigint): bigint {
    return this.#month(units).amount - this.#before.amount;
  }

  /** What of the cost of those below the account becomes its own, since its part of the month is larger then. */
  taken(units: bigint): bigint {
    const after = this.#month(units);
    return this.#before.amount - this.#before.own - (after.amount - after.own);
  }

  /** After how many units, up to `unitsMax`, something that is billed whole begins, a step, a tier, what is not free; and those before. */
  turns(unitsMax: bigint): readonly bigint[] {
    const { quantity, tariffs } = this.#pool();
    const firsts = tariffs.flatMap((tariff) => (isPooled(tariff) ? nextStepsOf(tariff, quantity) : []));
    const turns = [1n, unitsMax, ...firsts.flatMap((first) => [first - 1n, first])];
    return [...new Set(turns)].filter((units) => units >= 1n && units <= unitsMax);
  }

  #month(units: bigint): Pick<MeterSpend, 'amount' | 'own'> {
    const { accountId, book, period, atMs, cells, sessions } = this.#request;
    const [meter, dimensions] = [this.#meter, this.#price.where];
    const isTimed = isBinary(this.#price.tariff);
    const more = { accountId, atMs, meter, inclusive: units, own: units };
    const [spend] = spendByMeter({
      ...{ accountId, period, book, meters: new Set([meter]), dayStartMs: period.fromMs },
      cells: units === 0n || isTimed ? cells : [...cells, { ...more, dimensions, entryCount: 1 }],
      sessions: units === 0n || !isTimed ? sessions : [...sessions, { ...more, uses: [dimensions] }],
    });
    return spend ?? { amount: ZERO, own: ZERO };
  }

  /** What is counted together with the use that comes: at the same edge, under the same filter, whichever version held. */
  #pool(): { readonly quantity: bigint; readonly tariffs: readonly Price['tariff'][] } {
    const { accountId, book, atMs: nowMs, cells, sessions } = this.#request;
    const { service, meter, where, tariff } = this.#price;
    const lookup = priceLookup(book);
    const sellerId = lookup.edgeAt(accountId, nowMs)?.sellerId;
    const filter = canonicalDimensions(where);
    const tariffOf = (dimensions: Dimensions, atMs: number) => {
      if (lookup.edgeAt(accountId, atMs)?.sellerId !== sellerId) return undefined;
      const price = lookup.priceFor(accountId, { service, meter, dimensions, atMs })?.price;
      return price !== undefined && canonicalDimensions(price.where) === filter ? price.tariff : undefined;
    };
    const tariffs = new Set([tariff]);
    let quantity = 0n;
    const ofMeter = (cell: { readonly meter: string }) => cell.meter === this.#meter;
    for (const cell of cells.filter(ofMeter)) {
      const held = tariffOf(cell.dimensions, cell.atMs);
      if (held === undefined || isBinary(held)) continue;
      quantity += cell.inclusive;
      tariffs.add(held);
    }
    for (const cell of sessions.filter(ofMeter)) {
      const held = new Set(cell.uses.map((dimensions) => tariffOf(dimensions, cell.atMs)));
      for (const each of held) {
        if (each === undefined || !isBinary(each)) continue;
        quantity += cell.inclusive;
        tariffs.add(each);
      }
    }
    return { quantity, tariffs: [...tariffs] };
  }
}

const sumOf = (bounds: readonly CostBound[]): CostBound => ({
  once: sum(bounds.map(({ once }) => once)),
  atOnce: sum(bounds.map(({ atOnce }) => atOnce)),
  perSecond: sum(bounds.map(({ perSecond }) => perSecond)),
});

const largest = (values: readonly bigint[]): bigint =>
  values.reduce((left, right) => (right > left ? right : left), 0n);

const most = (amounts: readonly Nano[]): Nano => nano(largest(amounts));
