import { expect, test } from 'vitest';
import { spendSeries } from './spend-series.ts';

test('what was spent goes on as it went, to the end of the month, and the narrowest limit of a month is drawn', () => {
  const { timesSeconds, spent, forecast, limit } = spendSeries(
    {
      items: [
        { day: '2026-02-01', spent: '1000000000' },
        { day: '2026-02-02', spent: '4000000000' },
      ],
    },
    {
      items: [
        { per: 'day', amount: '1' },
        { per: 'month', amount: '90000000000' },
        { per: 'month', amount: '50000000000' },
      ],
    },
  );
  expect(timesSeconds).toHaveLength(28);
  expect(spent.slice(0, 3)).toEqual([1, 4, null]);
  expect([forecast[0], forecast[1], forecast[27]]).toEqual([null, 4, 56]);
  expect(new Set(limit)).toEqual(new Set([50]));
});
