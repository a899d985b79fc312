'use client';

import { Skeleton } from '@patchbay/ui/skeleton';
import { Stat } from '@patchbay/ui/stat';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { showMoney, signOf } from '../../formats/money.ts';
import { showBitRate, showBytes, textOf } from '../../formats/quantity.ts';
import type { Session } from '../sessions/session.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { relayedBytes } from '../usage/meters.ts';
import { compareWithYesterday, forecast } from './comparison.ts';
import { totalOf, type useToday } from './use-today.ts';

export interface TodayStatsProps {
  readonly open: readonly Session[];
  readonly today: ReturnType<typeof useToday>;
  readonly currency: string;
}

/** Four figures, each a link to what it is made of. */
export function TodayStats({ open, today: day, currency }: TodayStatsProps): ReactNode {
  const accountId = useAccountId();
  const bits = open.reduce((sum, { bitsPerSecond = 0 }) => sum + bitsPerSecond, 0);
  const bytes = totalOf(day.today.rows, relayedBytes);
  const bytesBefore = totalOf(day.yesterday.rows, relayedBytes);
  const { month, period, nowMs } = day;
  const spendBefore = day.yesterday.amount ?? 0n;
  return (
    <section
      aria-label="Today"
      className="grid grid-cols-2 gap-px overflow-hidden border-y bg-line lg:grid-cols-4 [&>*]:bg-canvas [&>*]:py-3 [&>*]:hover:bg-surface lg:[&>*]:px-4 max-lg:[&>*:nth-child(even)]:pl-4 max-lg:[&>*:nth-child(odd)]:pr-4 lg:[&>*:first-child]:pl-1"
    >
      <Link href={pagePath(accountId, 'sessions')}>
        <Stat
          label="Live sessions"
          value={open.length}
          note={`${textOf(showBitRate(bits))} through relays`}
        />
      </Link>
      <Link href={pagePath(accountId, 'usage')}>
        {day.today.rows === undefined ? (
          <StatSkeleton />
        ) : (
          <Stat label="Relayed today" {...showBytes(bytes)} note={compareWithYesterday(bytes, bytesBefore)} />
        )}
      </Link>
      <Link href={pagePath(accountId, 'prices')}>
        {day.today.amount === undefined ? (
          <StatSkeleton />
        ) : (
          <Stat
            label="Spend today"
            value={showMoney(day.today.amount, currency)}
            unit={currency}
            note={compareWithYesterday(day.today.amount, spendBefore)}
          />
        )}
      </Link>
      <Link href={pagePath(accountId, `statements/${period.name}`)}>
        {month === undefined ? (
          <Stat label="This month" value={showMoney(0n, currency)} unit={currency} note="Nothing owed yet" />
        ) : (
          <Stat
            label="This month, owed"
            value={showMoney(month.payable, currency)}
            unit={currency}
            note={
              signOf(month.receivable) === 0
                ? `about ${showMoney(forecast(BigInt(month.payable), period, nowMs), currency)} by the end of it`
                : `${signOf(month.margin) < 0 ? 'subsidy' : 'margin'} ${showMoney(month.margin, currency)}`
            }
          />
        )}
      </Link>
    </section>
  );
}

function StatSkeleton(): ReactNode {
  return (
    <div className="grid gap-2">
      <Skeleton className="h-4 w-24" />
      <Skeleton className="h-6 w-32" />
      <Skeleton className="h-3 w-40" />
    </div>
  );
}
