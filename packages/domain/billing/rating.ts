import type { UsageCell } from '../metering/roll-up.ts';
import { canonicalDimensions, type Dimensions } from '../metering/usage-record.ts';
import { type Nano, nano } from './money.ts';
import { amountOf, type Tariff } from './price.ts';
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
  readonly lineKey: string;
  readonly sellerId: string;
}

export interface Rating {
  readonly lines: readonly EdgeLine[];
  readonly cells: readonly RatedCell[];
}

interface OpenLine extends Omit<EdgeLine, 'amount'> {
  /** Of a flat price: when the use that decides its version was. */
  readonly atMs: number;
}

const free: Tariff = { kind: 'per-unit', amount: nano(0n), per: 1n };

/**
 * Rates usage: a pure function of cells, tree and prices, whatever the order of its input. A line is multiplied once, on
 * its summed quantity. A flat price is charged once a period, edge and filter, by the version that held at the first use.
 */
export function rate(cells: readonly UsageCell[], book: PriceBook): Rating {
  const lookup = priceLookup(book);
  const open = new Map<string, OpenLine>();
  const rated: RatedCell[] = [];
  for (const cell of cells) {
    const edge = lookup.edgeAt(cell.accountId, cell.atMs);
    const declared = book.catalogue.get(cell.meter);
    if (edge === undefined || cell.inclusive === 0n || declared?.isPriced === false) continue;
    const found = lookup.priceFor(cell.accountId, {
      ...splitMeter(cell.meter),
      dimensions: cell.dimensions,
      atMs: cell.atMs,
    });
    const tariff = found?.price.tariff ?? free;
    const isFlat = tariff.kind === 'flat';
    const dimensions = isFlat ? (found?.price.where ?? {}) : cell.dimensions;
    const version = isFlat ? 'flat' : (found?.price.id ?? 'free');
    const key = `${cell.meter} ${canonicalDimensions(dimensions)} ${version}`;
    const id = `${edge.sellerId} ${edge.buyerId} ${key}`;
    const { sellerId, buyerId, currency } = edge;
    const line = open.get(id) ?? {
      key,
      sellerId,
      buyerId,
      currency,
      meter: cell.meter,
      dimensions,
      tariff,
      quantity: 0n,
      atMs: cell.atMs,
    };
    const isEarlier = cell.atMs < line.atMs;
    open.set(id, {
      ...line,
      quantity: line.quantity + cell.inclusive,
      tariff: isEarlier ? tariff : line.tariff,
      atMs: isEarlier ? cell.atMs : line.atMs,
    });
    rated.push({ cell, lineKey: key, sellerId });
  }
  const lines = [...open.values()].map(({ atMs: _, ...line }) => ({
    ...line,
    amount: amountOf(line.tariff, line.quantity),
  }));
  return { lines: lines.sort(byEdgeAndKey), cells: rated };
}

/** 'network-discovery.bytes' in its two parts. */
export function splitMeter(qualified: string): { service: string; meter: string } {
  const dot = qualified.indexOf('.');
  return { service: qualified.slice(0, dot), meter: qualified.slice(dot + 1) };
}

function byEdgeAndKey(left: EdgeLine, right: EdgeLine): number {
  const [a, b] = [left, right].map(({ sellerId, buyerId, key }) => `${sellerId} ${buyerId} ${key}`);
  return a === b || a === undefined || b === undefined ? 0 : a < b ? -1 : 1;
}
