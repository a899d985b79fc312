'use client';

import { Badge, LiveDot } from '@patchbay/ui/badge';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useInfiniteQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';
import { listRequest, paged } from '../shell/list-request.ts';
import { LoadMore } from '../shell/load-more.tsx';
import { roomPath } from './room-path.ts';

type Room = Outputs['conferencing']['listRooms']['items'][number];

const REFRESH_MS = 2_000;

/** The rooms of an account: those that are set, and those that run. */
export function RoomsPanel(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const router = useRouter();
  const list = useInfiniteQuery(
    trpc.conferencing.listRooms.infiniteQueryOptions(listRequest(accountId), {
      ...paged,
      refetchInterval: REFRESH_MS,
    }),
  );
  const rooms = (list.data?.pages ?? []).flatMap(({ items }) => items);
  return (
    <section aria-labelledby="rooms">
      <h2 id="rooms" className="mb-1 font-semibold">
        Rooms
      </h2>
      {list.error === null ? null : <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? <TableSkeleton rows={3} /> : null}
      {list.isSuccess && rooms.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">
          No room is set, and none runs. One begins with the first call whose document says conference.
        </p>
      ) : null}
      {rooms.length === 0 ? null : (
        <Table
          label="Rooms"
          columns={columnsOf(accountId)}
          rows={rooms}
          rowKey={({ room }) => room}
          onOpen={({ room }) => router.push(roomPath(accountId, room))}
        />
      )}
      <LoadMore
        hasMore={list.hasNextPage}
        isPending={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </section>
  );
}

/** Whether it runs, as a word beside a dot. */
export function RoomState({ state }: Pick<Room, 'state'>): ReactNode {
  if (state === 'idle') return <span className="text-ink-faint">nobody there</span>;
  return (
    <Badge tone={state === 'live' ? 'live' : 'wait'} icon={<LiveDot isLive={state === 'live'} />}>
      {state === 'live' ? 'live' : 'waits to begin'}
    </Badge>
  );
}

const columnsOf = (accountId: string): readonly Column<Room>[] => [
  {
    key: 'room',
    header: 'Room',
    isTitle: true,
    cell: ({ room }) => (
      <Link href={roomPath(accountId, room)} className="wrap-anywhere hover:underline">
        {room}
      </Link>
    ),
  },
  { key: 'state', header: 'State', cell: ({ state }) => <RoomState state={state} /> },
  { key: 'there', header: 'There now', isNumber: true, cell: ({ participantCount }) => participantCount },
  {
    key: 'started',
    header: 'Begun',
    cell: ({ startedAt }) => (
      <span className="whitespace-nowrap text-ink-soft">
        {startedAt === undefined ? '–' : showMoment(startedAt)}
      </span>
    ),
  },
  {
    key: 'set',
    header: 'Set',
    cell: ({ isSet, isLocked }) => (
      <span className="text-ink-soft">
        {[isSet ? 'beforehand' : 'on the fly', ...(isLocked ? ['locked'] : [])].join(', ')}
      </span>
    ),
  },
];
