import { type Nano, ZERO } from '../billing/money.ts';

/** What one account above says of another: it pays before it uses anything, and may go so far below nothing (BIL-5). */
export interface PrepaidWord {
  readonly byId: string;
  readonly overdraft: Nano;
}

export interface PrepaidSaid {
  /** The highest account above at which they may, who say it. */
  readonly byId: string;
  /** The accounts strictly above that one: what they say is not theirs to take back. */
  readonly above: readonly string[];
  readonly isPrepaid: boolean;
  readonly overdraft: Nano;
}

/**
 * The words that stand after one was said. Whoever lets an account pay after the month takes back what they and everybody
 * below them have said; where somebody above them keeps it prepaid, that is refused.
 */
export function wordsAfter(
  words: readonly PrepaidWord[],
  { byId, above, isPrepaid, overdraft }: PrepaidSaid,
): readonly PrepaidWord[] | 'prepaid_above' {
  if (isPrepaid) return [...words.filter((word) => word.byId !== byId), { byId, overdraft }];
  return words.some((word) => above.includes(word.byId)) ? 'prepaid_above' : [];
}

/** What holds by the word of one account alone. */
export function saidBy(
  words: readonly PrepaidWord[],
  byId: string,
): Pick<PrepaidSaid, 'isPrepaid' | 'overdraft'> {
  return termsOfWords(words.filter((word) => word.byId === byId));
}

/** Prepaid as long as any word stands, and no further below nothing than the least that one of them allows. */
export function termsOfWords(words: readonly PrepaidWord[]): {
  readonly isPrepaid: boolean;
  readonly overdraft: Nano;
} {
  const [first, ...rest] = words.map(({ overdraft }) => overdraft);
  if (first === undefined) return { isPrepaid: false, overdraft: ZERO };
  return { isPrepaid: true, overdraft: rest.reduce((least, next) => (next < least ? next : least), first) };
}
