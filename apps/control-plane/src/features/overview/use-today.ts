'use client';

import { periodAt } from '@patchbay/domain/billing/period';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { dayMs, startOfUtcDay } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useNow } from '../shell/use-now.ts';
import { useSpend } from '../spend/use-spend.ts';
import { relayedBytes } from '../usage/meters.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const REFRESH_MS = 5_000;
/** Beside the live sessions, whose bytes rise every second or two. */
const RELAYED_REFRESH_MS = 2_000;
/** A whole month is rated anew for it. */
const MONTH_REFRESH_MS = 10_000;

const iso = (ms: number): string => new Date(ms).toISOString();

/** Use and spend of today against yesterday by the same time, and the month's money so far. */
export function useToday(accountId: string) {
  const trpc = useTRPC();
  const nowMs = useNow(MINUTE_MS);
  const todayMs = startOfUtcDay(nowMs);
  const tomorrowMs = todayMs + dayMs;
  const today = useSpend({ accountId, from: iso(todayMs), to: iso(tomorrowMs), refreshMs: REFRESH_MS });
  const yesterday = useSpend({ accountId, from: iso(todayMs - dayMs), to: iso(nowMs - dayMs) });
  const hours = useQuery(
    trpc.usage.query.queryOptions(
      {
        accountId,
        from: iso(Math.floor(nowMs / HOUR_MS) * HOUR_MS - 23 * HOUR_MS),
        to: iso(tomorrowMs),
        bucket: 'hour',
        meter: relayedBytes,
      },
      { refetchInterval: RELAYED_REFRESH_MS, placeholderData: keepPreviousData },
    ),
  );
  const period = periodAt(nowMs);
  const statements = useQuery(
    trpc.statements.list.queryOptions(
      { accountId, from: period.name },
      { refetchInterval: MONTH_REFRESH_MS },
    ),
  );
  const month = statements.data?.items.find((statement) => statement.period === period.name);
  const relayed = hours.data?.rows.filter(({ at }) => Date.parse(at) >= todayMs);
  return { nowMs, today, yesterday, hours, relayed, period, month, isMonthKnown: statements.isSuccess };
}

/** The sum of one meter over rows of usage. */
export function totalOf(
  rows: readonly { meter: string; quantity: string }[] | undefined,
  meter: string,
): bigint {
  return (rows ?? []).reduce(
    (total, row) => (row.meter === meter ? total + BigInt(row.quantity) : total),
    0n,
  );
}
