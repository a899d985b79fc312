import type { UsageCell } from '../metering/roll-up.ts';
import { canonicalOnce, type Dimensions } from '../metering/usage-record.ts';
import { type Nano, nano, ZERO } from './money.ts';
import { Nested } from './nested.ts';
import type { Period } from './period.ts';
import { periodFees } from './period-fee.ts';
import { type PooledCost, type PoolUse, pricePool } from './pool.ts';
import { amountOf, isPooled, type Price, splitMeter, type Tariff } from './price.ts';
import { type PriceBook, type PricedEdge, priceLookup } from './price-book.ts';
import { isBinary, type SessionCell } from './session-cells.ts';

/**
 * What a buyer owes its seller for one meter, dimension set and price. The quantity includes the buyer's descendants:
 * each edge of the tree is priced by its own seller, and nothing is billed along two ways to one seller (BIL-2).
 */
export interface EdgeLine {
  /** Unique among the lines of an edge and period, and the same whenever it is rated again. */
  readonly key: string;
  readonly sellerId: string;
  readonly buyerId: string;
  /** The buyer's. */
  readonly currency: string;
  /** `service.meter`. */
  readonly meter: string;
  /** Of a price that is counted over the period (flat, a fee, with tiers …): its filter. Of any other: of the usage. */
  readonly dimensions: Dimensions;
  readonly tariff: Tariff;
  readonly quantity: bigint;
  readonly amount: Nano;
  /** Of a price with tiers, an allowance, a minimum or rounding. */
  readonly pooled?: PooledCost;
}

/** Where one cell of usage went: the line it counts in, at the edge between its account and that account's seller. */
export interface RatedCell {
  readonly cell: UsageCell;
  readonly line: EdgeLine;
}

/** Where the time of some sessions went: a line for each of their uses, in the same order. */
export interface RatedSession {
  readonly cell: SessionCell;
  readonly lines: readonly EdgeLine[];
}

export interface Rating {
  readonly lines: readonly EdgeLine[];
  readonly sessions: readonly RatedSession[];
  readonly cells: readonly RatedCell[];
}

/** What is rated besides a number of cells. */
export interface RatingScope {
  /** The cells are all of this period: its fees and minimums are due. Absent: what the use alone costs, as it accrues. */
  readonly period?: Pick<Period, 'fromMs' | 'toMs'>;
  /** Fees of this account and its children alone. Absent: of all edges. */
  readonly accountId?: string;
  /** What the same period had before: in no line, and it counts for tiers and allowances. */
  readonly before?: readonly UsageCell[];
  /** The time of sessions, for prices that bill it; and that of the same period before. */
  readonly sessions?: readonly SessionCell[];
  readonly sessionsBefore?: readonly SessionCell[];
}

/** A line while its quantity grows. */
type OpenLine = { -readonly [Field in keyof EdgeLine]: EdgeLine[Field] };

const isSessionTime = (price: Price | undefined): boolean => price !== undefined && isBinary(price.tariff);

const free: Tariff = { kind: 'per-unit', amount: nano(0n), per: 1n };

/**
 * Rates usage: a pure function of cells, tree and prices, whatever the order of its input. A line is multiplied once, on
 * its summed quantity. A flat price is charged once a period, edge and filter, by the version that held at the first use.
 */
