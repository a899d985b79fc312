import { type Nano, nano, ZERO } from '../billing/money.ts';

/** What one account above says of another: so much of the credit that it gives may stand unpaid (BIL-5). */
export interface CreditLineWord {
  readonly byId: string;
  readonly amount: Nano;
}

/** What the accounts above have said of one, and what it gave that is not paid for yet. */
export interface StandingCreditLine {
  readonly currency: string;
  /** Whoever collects: it stands for every line. */
  readonly topId: string;
  /** Not of whoever collects, which owes itself, nor on the books of tests, where nobody pays. */
  readonly isBounded: boolean;
  readonly words: readonly CreditLineWord[];
  /** Given, less what expired, was taken back, was paid, or was kept of payouts that somebody has paid in for. */
  readonly unpaid: Nano;
}

/**
 * The credit line that holds: the narrowest of those that were set. Whoever collects loses what a giver never pays, so without
 * its word there is none: two accounts between could set each other lines that nobody stands for.
 */
export function lineOf({ words, topId }: Pick<StandingCreditLine, 'words' | 'topId'>): Nano {
  const top = words.find(({ byId }) => byId === topId);
  if (top === undefined) return ZERO;
  return words.reduce((least, { amount }) => (amount < least ? amount : least), top.amount);
}

/** How much more may be given. Never below zero: a line that is narrowed takes back nothing that was given. */
export function leftOf(standing: Pick<StandingCreditLine, 'words' | 'topId' | 'unpaid'>): Nano {
  const left = lineOf(standing) - (standing.unpaid > 0n ? standing.unpaid : 0n);
  return left > 0n ? nano(left) : ZERO;
}

/** Whether somebody may give so much more. */
export const isCovered = (standing: Omit<StandingCreditLine, 'currency'>, amount: Nano): boolean =>
  !standing.isBounded || amount <= leftOf(standing);

/** The words after one was said, or taken back where `amount` is left out: each account above has one. */
export const linesAfter = (
  words: readonly CreditLineWord[],
  { byId, amount }: { readonly byId: string; readonly amount: Nano | undefined },
): readonly CreditLineWord[] => [
  ...words.filter((word) => word.byId !== byId),
  ...(amount === undefined ? [] : [{ byId, amount }]),
];
