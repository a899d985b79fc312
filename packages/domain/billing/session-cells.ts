import { canonicalOnce, type Dimensions } from '../metering/usage-record.ts';
import type { Price, UnitTariff } from './price.ts';

/**
 * What a price bills by (MET-3). 'segmented': what was used, for as long as it was used. 'binary': the whole time of each
 * session in which it was used at all.
 */
export const accountings = ['segmented', 'binary'] as const;
export type Accounting = (typeof accountings)[number];

/**
 * The time of sessions in one span, in milliseconds: of those sessions of an account, and of all below it, in which a meter
 * was used with just these sets of dimensions. A session's time is from its first use to its last, of whatever service, as
 * each account in it used it: so what accounts have sums to what the one above them has.
 */
export interface SessionCell {
  readonly accountId: string;
  /** Start of a span in which neither tree nor prices change. */
  readonly atMs: number;
  /** `service.meter`. */
  readonly meter: string;
  readonly uses: readonly Dimensions[];
  readonly inclusive: bigint;
  readonly own: bigint;
}

/** Sets of dimensions as one text, whatever their order. */
export const usesKey = (uses: readonly Dimensions[]): string =>
  JSON.stringify(uses.map(canonicalOnce).sort());

export const isBinary = (tariff: Price['tariff']): tariff is UnitTariff & { readonly accounting: 'binary' } =>
  tariff.kind === 'per-unit' && tariff.accounting === 'binary';

/** The meters that some price bills by the time of sessions: of these alone anybody has to look at sessions. */
export const binaryMeters = (
  prices: readonly Pick<Price, 'service' | 'meter' | 'tariff'>[],
): readonly string[] => [
  ...new Set(
    prices.filter(({ tariff }) => isBinary(tariff)).map(({ service, meter }) => `${service}.${meter}`),
  ),
];
