'use client';

import { Button } from '@patchbay/ui/button';
import { Chart } from '@patchbay/ui/chart';
import { EmptyState } from '@patchbay/ui/empty-state';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import { Activity } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showBytes, textOf } from '../../formats/quantity.ts';
import { dayMs } from '../../formats/time.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { CreateKeyWindow } from '../keys/create-key.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { OpenSample } from '../sample/open-sample.tsx';
import { SessionTable } from '../sessions/session-table.tsx';
import { useOpenSessions } from '../sessions/use-open-sessions.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import { relayedBytes } from '../usage/meters.ts';
import { AttentionList } from './attention-list.tsx';
import { FirstSteps, useMayBegin } from './first-steps.tsx';
import { TodayStats } from './today-stats.tsx';
import { useStanding } from './use-standing.ts';
import { useToday } from './use-today.ts';

const LIVE_ROWS_MAX = 8;

/** How the account stands now: what runs, what today costs, what needs a hand, and what to do first. */
export function OverviewPage(): ReactNode {
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const open = useOpenSessions(accountId);
  const today = useToday(accountId);
  const standing = useStanding(accountId, today.nowMs);
  const [isNewKeyOpen, setNewKeyOpen] = useState(false);
  const openNewKey = () => setNewKeyOpen(true);
  const live = open.data?.items ?? [];
  const mayBegin = useMayBegin();
  const hasSession = live.length > 0 || standing?.steps.hasSession !== false;
  const isBeginning = !hasSession && mayBegin;
  const firstOfToday = `${new Date(today.nowMs).toISOString().slice(0, 10)}T00:00:00Z`;
  return (
    <>
      <PageHeader
        title={account?.name ?? 'Overview'}
        scope={account === undefined ? undefined : scopeText(account.childCount)}
        examples={[
          exampleOf({
            operation: 'usage.query',
            input: {
              accountId,
              from: firstOfToday,
              to: new Date(Date.parse(firstOfToday) + dayMs).toISOString(),
              meter: relayedBytes,
            },
            cli: `usage --account ${accountId} --from ${firstOfToday} --meter ${relayedBytes}`,
          }),
          exampleOf({
            operation: 'sessions.list',
            input: { accountId, state: 'open' },
            cli: `session list --account ${accountId}`,
          }),
        ]}
        // The first steps have it until there was a session.
        actions={standing !== undefined && !isBeginning ? <OpenSample isBrief /> : undefined}
      />
      <CreateKeyWindow isOpen={isNewKeyOpen} onOpenChange={setNewKeyOpen} />
      {standing === undefined || !isBeginning ? null : (
        <div className="mb-8 max-w-4xl">
          <FirstSteps steps={standing.steps} onNewKey={openNewKey} isWide />
        </div>
      )}
      <TodayStats open={open.data?.items} today={today} currency={account?.currency ?? 'EUR'} />
      {standing !== undefined && isBeginning && standing.notices.length > 0 ? (
        <div className="mt-8 max-w-4xl">
          <AttentionList notices={standing.notices} />
        </div>
      ) : null}
      {isBeginning ? null : (
        <div className="mt-8 grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="grid min-w-0 grid-cols-1 content-start gap-8">
            <RelayedHours today={today} />
            <section aria-labelledby="live">
              <div className="mb-2 flex items-center justify-between">
                <h2 id="live" className="font-semibold">
                  Live now
                </h2>
                <Link
                  href={pagePath(accountId, 'sessions')}
                  className="text-ink-soft hover:text-ink hover:underline"
                >
                  All sessions
                </Link>
              </div>
              {open.error !== null ? (
                <ProblemNote error={open.error} onRetry={() => void open.refetch()} />
              ) : null}
              {open.isPending ? <TableSkeleton rows={3} /> : null}
              {open.isSuccess && live.length === 0 ? <NothingLive /> : null}
              {live.length > 0 ? (
                <SessionTable label="Live sessions" sessions={live.slice(0, LIVE_ROWS_MAX)} isBrief />
              ) : null}
            </section>
          </div>
          <div className="grid content-start gap-8">
            {standing === undefined ? (
              <Skeleton className="h-24" />
            ) : (
              <>
                <AttentionList notices={standing.notices} />
                <FirstSteps steps={{ ...standing.steps, hasSession }} onNewKey={openNewKey} />
              </>
            )}
          </div>
        </div>
      )}
    </>
  );
}

const scopeText = (childCount: number): string =>
  childCount === 0
    ? 'Figures are of this account alone: it has no sub-accounts.'
    : 'Figures include all accounts below it.';

function RelayedHours({ today }: { readonly today: ReturnType<typeof useToday> }): ReactNode {
  const { hours, nowMs } = today;
  const hourMs = 3_600_000;
  const lastHour = Math.floor(nowMs / hourMs) * hourMs;
  const times = Array.from({ length: 24 }, (_, index) => lastHour - (23 - index) * hourMs);
  const byHour = new Map(hours.data?.rows.map(({ at, quantity }) => [Date.parse(at), Number(quantity)]));
  return (
    <section aria-labelledby="relayed">
      <h2 id="relayed" className="mb-2 font-semibold">
        Relayed, last 24 hours
      </h2>
      {hours.data === undefined ? <Skeleton className="h-[160px]" /> : null}
      {hours.data?.rows.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nothing went through a relay.</p>
      ) : null}
      {hours.data === undefined || hours.data.rows.length === 0 ? null : (
        <Chart
          label="Bytes relayed in each of the last 24 hours"
          kind="bars"
          heightPixels={160}
          times={times.map((ms) => ms / 1_000)}
          range={[(lastHour - 23.5 * hourMs) / 1_000, (lastHour + 0.9 * hourMs) / 1_000]}
          series={[
            { label: 'Relayed', colour: '--series-1', values: times.map((ms) => byHour.get(ms) ?? 0) },
          ]}
          format={(value) => textOf(showBytes(value))}
        />
      )}
    </section>
  );
}

function NothingLive(): ReactNode {
  const accountId = useAccountId();
  return (
    <EmptyState
      icon={<Activity />}
      title="No session runs now"
      action={
        <Button asChild>
          <Link href={pagePath(accountId, 'sessions')}>How to make a call</Link>
        </Button>
      }
    >
      As soon as two endpoints of this account, or of one below it, talk to each other, they show here with
      their bit rate and their bytes.
    </EmptyState>
  );
}
