import { RailError } from '@patchbay/domain/billing/collection/rail';

/** Currencies without minor units of which Stripe counts hundredths all the same. */
const COUNTED_IN_HUNDREDTHS = new Set(['ISK', 'UGX']);
/** Currencies of thousandths, of which Stripe takes whole tens alone. */
const COUNTED_IN_TENS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);
/** Stripe takes amounts of at most eight digits, and twelve of some currencies. */
const AMOUNT_MAX = 999_999_999_999n;

/** Minor units as Stripe counts them. */
export function toStripeAmount(minorUnits: bigint, currency: string): number {
  if (COUNTED_IN_TENS.has(currency) && minorUnits % 10n !== 0n) {
    throw new RailError('refused', `Stripe takes no single thousandths of ${currency}.`);
  }
  const amount = COUNTED_IN_HUNDREDTHS.has(currency) ? minorUnits * 100n : minorUnits;
  if (amount > AMOUNT_MAX || amount < -AMOUNT_MAX) {
    throw new RailError('refused', `Stripe takes no amount of ${amount} minor units.`);
  }
  return Number(amount);
}

/** What Stripe counts, as minor units. */
export const fromStripeAmount = (amount: number, currency: string): bigint =>
  COUNTED_IN_HUNDREDTHS.has(currency.toUpperCase()) ? BigInt(amount) / 100n : BigInt(amount);
