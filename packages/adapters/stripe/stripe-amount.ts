import { RailError } from '@patchbay/domain/billing/collection/rail';
import { minorUnitOf } from '@patchbay/domain/billing/money';

/** Currencies of which Stripe counts whole units. */
const COUNTED_WHOLE = new Set([
  'BIF',
  'CLP',
  'DJF',
  'GNF',
  'JPY',
  'KMF',
  'KRW',
  'MGA',
  'PYG',
  'RWF',
  'VND',
  'VUV',
  'XAF',
  'XOF',
  'XPF',
]);
/** Currencies of thousandths, of which Stripe takes whole tens alone. */
const COUNTED_IN_THOUSANDTHS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);
/** Stripe takes amounts of at most eight digits: of a few currencies more, which none of ours has to be. */
export const STRIPE_AMOUNT_MAX = 99_999_999n;

/** Nano units of what Stripe counts a currency in: hundredths of all others, also where nobody has coins of them. */
function countedIn(currency: string): bigint {
  if (COUNTED_WHOLE.has(currency)) return 1_000_000_000n;
  return COUNTED_IN_THOUSANDTHS.has(currency) ? 1_000_000n : 10_000_000n;
}

/** Minor units as Stripe counts them. */
export function toStripeAmount(minorUnits: bigint, currency: string): number {
  if (COUNTED_IN_THOUSANDTHS.has(currency) && minorUnits % 10n !== 0n) {
    throw new RailError('refused', `Stripe takes no single thousandths of ${currency}.`);
  }
  const nano = minorUnits * minorUnitOf(currency);
  const unit = countedIn(currency);
  if (nano % unit !== 0n) throw new RailError('refused', `Stripe counts ${currency} in larger units.`);
  const amount = nano / unit;
  if (amount > STRIPE_AMOUNT_MAX || amount < -STRIPE_AMOUNT_MAX) {
    throw new RailError('refused', `Stripe takes no amount of ${amount} minor units.`);
  }
  return Number(amount);
}

/** What Stripe counts, as minor units. */
export function fromStripeAmount(amount: number, currency: string): bigint {
  const known = currency.toUpperCase();
  return (BigInt(amount) * countedIn(known)) / minorUnitOf(known);
}
