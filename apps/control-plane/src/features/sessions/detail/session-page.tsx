'use client';

import { Identifier } from '@patchbay/ui/copy-button';
import { Skeleton, TableSkeleton } from '@patchbay/ui/skeleton';
import Link from 'next/link';
import { useParams } from 'next/navigation';
import { type ReactNode, useMemo, useState } from 'react';
import { showMoment } from '../../../formats/time.ts';
import { exampleOf } from '../../as-code/code-example.ts';
import { ChangesLink } from '../../audit/changes-link.tsx';
import { ProblemNote } from '../../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../../shell/account.ts';
import { IfMay } from '../../shell/if-may.tsx';
import { PageHeader } from '../../shell/page-header.tsx';
import { pagePath, whyPath } from '../../shell/pages.ts';
import { useNow } from '../../shell/use-now.ts';
import { SessionLines } from '../../trail/session-lines.tsx';
import { isOpen, kindLabels, mayGrow, participantNames, type Session } from '../session.ts';
import { ModeBadge, SessionStateBadge } from '../session-badges.tsx';
import { EndSession } from './end-session.tsx';
import { SessionAccounting } from './session-accounting.tsx';
import { SessionCost } from './session-cost.tsx';
import { SessionFigures } from './session-figures.tsx';
import { SessionLog } from './session-log.tsx';
import { SessionParties } from './session-parties.tsx';
import { SessionTimeline } from './session-timeline.tsx';
import { withHooks } from './timeline.ts';
import { useSession, useSessionLog } from './use-session.ts';
import { useSessionUse } from './use-session-use.ts';

/** One session: counters, one time axis, what it costs, and what happened. */
export function SessionPage(): ReactNode {
  const { sessionId } = useParams<{ sessionId: string }>();
  const session = useSession(sessionId);
  if (session.error !== null && session.data === undefined) {
    return <ProblemNote error={session.error} onRetry={() => void session.refetch()} />;
  }
  if (session.data === undefined) return <SessionSkeleton />;
  return <SessionDetail session={session.data} />;
}

function SessionDetail({ session }: { readonly session: Session }): ReactNode {
  const accountId = useAccountId();
  const { data: account } = useAccount();
  const [selected, setSelected] = useState<number>();
  const isRunning = isOpen(session);
  const nowMs = useNow(1_000);
  const log = useSessionLog(session.id, mayGrow(session, nowMs));
  const lines = useMemo(() => log.data && withHooks(log.data), [log.data]);
  const use = useSessionUse(session, nowMs);
  const currency = account?.currency ?? '';
  const endMs = session.endedAt === undefined ? nowMs : Date.parse(session.endedAt);
  return (
    <>
      <p className="mb-1">
        <Link href={pagePath(accountId, 'sessions')} className="text-ink-soft hover:text-ink hover:underline">
          Sessions
        </Link>
      </p>
      <PageHeader
        title={participantNames(session)}
        scope={
          <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <SessionStateBadge session={session} />
            <ModeBadge mode={session.mode} />
            <span>{kindLabels[session.kind]},</span>
            <Link href={pagePath(session.accountId, 'sessions')} className="text-ink-soft hover:underline">
              {session.accountName}
            </Link>
            <span>
              {session.region}, {showMoment(session.startedAt, nowMs)}
            </span>
            <Identifier id={session.id} isShort />
            <Link href={whyPath(accountId, session.id)} className="underline underline-offset-2">
              Why?
            </Link>
          </span>
        }
        examples={examplesOf(accountId, session)}
        actions={
          <>
            <ChangesLink target={session.id} scope="descendants" />
            {isRunning ? (
              <IfMay to="sessions.update">
                <EndSession session={session} />
              </IfMay>
            ) : null}
          </>
        }
      />
      <div className="grid grid-cols-1 gap-8">
        <SessionFigures
          session={session}
          nowMs={nowMs}
          cost={use.amount}
          log={log.data}
          currency={currency}
        />
        <SessionParties session={session} log={log.data} />
        {log.error !== null ? <ProblemNote error={log.error} onRetry={() => void log.refetch()} /> : null}
        {use.error !== null ? <ProblemNote error={use.error} /> : null}
        {lines === undefined ? (
          log.error === null ? (
            <TableSkeleton rows={4} />
          ) : null
        ) : (
          <SessionTimeline
            session={session}
            log={lines}
            endMs={endMs}
            selected={selected}
            onSelect={setSelected}
          />
        )}
        <div className="grid grid-cols-1 gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
          {lines === undefined ? null : (
            <SessionLog session={session} log={lines} selected={selected} onSelect={setSelected} />
          )}
          <div className="grid content-start gap-8">
            <SessionCost session={session} use={use} currency={currency} />
            <SessionAccounting
              session={session}
              hasUse={use.lines.length > 0}
              isGrowing={mayGrow(session, nowMs)}
            />
            <SessionLines accountId={session.accountId} sessionId={session.id} />
          </div>
        </div>
      </div>
    </>
  );
}

const examplesOf = (accountId: string, { id: sessionId }: Session) => [
  exampleOf({
    operation: 'sessions.get',
    input: { accountId, sessionId },
    cli: `session show ${sessionId} --account ${accountId}`,
  }),
  exampleOf({
    operation: 'sessions.listLog',
    input: { accountId, sessionId },
    cli: `session log ${sessionId} --account ${accountId}`,
  }),
  exampleOf({ operation: 'usage.getSession', input: { accountId, sessionId } }),
  exampleOf({ operation: 'sessions.update', input: { accountId, sessionId, state: 'paused' } }),
  exampleOf({
    operation: 'sessions.update',
    input: { accountId, sessionId, state: 'ended' },
    cli: `session end ${sessionId} --account ${accountId}`,
  }),
];

function SessionSkeleton(): ReactNode {
  return (
    <div role="status" aria-label="Loading" className="grid gap-6">
      <Skeleton className="h-7 w-64" />
      <Skeleton className="h-16" />
      <Skeleton className="h-40" />
      <Skeleton className="h-40" />
    </div>
  );
}
