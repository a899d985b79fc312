import type { UsageCell } from '../metering/roll-up.ts';
import { canonicalOnce, type Dimensions } from '../metering/usage-record.ts';
import { type Nano, nano, ZERO } from './money.ts';
import { Nested } from './nested.ts';
import { amountOf, splitMeter, type Tariff } from './price.ts';
import { type PriceBook, priceLookup } from './price-book.ts';

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
  /** Of a flat price: the dimensions that it asks for. Of any other: those of the usage. */
  readonly dimensions: Dimensions;
  readonly tariff: Tariff;
  readonly quantity: bigint;
  readonly amount: Nano;
}

/** Where one cell of usage went: the line it counts in, at the edge between its account and that account's seller. */
export interface RatedCell {
  readonly cell: UsageCell;
  readonly line: EdgeLine;
}

export interface Rating {
  readonly lines: readonly EdgeLine[];
  readonly cells: readonly RatedCell[];
}

/** A line while its quantity grows. */
type OpenLine = { -readonly [Field in keyof EdgeLine]: EdgeLine[Field] };

const free: Tariff = { kind: 'per-unit', amount: nano(0n), per: 1n };

/**
 * Rates usage: a pure function of cells, tree and prices, whatever the order of its input. A line is multiplied once, on
 * its summed quantity. A flat price is charged once a period, edge and filter, by the version that held at the first use.
 */
export function rate(cells: readonly UsageCell[], book: PriceBook): Rating {
  const lookup = priceLookup(book);
  /** By edge, then by meter, then by version, then by dimensions: cells are many, and these strings are short or known. */
  const open = new Nested<OpenLine>();
  /** Of flat prices: when the use that decides the version was. */
  const decidedAtMs = new Map<OpenLine, number>();
  const lines: OpenLine[] = [];
  const rated: RatedCell[] = [];
  for (const cell of cells) {
    const { accountId, atMs, meter, inclusive } = cell;
    const edge = lookup.edgeAt(accountId, atMs);
    if (edge === undefined || inclusive === 0n || book.catalogue.get(meter)?.isPriced === false) continue;
    const price = lookup.priceFor(accountId, {
      ...splitMeter(meter),
      dimensions: cell.dimensions,
      atMs,
    })?.price;
    const tariff = price?.tariff ?? free;
    const isFlat = tariff.kind === 'flat';
    const dimensions = isFlat ? (price?.where ?? {}) : cell.dimensions;
    const version = isFlat ? 'flat' : (price?.id ?? 'free');
    const canonical = canonicalOnce(dimensions);
    const ofVersion = open.at(edge.sellerId).at(edge.buyerId).at(meter).at(version);
    let line = ofVersion.get(canonical);
    if (line === undefined) {
      const { sellerId, buyerId, currency } = edge;
      const key = `${meter} ${canonical} ${version}`;
      line = { key, sellerId, buyerId, currency, meter, dimensions, tariff, quantity: 0n, amount: ZERO };
      ofVersion.set(canonical, line);
      lines.push(line);
    }
    line.quantity += inclusive;
    if (isFlat && atMs < (decidedAtMs.get(line) ?? Infinity)) {
      line.tariff = tariff;
      decidedAtMs.set(line, atMs);
    }
    rated.push({ cell, line });
  }
  for (const line of lines) line.amount = amountOf(line.tariff, line.quantity);
  return { lines: lines.sort(byEdgeAndKey), cells: rated };
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

const byEdgeAndKey = (left: EdgeLine, right: EdgeLine): number =>
  compareText(left.sellerId, right.sellerId) ||
  compareText(left.buyerId, right.buyerId) ||
  compareText(left.key, right.key);
