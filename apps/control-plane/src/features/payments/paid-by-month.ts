import { sumsByMonth } from '../money/sums-by-month.ts';

interface Moved {
  readonly what: string;
  readonly period: string;
  /** Nano units. Below zero: paid in. */
  readonly amount: bigint;
}

/** What went back to who had paid it. */
const GIVEN_BACK = ['refund', 'dispute-lost'];
/** What whoever collects sends, or takes back of that. */
const SENT = ['payout', 'tax'];

/**
 * Of money that came and went, what of a month was paid in and stayed, what of it went back, and what was paid out: what went back
 * was paid in before, and is no payout. A payout that was taken back is less paid out, and nothing that came in.
 */
export function paidByMonth(clearing: readonly Moved[]) {
  const of = (whats: readonly string[], isIn: boolean) =>
    clearing.filter(({ what }) => whats.includes(what) === isIn);
  const given = sumsByMonth(of(GIVEN_BACK, true), ({ period, amount }) => ({ period, amount }));
  const sent = sumsByMonth(of(SENT, true), ({ period, amount }) => ({ period, amount }));
  const paid = sumsByMonth(of([...GIVEN_BACK, ...SENT], false), ({ period, amount }) => ({
    period,
    amount: -amount,
  }));
  const atLeastZero = (sums: ReadonlyMap<string, bigint>) =>
    new Map([...sums].filter(([, amount]) => amount > 0n));
  const months = new Set([...given.keys(), ...paid.keys()]);
  const kept = new Map(
    [...months].map((month) => [month, (paid.get(month) ?? 0n) - (given.get(month) ?? 0n)] as const),
  );
  return { kept: atLeastZero(kept), givenBack: atLeastZero(given), paidOut: atLeastZero(sent) };
}
