import { problemOf } from '../problem/problem.ts';

const texts: Readonly<Record<string, string>> = {
  'sign-in.proof_stale': 'Show once more that it is you: that was too long ago.',
  'sign-in.proof_refused': 'This is not right, or there were too many tries: wait 15 minutes.',
  'sign-in.by_organisation': 'Your organisation signs you in: sign out, and in again.',
  'sign-in.code_refused': 'This code is not right, or was used already.',
  'sign-in.passkey_refused': 'This passkey was not taken. There may be as many as one person can have.',
  'sign-in.second_factor_on': 'There is one in use already.',
  'sign-in.too_many_links': 'There were too many links within the hour. Try again later.',
  'platform.unavailable': 'The platform does not answer. Try again in a moment.',
};

/** What a refused change of one's own sign-in says to whoever made it. */
export function refusalText(error: unknown): string {
  const { code, title } = problemOf(error);
  return texts[code] ?? title;
}

export const isStale = (error: unknown): boolean => problemOf(error).code === 'sign-in.proof_stale';
