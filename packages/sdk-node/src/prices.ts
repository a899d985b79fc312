import { type CallOptions, type Operations, PatchbayError } from '@patchbay/sdk';

/** A price of a meter: `amount` nano units (1e-9) of the currency for every `per` of its unit (BIL-3). */
export interface Price {
  readonly amount: string;
  readonly per: string;
  readonly currency: string;
  /** Only usage with these dimensions, such as `{ transport: 'udp' }`. */
  readonly where?: Readonly<Record<string, string>>;
}

/** For every 1,000,000,000 bytes: `perGB('0.40', 'EUR')`. */
export const perGB = (amount: string, currency: string): Price => price(amount, currency, 1_000_000_000n);
/** For every minute of a meter that counts milliseconds: `perMinute('0.004', 'EUR')`. */
export const perMinute = (amount: string, currency: string): Price => price(amount, currency, 60_000n);
/** For every one of whatever the meter counts: `perUnit('0.001', 'EUR')`. */
export const perUnit = (amount: string, currency: string): Price => price(amount, currency, 1n);

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
