'use client';

import { Button } from '@patchbay/ui/button';
import { Select } from '@patchbay/ui/select';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import { RefreshCw } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { type Presence, PresenceState } from './presence-state.tsx';
import { SayPresence } from './say-presence.tsx';

const standings = [
  { value: 'online', label: 'those who are there' },
  { value: 'offline', label: 'those who are not' },
  { value: 'all', label: 'everybody' },
] as const;
type Standing = (typeof standings)[number]['value'];

/** Who of an account is there, on which devices, and what they say of themselves. Looked at when asked: a look is use. */
export function PresencePanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [standing, setStanding] = useState<Standing>('all');
  const list = useInfiniteQuery(
    trpc.presence.list.infiniteQueryOptions(
      { ...listRequest(accountId), ...(standing === 'all' ? {} : { standing }) },
      { ...paged, refetchOnWindowFocus: false },
    ),
  );
  const people = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="people">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-3">
        <h2 id="people" className="font-semibold">
          Who is there
        </h2>
        <div className="flex flex-wrap items-center gap-2">
          <Select label="Show" isLabelled value={standing} options={standings} onChange={setStanding} />
          <Button size="small" isPending={list.isFetching} onClick={() => void list.refetch()}>
            <RefreshCw aria-hidden />
            Look again
          </Button>
        </div>
      </div>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && people.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">{nobody[standing]}</p>
      ) : null}
      {people.length === 0 ? null : (
        <Table label="People" columns={columns} rows={people} rowKey={({ identity }) => identity} />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
      <p className="mt-2 text-sm text-ink-faint">Each look counts one lookup for each of those shown.</p>
    </section>
  );
}

const nobody: Readonly<Record<Standing, string>> = {
  online: 'Nobody is connected now.',
  offline: 'Of nobody who was here is it known that they left.',
  all: 'Nobody was here yet. Whoever connects is seen with their first connection.',
};

const columns: readonly Column<Presence>[] = [
  {
    key: 'identity',
    header: 'Identity',
    isTitle: true,
    cell: ({ identity }) => <span className="font-mono wrap-anywhere">{identity}</span>,
  },
  { key: 'state', header: 'State', cell: (presence) => <PresenceState presence={presence} /> },
  {
    key: 'note',
    header: 'Note',
    cell: ({ note }) => <span className="wrap-anywhere text-ink-soft">{note ?? '–'}</span>,
  },
  {
    key: 'devices',
    header: 'Devices',
    cell: ({ devices, lastSeenAt }) =>
      devices.length === 0 ? (
        <span className="text-ink-soft">
          {lastSeenAt === undefined ? 'none seen' : `last seen ${showMoment(lastSeenAt)}`}
        </span>
      ) : (
        <ul>
          {devices.map(({ id, name, kind, since }) => (
            <li key={id ?? since} className="wrap-anywhere">
              {name === undefined ? kind : `${name} (${kind})`}{' '}
              <span className="text-ink-soft">since {showMoment(since)}</span>
            </li>
          ))}
        </ul>
      ),
  },
  { key: 'say', header: 'Actions', isAction: true, cell: (presence) => <SayPresence presence={presence} /> },
];
