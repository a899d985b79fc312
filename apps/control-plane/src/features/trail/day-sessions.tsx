'use client';

import { Button } from '@patchbay/ui/button';
import { Identifier } from '@patchbay/ui/copy-button';
import { Dialog } from '@patchbay/ui/dialog';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { showClock } from '../../formats/time.ts';
import { type Inputs, type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { pagePath } from '../shell/pages.ts';
import { ExactMoney } from '../statements/exact-money.tsx';
import { LineQuantity } from '../statements/line-cells.tsx';

type Asked = Pick<
  Inputs['statements']['listLineSessions'],
  'accountId' | 'period' | 'key' | 'childId' | 'day'
>;
/** A line, and the days that it was used on. */
export type LineDays = Outputs['statements']['listLineDays'];
type Session = Outputs['statements']['listLineSessions']['items'][number];
type UsageRecord = Outputs['statements']['listLineRecords']['items'][number];

const PAGE = 50;

interface DaySessionsProps {
  readonly asked: Asked;
  readonly line: LineDays;
}

/** The sessions of one day, each with the way to it and to its records. */
export function DaySessions({ asked, line }: DaySessionsProps): ReactNode {
  const trpc = useTRPC();
  const [opened, setOpened] = useState<Session>();
  const query = useInfiniteQuery(
    trpc.statements.listLineSessions.infiniteQueryOptions({ ...asked, limit: PAGE }, paged),
  );
  const items = (query.data?.pages ?? []).flatMap((page) => page.items);
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions" className="mb-1 font-semibold">
        Sessions on {asked.day}
      </h2>
      {query.error === null ? null : <ProblemNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && query.error === null ? <TableSkeleton rows={4} /> : null}
      {query.isSuccess && items.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          The records of this day are kept no longer. The line stands on totals, which are.
        </p>
      ) : null}
      {items.length === 0 ? null : (
        <Table
          label="Sessions"
          columns={columnsOf(line, setOpened)}
          rows={items}
          rowKey={({ sessionId = '', accountId }) => `${sessionId} ${accountId}`}
        />
      )}
      <LoadMore
        hasMore={query.hasNextPage}
        isPending={query.isFetchingNextPage}
        onMore={() => void query.fetchNextPage()}
      />
      <Dialog
        isOpen={opened !== undefined}
        onOpenChange={() => setOpened(undefined)}
        title="Records"
        description="As nodes reported them, each counted once. Nothing changes them."
        placement="side"
      >
        {opened === undefined ? null : <Records asked={asked} session={opened} line={line} />}
      </Dialog>
    </section>
  );
}

const columnsOf = (line: LineDays, open: (session: Session) => void): readonly Column<Session>[] => [
  {
    key: 'session',
    header: 'Session',
    isTitle: true,
    cell: ({ sessionId, accountId }) =>
      sessionId === undefined ? (
        <span className="text-ink-faint">without a session</span>
      ) : (
        <Link href={pagePath(accountId, `sessions/${sessionId}`)} className="font-medium hover:underline">
          <code className="text-sm">{sessionId}</code>
        </Link>
      ),
  },
  { key: 'account', header: 'Account', cell: ({ accountId }) => <Identifier id={accountId} isShort /> },
  {
    key: 'when',
    header: 'From and to',
    cell: ({ from, to }) => (
      <span className="whitespace-nowrap tabular-nums">
        {showClock(from)} – {showClock(to)}
      </span>
    ),
  },
  {
    key: 'records',
    header: 'Records',
    isNumber: true,
    cell: (session) => (
      <Button size="small" variant="ghost" onClick={() => open(session)}>
        {session.recordCount}
      </Button>
    ),
  },
  {
    key: 'quantity',
    header: 'Quantity',
    isNumber: true,
    cell: ({ quantity }) => <LineQuantity line={line} quantity={quantity} />,
  },
  {
    key: 'amount',
    header: 'Amount',
    isNumber: true,
    cell: ({ amount }) => <ExactMoney amount={amount} />,
  },
];

interface RecordsProps extends DaySessionsProps {
  readonly session: Session;
}

function Records({ asked, session, line }: RecordsProps): ReactNode {
  const trpc = useTRPC();
  const { sessionId } = session;
  const query = useInfiniteQuery(
    trpc.statements.listLineRecords.infiniteQueryOptions(
      { ...asked, ...(sessionId === undefined ? {} : { sessionId }), limit: PAGE },
      paged,
    ),
  );
  const items = (query.data?.pages ?? []).flatMap((page) => page.items);
  return (
    <>
      {query.error === null ? null : <ProblemNote error={query.error} />}
      {query.isPending && query.error === null ? <TableSkeleton rows={4} /> : null}
      {items.length === 0 ? null : (
        <Table label="Records" columns={recordColumns(line)} rows={items} rowKey={({ record }) => record} />
      )}
      <LoadMore
        hasMore={query.hasNextPage}
        isPending={query.isFetchingNextPage}
        onMore={() => void query.fetchNextPage()}
      />
    </>
  );
}

const recordColumns = (line: LineDays): readonly Column<UsageRecord>[] => [
  {
    key: 'record',
    header: 'Record',
    isTitle: true,
    cell: ({ record }) => <code className="text-sm [overflow-wrap:anywhere]">{record}</code>,
  },
  { key: 'to', header: 'Counted', cell: ({ to }) => showClock(to) },
  {
    key: 'quantity',
    header: 'Quantity',
    isNumber: true,
    cell: ({ quantity }) => <LineQuantity line={line} quantity={quantity} />,
  },
];
