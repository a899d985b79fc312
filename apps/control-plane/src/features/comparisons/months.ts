import { nextPeriod, periodAt, periodOf } from '@patchbay/domain/billing/period';

const PAST_COUNT = 12;
const COMING_COUNT = 6;

/** The months before one, the newest first, and those after it. */
export function monthsAround(current: string): {
  readonly past: readonly string[];
  readonly coming: readonly string[];
} {
  const past: string[] = [];
  const coming: string[] = [];
  for (let of = periodOf(current); past.length < PAST_COUNT; ) {
    of = periodAt(of.fromMs - 1);
    past.push(of.name);
  }
  for (let of = periodOf(current); coming.length < COMING_COUNT; ) {
    of = nextPeriod(of);
    coming.push(of.name);
  }
  return { past, coming };
}
