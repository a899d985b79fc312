import { platformError } from '@patchbay/kit/errors';
import { canonicalDimensions, type Dimensions } from '../metering/usage-record.ts';
import type { Price } from './price.ts';
import { tariffFromWire, type WireTariff } from './wire-tariff.ts';

const MINUTE_MS = 60_000;

/** What a profile asks from a time on for one service: all that it asked before for it is over then. */
export interface PriceChange {
  /** The seller. */
  readonly accountId: string;
  /** Absent: all children. */
  readonly childId?: string;
  readonly service: string;
  readonly currency: string;
  /** On a whole minute. */
  readonly fromMs: number;
  readonly prices: readonly Pick<Price, 'meter' | 'where' | 'tariff'>[];
}

export interface WirePrice extends WireTariff {
  readonly where?: Dimensions | undefined;
}

export type WirePrices = Readonly<Record<string, WirePrice | readonly WirePrice[]>>;

/** The prices of a request, one for each meter and filter. Refuses two for the same, and one below zero. */
export function pricesFromWire(prices: WirePrices): PriceChange['prices'] {
  const flat = Object.entries(prices).flatMap(([meter, given]) =>
    (isMany(given) ? given : [given]).map(({ where = {}, ...tariff }) => ({
      meter,
      where,
      tariff: toTariff(tariff),
    })),
  );
  const selectors = flat.map(({ meter, where }) => `${meter} ${canonicalDimensions(where)}`);
  if (new Set(selectors).size < selectors.length) {
    throw platformError('request.invalid', 'Two prices are for the same meter and dimensions.');
  }
  return flat;
}

const isMany = (given: WirePrice | readonly WirePrice[]): given is readonly WirePrice[] =>
  Array.isArray(given);

function toTariff(wire: WireTariff) {
  try {
    return tariffFromWire(wire);
  } catch (cause) {
    if (cause instanceof RangeError) throw platformError('request.invalid', cause.message, cause);
    throw cause;
  }
}

/** Prices change on whole minutes: the one that is given, or the one that is running. */
export const effectiveMs = (effectiveFrom: string | undefined, nowMs: number): number =>
  wholeMinute(effectiveFrom === undefined ? nowMs : Date.parse(effectiveFrom));

/** Whether a minute is over. The running one may still get a price: what it used is rated anew. */
export const isOver = (fromMs: number, nowMs: number): boolean => fromMs < wholeMinute(nowMs);

const wholeMinute = (atMs: number): number => atMs - (atMs % MINUTE_MS);
