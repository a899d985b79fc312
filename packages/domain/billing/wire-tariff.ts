import { nano } from './money.ts';
import type { Tariff, Tier, Tiering, UnitTariff } from './price.ts';
import type { Accounting } from './session-cells.ts';

/** Digits of `amount` and of `per`: below a billion of the major unit, so that no sum passes what the ledger holds. */
export const TARIFF_DIGITS_MAX = 18;
/** Tiers after the first. */
export const TIER_COUNT_MAX = 20;

/** What a price may say besides its amount. A client that knows none of it reads and writes `amount` and `per` alone. */
export interface WireTerms {
  readonly tiers?: readonly { readonly after: string; readonly amount: string }[] | undefined;
  readonly tiering?: Tiering | undefined;
  readonly free?: string | undefined;
  readonly minimum?: string | undefined;
  readonly roundUpTo?: string | undefined;
  /** Default: 'segmented'. */
  readonly accounting?: Accounting | undefined;
  /** Of a flat price. Default: 'use'. */
  readonly due?: 'use' | 'period' | undefined;
}

/** The wire form, in which `per` 0 says flat. */
export interface WireTariff extends WireTerms {
  readonly amount: string;
  readonly per: string;
}

/** As it is written: what a price does not say is left out. */
export interface WrittenTariff {
  amount: string;
  per: string;
  tiers?: { after: string; amount: string }[];
  tiering?: Tiering;
  free?: string;
  minimum?: string;
  roundUpTo?: string;
  accounting?: 'binary';
  due?: 'use' | 'period';
}

/** Throws a RangeError for a price below zero: a subsidy is a child's price below the own one, not a negative price. */
export function tariffFromWire(wire: WireTariff): Tariff {
  const amount = positive(wire.amount, 'A price is not negative.');
  const per = positive(wire.per, 'A price is for a count of units.');
  if (per === 0n) return flatFromWire(nano(amount), wire);
  if (wire.due !== undefined)
    throw new RangeError('Only a price a month, whose per is 0, is due by use or by period.');
  const { tiering, free, minimum, roundUpTo, accounting } = wire;
  const tiers = tiersFromWire(wire.tiers ?? []);
  if (tiering !== undefined && tiers.length === 0)
    throw new RangeError('A tiering without tiers says nothing.');
  const step = positive(roundUpTo ?? '1', 'Use is rounded up to a count of units.');
  if (step === 0n) throw new RangeError('Use is rounded up to 1 unit or more.');
  const freeUnits = positive(free ?? '0', 'What is free is a count of units.');
  const least = positive(minimum ?? '0', 'A minimum is not negative.');
  return {
    kind: 'per-unit',
    amount: nano(amount),
    per,
    ...(tiers.length === 0 ? {} : { tiers, ...(tiering === 'volume' ? { tiering } : {}) }),
    // What changes nothing is not kept: a price of that kind is one without terms.
    ...(freeUnits === 0n ? {} : { free: freeUnits }),
    ...(least === 0n ? {} : { minimum: nano(least) }),
    ...(step === 1n ? {} : { roundUpTo: step }),
    ...(accounting === 'binary' ? { accounting } : {}),
  };
}

function flatFromWire(
  amount: UnitTariff['amount'],
  { due, ...terms }: WireTerms & Partial<WireTariff>,
): Tariff {
  const { tiers, tiering, free, minimum, roundUpTo, accounting } = terms;
  if ([tiers, tiering, free, minimum, roundUpTo, accounting].some((term) => term !== undefined)) {
    throw new RangeError(
      'A price a month, whose per is 0, has no tiers, allowance, minimum, rounding or accounting.',
    );
  }
  return { kind: due === 'period' ? 'fee' : 'flat', amount };
}

function tiersFromWire(wire: NonNullable<WireTerms['tiers']>): Tier[] {
  const tiers = wire.map(({ after, amount }) => ({
    after: positive(after, 'A tier begins after a count of units.'),
    amount: nano(positive(amount, 'A price is not negative.')),
  }));
  const isRising = tiers.every(({ after }, index) => after > (tiers[index - 1]?.after ?? 0n));
  if (!isRising)
    throw new RangeError('Each tier begins after more units than the one before, the first above 0.');
  return tiers;
}

function positive(text: string, otherwise: string): bigint {
  const value = BigInt(text);
  if (value < 0n) throw new RangeError(otherwise);
  return value;
}

export function tariffToWire(tariff: Tariff): WrittenTariff {
  const amount = tariff.amount.toString();
  switch (tariff.kind) {
    case 'flat':
      return { amount, per: '0' };
    case 'fee':
      return { amount, per: '0', due: 'period' };
    case 'per-unit':
      return { amount, per: tariff.per.toString(), ...unitTermsToWire(tariff) };
  }
}

const unitTermsToWire = ({
  tiers,
  tiering,
  free,
  minimum,
  roundUpTo,
  accounting,
}: UnitTariff): Omit<WrittenTariff, 'amount' | 'per'> => ({
  ...(tiers === undefined
    ? {}
    : { tiers: tiers.map(({ after, amount }) => ({ after: after.toString(), amount: amount.toString() })) }),
  ...(tiering === undefined ? {} : { tiering }),
  ...(free === undefined ? {} : { free: free.toString() }),
  ...(minimum === undefined ? {} : { minimum: minimum.toString() }),
  ...(roundUpTo === undefined ? {} : { roundUpTo: roundUpTo.toString() }),
  ...(accounting === undefined ? {} : { accounting }),
});

/** The terms alone, as they are stored beside amount and per. */
export const termsOf = ({ amount: _amount, per: _per, ...terms }: WrittenTariff) => terms;

/** Terms as one text, the same for the same terms: nothing for a price without any. */
export function termsKey({ tiers, tiering, free, minimum, roundUpTo, accounting, due }: WireTerms): string {
  const steps = tiers?.map(({ after, amount }) => `${after}:${amount}`).join(',');
  const said = { tiers: steps, tiering, free, minimum, roundUpTo, accounting, due };
  return Object.entries(said)
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`))
    .join(' ');
}