export function rate(
  cells: readonly UsageCell[],
  book: PriceBook,
  { period, accountId: of, before = [], sessions = [], sessionsBefore = [] }: RatingScope = {},
): Rating {
  const lookup = priceLookup(book);
  const open = new OpenLines();
  const pools = new Pools(book);
  /** Of flat prices: when the use that decides the version was. */
  const decidedAtMs = new Map<OpenLine, number>();
  const rated: RatedCell[] = [];
  const placeOf = ({ accountId, atMs, meter, dimensions, inclusive }: UsageCell) => {
    const edge = lookup.edgeAt(accountId, atMs);
    if (edge === undefined || inclusive === 0n || book.catalogue.get(meter)?.isPriced === false)
      return undefined;
    return { edge, price: lookup.priceFor(accountId, { ...splitMeter(meter), dimensions, atMs })?.price };
  };
  if (period !== undefined) {
    const fees = periodFees(book, { period, ...(of === undefined ? {} : { accountId: of }) });
    for (const { edge, price, amount } of fees) {
      const line = open.at(edge, {
        meter: `${price.service}.${price.meter}`,
        price,
        dimensions: price.where,
      });
      line.amount = nano(line.amount + amount);
    }
  }
  /** The prices of a session's uses, each once: two uses at one price are one session of it. */
  const sessionPlacesOf = ({ uses, ...cell }: SessionCell) =>
    uses.flatMap((dimensions) => {
      const place = placeOf({ ...cell, dimensions, entryCount: 0 });
      return place === undefined ? [] : [{ ...place, dimensions }];
    });
  for (const cell of before) {
    const place = placeOf(cell);
    if (place !== undefined && !isSessionTime(place.price)) pools.add(cell, place);
  }
  for (const cell of sessionsBefore) {
    const places = new Map(sessionPlacesOf(cell).map((place) => [place.price, place]));
    for (const place of places.values()) if (isSessionTime(place.price)) pools.add(cell, place);
  }
  for (const cell of cells) {
    const place = placeOf(cell);
    if (place === undefined) continue;
    const { edge, price } = place;
    const line = open.at(edge, { meter: cell.meter, price, dimensions: cell.dimensions });
    rated.push({ cell, line });
    if (isSessionTime(price)) continue;
    line.quantity += cell.inclusive;
    if (price?.tariff.kind === 'flat' && cell.atMs < (decidedAtMs.get(line) ?? Infinity)) {
      line.tariff = price.tariff;
      decidedAtMs.set(line, cell.atMs);
    }
    pools.add(cell, { ...place, line });
  }
  const ratedSessions = sessions.map((cell): RatedSession => {
    const places = sessionPlacesOf(cell).map((place) => ({
      ...place,
      line: open.at(place.edge, { meter: cell.meter, price: place.price, dimensions: place.dimensions }),
    }));
    for (const [line, place] of new Map(places.map((each) => [each.line, each]))) {
      if (!isSessionTime(place.price)) continue;
      line.quantity += cell.inclusive;
      pools.add(cell, { ...place, line });
    }
    return { cell, lines: places.map(({ line }) => line) };
  });
  for (const line of open.lines) {
    if (line.tariff.kind !== 'fee' && !isPooled(line.tariff))
      line.amount = amountOf(line.tariff, line.quantity);
  }
  pools.priceAll({ hasMinimum: period !== undefined });
  return { lines: [...open.lines].sort(byEdgeAndKey), cells: rated, sessions: ratedSessions };
}

interface LineOf {
  readonly meter: string;
  readonly price: Price | undefined;
  readonly dimensions: Dimensions;
}

/** By edge, then by meter, then by version, then by dimensions: cells are many, and these strings are short or known. */
class OpenLines {
  readonly lines: OpenLine[] = [];
  readonly #open = new Nested<OpenLine>();

  at({ sellerId, buyerId, currency }: PricedEdge, { meter, price, ...of }: LineOf): OpenLine {
    const tariff = price?.tariff ?? free;
    const isPlain = tariff.kind === 'per-unit' && !isPooled(tariff) && !isBinary(tariff);
    const dimensions = isPlain ? of.dimensions : (price?.where ?? {});
    const version = tariff.kind === 'flat' ? 'flat' : (price?.id ?? 'free');
    const canonical = canonicalOnce(dimensions);
    const ofVersion = this.#open.at(sellerId).at(buyerId).at(meter).at(version);
    const known = ofVersion.get(canonical);
    if (known !== undefined) return known;
    const key = `${meter} ${canonical} ${version}`;
    const line = { key, sellerId, buyerId, currency, meter, dimensions, tariff, quantity: 0n, amount: ZERO };
    ofVersion.set(canonical, line);
    this.lines.push(line);
    return line;
  }
}

/** The use of each pool. Where no version of a filter asks for it, nothing is kept: most prices are plain. */
class Pools {
  readonly #filters: ReadonlySet<string>;
  readonly #pools = new Nested<PoolUse<OpenLine>[]>();
  readonly #all: PoolUse<OpenLine>[][] = [];

  constructor({ prices }: Pick<PriceBook, 'prices'>) {
    this.#filters = new Set(prices.filter(({ tariff }) => isPooled(tariff)).map(filterOf));
  }

  add(
    { atMs, inclusive: quantity }: Pick<UsageCell, 'atMs' | 'inclusive'>,
    {
      edge,
      price,
      line,
    }: { readonly edge: PricedEdge; readonly price: Price | undefined; readonly line?: OpenLine },
  ): void {
    if (price === undefined || this.#filters.size === 0) return;
    const filter = filterOf(price);
    if (!this.#filters.has(filter)) return;
    const ofEdge = this.#pools.at(edge.sellerId).at(edge.buyerId);
    let pool = ofEdge.get(filter);
    if (pool === undefined) {
      pool = [];
      ofEdge.set(filter, pool);
      this.#all.push(pool);
    }
    pool.push({ atMs, quantity, tariff: price.tariff, ...(line === undefined ? {} : { line }) });
  }

  priceAll(scope: { readonly hasMinimum: boolean }): void {
    for (const pool of this.#all) pricePool(pool, scope);
  }
}

const filterOf = ({ service, meter, where }: Price): string => `${service}.${meter} ${canonicalOnce(where)}`;

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const byEdgeAndKey = (left: EdgeLine, right: EdgeLine): number =>
  compareText(left.sellerId, right.sellerId) ||
  compareText(left.buyerId, right.buyerId) ||
  compareText(left.key, right.key);
