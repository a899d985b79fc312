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
import { isSubsidised } from './attention.ts';
import { compareWithYesterday, forecast } from './comparison.ts';
import { totalOf, type useToday } from './use-today.ts';

export interface TodayStatsProps {
  /** Undefined until they are known. */
  readonly open: readonly Session[] | undefined;
  readonly today: ReturnType<typeof useToday>;
  readonly currency: string;
}

/** Four figures, each a link to what it is made of. */
export function TodayStats({ open, today: day, currency }: TodayStatsProps): ReactNode {
  const accountId = useAccountId();
  const bits = (open ?? []).reduce((sum, { bitsPerSecond = 0 }) => sum + bitsPerSecond, 0);
  const bytes = totalOf(day.relayed, relayedBytes);
  const bytesBefore = totalOf(day.yesterday.rows, relayedBytes);
  const { period } = day;
  const spendBefore = day.yesterday.amount ?? 0n;
  return (
    <section
      aria-label="Today"
      className="grid grid-cols-2 gap-px overflow-hidden border-y bg-line lg:grid-cols-4 [&>*]:bg-canvas [&>*]:py-3 [&>*]:hover:bg-surface lg:[&>*]:px-4 max-lg:[&>*:nth-child(even)]:pl-4 max-lg:[&>*:nth-child(odd)]:pr-4 lg:[&>*:first-child]:pl-1"
    >
      <Link href={pagePath(accountId, 'sessions')}>
        {open === undefined ? (
          <StatSkeleton label="Live sessions" />
        ) : (
          <Stat
            label="Live sessions"
            value={open.length}
            note={`${textOf(showBitRate(bits))} through relays`}
          />
        )}
      </Link>
      <Link href={pagePath(accountId, 'usage')}>
        {day.relayed === undefined ? (
          <StatSkeleton label="Relayed today" />
        ) : (
          <Stat label="Relayed today" {...showBytes(bytes)} note={compareWithYesterday(bytes, bytesBefore)} />
        )}
      </Link>
      <Link href={pagePath(accountId, 'prices')}>
        {day.today.amount === undefined ? (
          <StatSkeleton label="Spend today" />
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
        {day.isMonthKnown ? <MonthStat day={day} currency={currency} /> : <StatSkeleton label="This month" />}
      </Link>
    </section>
  );
}

function MonthStat({
  day,
  currency,
}: Pick<TodayStatsProps, 'currency'> & { readonly day: TodayStatsProps['today'] }): ReactNode {
  const { month, period, nowMs } = day;
  if (month === undefined) {
    return (
      <Stat label="This month" value={showMoney(0n, currency)} unit={currency} note="Nothing owed yet" />
    );
  }
  // The platform pays nobody: it keeps what its own children owe it.
  const amount = BigInt(month.charge?.amount ?? month.receivable);
  const atEnd = forecast(amount, period, nowMs);
  return (
    <Stat
      label={month.charge === undefined ? 'This month, kept' : 'This month, to be paid'}
      value={showMoney(amount, currency)}
      unit={currency}
      note={
        month.charge === undefined || signOf(month.receivable) === 0 || isCut(month)
          ? `about ${showMoney(atEnd, currency)} by the end of it`
          : `${signOf(month.margin) < 0 ? 'subsidy' : 'margin'} ${showMoney(month.margin, currency).replace('-', '')}`
      }
    />
  );
}

/** A loss that only cutting to nano units makes: nobody set a price for it. */
const isCut = ({
  margin,
  passedThrough,
}: {
  readonly margin: string;
  readonly passedThrough: string;
}): boolean => signOf(margin) < 0 && !isSubsidised({ margin, cost: passedThrough });

function StatSkeleton({ label }: { readonly label: string }): ReactNode {
  return (
    <div className="grid gap-1">
      <div className="text-ink-soft">{label}</div>
      <Skeleton className="h-6 w-32" />
      <Skeleton className="h-3 w-40" />
    </div>
  );
}
