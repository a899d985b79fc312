/** A chart draws numbers: a figure to be read is never taken from here. */
const MAJOR_NANO = 1_000_000_000;
const DAY_SECONDS = 86_400;

interface Spent {
  readonly items: readonly { readonly day: string; readonly spent: string }[];
}

interface Limited {
  readonly items: readonly { readonly per: string; readonly amount: string }[];
}

export interface SpendSeries {
  /** The end of each day of the month. */
  readonly timesSeconds: readonly number[];
  readonly spent: readonly (number | null)[];
  readonly forecast: readonly (number | null)[];
  readonly limit: readonly number[] | undefined;
}

/** The days of a month with what was spent by each, and from the last on a straight line on as before. */
export function spendSeries({ items }: Spent, { items: limits }: Limited): SpendSeries {
  const [first] = items;
  const startSeconds = Date.parse(`${first?.day ?? '1970-01-01'}T00:00:00Z`) / 1_000;
  const start = new Date(startSeconds * 1_000);
  const dayCount = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 0)).getUTCDate();
  const days = Array.from({ length: dayCount }, (_, index) => index);
  const amounts = items.map(({ spent }) => Number(spent) / MAJOR_NANO);
  const perDay = (amounts.at(-1) ?? 0) / Math.max(amounts.length, 1);
  const ofMonth = limits
    .filter(({ per }) => per === 'month')
    .map(({ amount }) => Number(amount) / MAJOR_NANO);
  return {
    timesSeconds: days.map((index) => startSeconds + index * DAY_SECONDS),
    spent: days.map((index) => amounts[index] ?? null),
    forecast: days.map((index) => (index >= amounts.length - 1 ? perDay * (index + 1) : null)),
    limit: ofMonth.length === 0 ? undefined : days.map(() => Math.min(...ofMonth)),
  };
}
