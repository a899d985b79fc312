'use client';

import { Quantity } from '@patchbay/ui/stat';
import { type Column, Table } from '@patchbay/ui/table';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useMemo } from 'react';
import { showBitRate, showBytes, showDuration } from '../../formats/quantity.ts';
import { showMoment } from '../../formats/time.ts';
import { useAccountId } from '../shell/account.ts';
import { pagePath } from '../shell/pages.ts';
import { useNow } from '../shell/use-now.ts';
import { isOpen, kindLabels, lastedMs, participantNames, type Session } from './session.ts';
import { ModeBadge, SessionStateBadge } from './session-badges.tsx';

/** Only what runs ticks. */
const LIVE_TICK_MS = 1_000;
const PAST_TICK_MS = 60_000;

export interface SessionTableProps {
  readonly label: string;
  readonly sessions: readonly Session[];
  /** Leaves out what an overview has no room for. */
  readonly isBrief?: boolean;
  /** All have ended: nothing in them has a bit rate any more. */
  readonly isPast?: boolean;
}

/** Sessions with their figures. Those that run tick; a row opens its session. */
export function SessionTable({
  label,
  sessions,
  isBrief = false,
  isPast = false,
}: SessionTableProps): ReactNode {
  const router = useRouter();
  const accountId = useAccountId();
  const nowMs = useNow(sessions.some(isOpen) ? LIVE_TICK_MS : PAST_TICK_MS);
  const columns = useMemo(
    () => columnsOf({ accountId, isBrief, isPast }, nowMs),
    [accountId, isBrief, isPast, nowMs],
  );
  return (
    <Table
      label={label}
      columns={columns}
      rows={sessions}
      rowKey={({ id }) => id}
      onOpen={({ id }) => router.push(pagePath(accountId, `sessions/${id}`))}
    />
  );
}

interface Shape {
  readonly accountId: string;
  readonly isBrief: boolean;
  readonly isPast: boolean;
}

function columnsOf({ accountId, isBrief, isPast }: Shape, nowMs: number): readonly Column<Session>[] {
  const kind: readonly Column<Session>[] = isBrief
    ? []
    : [
        {
          key: 'kind',
          header: 'Kind',
          width: 'w-[8%]',
          cell: (session) => <span className="text-ink-soft">{kindLabels[session.kind]}</span>,
        },
      ];
  const left: readonly Column<Session>[] = [
    {
      key: 'participants',
      header: 'Participants',
      isTitle: true,
      width: isBrief ? 'w-[27%]' : 'w-[21%]',
      cell: (session) => (
        <Link
          href={pagePath(accountId, `sessions/${session.id}`)}
          className="block max-w-72 truncate font-medium max-sm:whitespace-normal"
        >
          {participantNames(session)}
        </Link>
      ),
    },
    {
      key: 'state',
      header: 'State',
      width: 'w-[13%]',
      cell: (session) => <SessionStateBadge session={session} />,
    },
    ...kind,
    {
      key: 'account',
      header: 'Account',
      width: 'w-[17%]',
      cell: (session) => (
        <Link
          href={pagePath(session.accountId, 'sessions')}
          className="block max-w-44 truncate hover:underline max-sm:whitespace-normal"
          title={session.accountName}
        >
          {session.accountName}
        </Link>
      ),
    },
    { key: 'mode', header: 'Media', width: 'w-[13%]', cell: ({ mode }) => <ModeBadge mode={mode} /> },
  ];
  const rate: readonly Column<Session>[] = [
    {
      key: 'rate',
      header: 'Bit rate',
      isNumber: true,
      cell: (session) =>
        session.bitsPerSecond === undefined || !isOpen(session) ? (
          <span className="text-ink-faint">–</span>
        ) : (
          <Quantity {...showBitRate(session.bitsPerSecond)} />
        ),
    },
  ];
  const right: readonly Column<Session>[] = [
    {
      key: 'bytes',
      header: 'Relayed',
      isNumber: true,
      cell: ({ relayBytes }) =>
        relayBytes === '0' ? (
          <span className="text-ink-faint">–</span>
        ) : (
          <Quantity {...showBytes(relayBytes)} />
        ),
    },
    {
      key: 'lasted',
      header: 'Duration',
      isNumber: true,
      cell: (session) => <span className="whitespace-nowrap">{showDuration(lastedMs(session, nowMs))}</span>,
    },
  ];
  const started: readonly Column<Session>[] = [
    {
      key: 'started',
      header: 'Started',
      isNumber: true,
      cell: ({ startedAt }) => (
        <time dateTime={startedAt} className="whitespace-nowrap text-ink-soft">
          {showMoment(startedAt, nowMs)}
        </time>
      ),
    },
  ];
  return [...left, ...(isPast ? [] : rate), ...right, ...(isBrief ? [] : started)];
}
