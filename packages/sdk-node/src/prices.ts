import { type CallOptions, type Operations, PatchbayError } from '@patchbay/sdk';

/** A price of a meter: `amount` nano units (1e-9) of the currency for every `per` of its unit (BIL-3). */
export interface Price {
  readonly amount: string;
  readonly per: string;
  readonly currency: string;
  /** After so many units that are not free, `per` units cost this. Before the first, they cost `amount`. */
  readonly tiers?: readonly { readonly after: string; readonly amount: string }[];
  /** 'graduated' (default): each unit by its own tier. 'volume': all by the tier that the month reaches. */
  readonly tiering?: 'graduated' | 'volume';
  /** Units of a month that cost nothing, before any tier. */
  readonly free?: string;
  /** Nano units that a month with any use costs at least. */
  readonly minimum?: string;
  /** What is not free is billed in steps of so many units over the month. */
  readonly roundUpTo?: string;
  /** 'segmented' (default): what was used. 'binary': the whole time of each session that used it at all. */
  readonly accounting?: 'segmented' | 'binary';
  /** Of a price a month, whose `per` is 0: with the first use, or without use too. */
  readonly due?: 'use' | 'period';
  /** Only usage with these dimensions, such as `{ transport: 'udp' }`. */
  readonly where?: Readonly<Record<string, string>>;
}

/** For every 1,000,000,000 bytes: `perGB('0.40', 'EUR')`. */
export const perGB = (amount: string, currency: string): Price => price(amount, currency, 1_000_000_000n);
/** For every minute of a meter that counts milliseconds: `perMinute('0.004', 'EUR')`. */
export const perMinute = (amount: string, currency: string): Price => price(amount, currency, 60_000n);
/** For every one of whatever the meter counts: `perUnit('0.001', 'EUR')`. */
export const perUnit = (amount: string, currency: string): Price => price(amount, currency, 1n);

/** Once for a month with any use, whatever is used in it: `flat('5', 'EUR')`. */
export const flat = (amount: string, currency: string): Price => price(amount, currency, 0n);
/** For each month, used or not, and by the minute for a part of one: `fee('30', 'EUR')`. All use is covered. */
export const fee = (amount: string, currency: string): Price => ({
  ...flat(amount, currency),
  due: 'period',
});

/** What is used after so many GB, minutes or pieces costs another price. */
export interface Tier {
  /** Counted in what the price is for: of `perGB` in GB. What is free is not counted. */
  readonly after: number;
  readonly price: Price;
}

/**
 * Tiers over the use of a month: `tiers(perGB('0.10', 'EUR'), [{ after: 1_000, price: perGB('0.08', 'EUR') }])`. Each unit
 * costs what its own tier says. With `{ tiering: 'volume' }` all cost what the tier says that the month reaches: then a
 * little more use can cost less.
 */
export function tiers(
  first: Price,
  then: readonly Tier[],
  { tiering = 'graduated' }: Pick<Price, 'tiering'> = {},
): Price {
  const isSame = then.every(
    ({ price: { per, currency } }) => per === first.per && currency === first.currency,
  );
  if (!isSame) throw invalid('All tiers of a price are for the same unit, in the same currency.');
  return {
    ...first,
    tiers: then.map(({ after, price: { amount } }) => ({ after: unitsOf(after, first), amount })),
    tiering,
  };
}

/** So many GB, minutes or pieces of each month cost nothing: `free(100, perMinute('0.01', 'EUR'))`. */
export const free = (count: number, of: Price): Price => ({ ...of, free: unitsOf(count, of) });

/** What a month with any use costs at least: `atLeast('5.00', perGB('0.40', 'EUR'))`. */
export const atLeast = (minimum: string, of: Price): Price => {
  unitsOf(1, of);
  return { ...of, minimum: toNano(minimum) };
};

/** Bills the use of a month by GB, minutes or pieces that were begun: `started(perMinute('0.01', 'EUR'))`. */
export const started = (of: Price): Price => ({ ...of, roundUpTo: unitsOf(1, of) });

/**
 * Bills the whole time of each session that used a meter at all, for however short a part of it:
 * `wholeSessions(perMinute('0.01', 'EUR'))`. The meter has to be one of time.
 */
export const wholeSessions = (of: Price): Price => {
  unitsOf(1, of);
  return { ...of, accounting: 'binary' };
};

function unitsOf(count: number, { per }: Price): string {
  if (per === '0') throw invalid('A price a month has no tiers, allowance, minimum, rounding or accounting.');
  if (Number.isSafeInteger(count) && count >= 0) return (BigInt(count) * BigInt(per)).toString();
  throw invalid(`A count is a whole number, not ${JSON.stringify(count)}.`);
}

const NANO_DIGITS = 9;

function price(amount: string, currency: string, per: bigint): Price {
  if (!/^[A-Z]{3}$/.test(currency))
    throw invalid(`A currency is three capital letters, such as EUR, not '${currency}'.`);
  return { amount: toNano(amount), per: per.toString(), currency };
}

/** Decimal text to nano units, exactly: a number would have lost digits before it came here. */
function toNano(amount: string): string {
  const [, whole, fraction = ''] =
    (typeof amount === 'string' && /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(amount)) || [];
  if (whole !== undefined) return BigInt(whole + fraction.padEnd(NANO_DIGITS, '0')).toString();
  throw invalid(
    `A price is text with at most ${NANO_DIGITS} decimals, such as '0.40', not ${JSON.stringify(amount)}.`,
  );
}

/** Prices of a service by meter. Several for one meter differ in `where`. */
export type PriceSheet = Readonly<Record<string, Price | readonly Price[]>>;

type SetAnswer = ReturnType<Operations['prices']['set']>;

export interface PriceMethods {
  /** Sets what an account pays for a service: `pb.prices.set(id, 'network-discovery', { bytes: perGB('0.40', 'EUR') })`. */
  set(accountId: string, service: string, prices: PriceSheet, options?: CallOptions): SetAnswer;
  /** Sets what all children of an account pay for a service, unless one has its own price. */
  setForChildren(accountId: string, service: string, prices: PriceSheet, options?: CallOptions): SetAnswer;
}

/** The generated methods, and the same with the service in second place and the currency taken from the prices. */
export function withPriceSheets(generated: Operations['prices']): Operations['prices'] & PriceMethods {
  const sheet = (method: 'set' | 'setForChildren') => {
    const send = generated[method] as (...args: readonly unknown[]) => SetAnswer;
    return (...args: readonly unknown[]): SetAnswer => {
      const [accountId, service, prices, options] = args;
      if (typeof service !== 'string') return send(...args);
      return send(accountId, { service, ...toRequest(prices as PriceSheet) }, options);
    };
  };
  return {
    ...generated,
    set: sheet('set'),
    setForChildren: sheet('setForChildren'),
  } as Operations['prices'] & PriceMethods;
}

function toRequest(sheet: PriceSheet) {
  const currencies = new Set(
    Object.values(sheet).flatMap((prices) => [prices].flat().map((one) => one.currency)),
  );
  const [currency] = currencies;
  if (currency === undefined || currencies.size > 1) {
    throw invalid('Prices are set in one currency: that of the account.');
  }
  const bare = ({ currency: _currency, ...rest }: Price) => rest;
  const prices = Object.entries(sheet).map(([meter, given]) => [
    meter,
    Array.isArray(given) ? given.map(bare) : bare(given as Price),
  ]);
  return { currency, prices: Object.fromEntries(prices) as Record<string, unknown> };
}

const invalid = (message: string) => new PatchbayError({ code: 'request.invalid', message });
