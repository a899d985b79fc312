import { z } from 'zod';

/** 18 digits: a thousand million of a currency. */
const AMOUNT_DIGITS_MAX = 18;

/** Nano units of the currency, 1e-9 of the major unit, as text: money is never a float (BIL-3). */
export const nano = z.string().regex(/^-?\d+$/);
export const amount = z
  .string()
  .regex(
    new RegExp(`^\\d{1,${AMOUNT_DIGITS_MAX}}$`),
    `An amount is a count of nano units, of at most ${AMOUNT_DIGITS_MAX} digits.`,
  );
