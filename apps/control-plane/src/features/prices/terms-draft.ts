import {
  humanUnitOf,
  readHumanPrice,
  writeHumanPrice,
  writeUnits,
} from '@patchbay/domain/billing/price-text';
import {
  TARIFF_DIGITS_MAX,
  tariffFromWire,
  tariffToWire,
  type WireTariff,
  type WrittenTariff,
} from '@patchbay/domain/billing/wire-tariff';
import type { MeterUnit } from '@patchbay/kit/definition';

/** What a price says besides its amount, as it is typed: counts in what a person prices by, such as GB. */
export interface TermsDraft {
  readonly tiers: readonly { readonly after: string; readonly text: string }[];
  readonly isVolume: boolean;
  readonly free: string;
  readonly minimum: string;
  /** In units of the meter; empty: billed as it was used. */
  readonly roundUpTo: string;
  /** The whole time of each session that used it at all. */
  readonly isBinary: boolean;
}

export const noTerms: TermsDraft = {
  tiers: [],
  isVolume: false,
  free: '',
  minimum: '',
  roundUpTo: '',
  isBinary: false,
};

export function termsDraftOf(tariff: WireTariff, unit: MeterUnit): TermsDraft {
  const { per, tiers = [], tiering, free, minimum, roundUpTo, accounting } = tariff;
  return {
    tiers: tiers.map(({ after, amount }) => ({
      after: writeUnits(after, unit),
      text: writeHumanPrice({ amount, per }, unit),
    })),
    isVolume: tiering === 'volume',
    free: free === undefined ? '' : writeUnits(free, unit),
    minimum: minimum === undefined ? '' : writeHumanPrice({ amount: minimum, per: '1' }, 'count'),
    roundUpTo: roundUpTo ?? '',
    isBinary: accounting === 'binary',
  };
}

export const hasTerms = (terms: TermsDraft): boolean => JSON.stringify(terms) !== JSON.stringify(noTerms);

/** A price per unit with its terms, in one exact fraction. Undefined where something of it cannot be read. */
export function withTerms(base: WireTariff, terms: TermsDraft, unit: MeterUnit): WrittenTariff | undefined {
  const steps = terms.tiers.map(({ after, text }) => ({
    after: readUnits(after, unit),
    price: readHumanPrice(text, unit),
  }));
  const free = terms.free.trim() === '' ? 0n : readUnits(terms.free, unit);
  const least =
    terms.minimum.trim() === '' ? { amount: '0', per: '1' } : readHumanPrice(terms.minimum, 'count');
  if (free === undefined || least === undefined || least.per !== '1') return undefined;
  const per = steps.reduce((most, { price }) => {
    const of = BigInt(price?.per ?? 0);
    return of > most ? of : most;
  }, BigInt(base.per));
  const inPer = (price: WireTariff) => ((BigInt(price.amount) * per) / BigInt(price.per)).toString();
  const tiers = steps.flatMap(({ after, price }) =>
    after === undefined || price === undefined ? [] : [{ after: after.toString(), amount: inPer(price) }],
  );
  if (tiers.length < steps.length) return undefined;
  const amounts = [inPer(base), ...tiers.map(({ amount }) => amount)];
  if (amounts.some(({ length }) => length > TARIFF_DIGITS_MAX)) return undefined;
  try {
    return tariffToWire(
      tariffFromWire({
        amount: inPer(base),
        per: per.toString(),
        ...(tiers.length === 0 ? {} : { tiers, tiering: terms.isVolume ? 'volume' : 'graduated' }),
        free: free.toString(),
        minimum: least.amount,
        roundUpTo: terms.roundUpTo || '1',
        ...(terms.isBinary ? { accounting: 'binary' } : {}),
      }),
    );
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}

/** A count of GB, minutes or pieces in units of the meter. Undefined when it is none, or not a whole count of units. */
function readUnits(text: string, unit: MeterUnit): bigint | undefined {
  const [, whole, fraction = ''] = /^0*(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  const scale = 10n ** BigInt(fraction.length);
  const units = BigInt(whole + fraction) * humanUnitOf(unit).per;
  return units % scale === 0n ? units / scale : undefined;
}
