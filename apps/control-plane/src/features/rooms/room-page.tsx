'use client';

import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Fact, Facts } from '@patchbay/ui/facts';
import { Skeleton } from '@patchbay/ui/skeleton';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useParams } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { useTRPC } from '../../trpc/client.ts';
import { exampleOf } from '../as-code/code-example.ts';
import { ChangesLink } from '../audit/changes-link.tsx';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { pagePath } from '../shell/pages.ts';
import type { Room } from './room.ts';
import { RoomParticipants } from './room-participants.tsx';
import { RoomState } from './rooms-panel.tsx';

/** As often as its node tells of it. */
const REFRESH_MS = 500;

/** One room while it runs: who is there, who speaks and how loud, and what can be done about it. */
export function RoomPage(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { room: escaped } = useParams<{ room: string }>();
  const room = decodeURIComponent(escaped);
  const found = useQuery(
    trpc.conferencing.getRoom.queryOptions({ accountId, room }, { refetchInterval: REFRESH_MS }),
  );
  return (
    <>
      <Link
        href={pagePath(accountId, 'services/conferencing')}
        className="mb-1 inline-block text-ink-faint hover:text-ink hover:underline"
      >
        Conferencing
      </Link>
      <PageHeader
        title={room}
        scope="A room of this account."
        examples={examplesOf(accountId, room)}
        actions={<ChangesLink target={room} />}
      />
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending ? <Skeleton className="h-24 max-w-xl" /> : null}
      {found.data === undefined ? null : (
        <div className="grid grid-cols-1 gap-x-16 gap-y-10 xl:grid-cols-[minmax(0,1fr)_minmax(0,20rem)]">
          <RoomParticipants room={found.data} />
          <div className="grid min-w-0 content-start gap-4">
            <RoomFacts room={found.data} />
            {found.data.state === 'idle' ? null : (
              <IfMay to="conferencing.endRoom">
                <EndButton room={room} />
              </IfMay>
            )}
          </div>
        </div>
      )}
    </>
  );
}

const startWords = { anybody: 'whoever comes', moderator: 'a moderator' } as const;
const endWords = { last: 'when nobody is left', moderator: 'when the last moderator leaves' } as const;

function RoomFacts({ room }: { readonly room: Room }): ReactNode {
  const { state, participantCount, participantCountMax, peakParticipantCount, startedAt, endsAt } = room;
  const { startsWith, endsWith, hasWaitingRoom, isLocked, organiser } = room;
  const door = isLocked ? 'locked' : hasWaitingRoom ? 'moderators let people in' : 'open';
  return (
    <Facts>
      <Fact term="State">
        <RoomState state={state} />
      </Fact>
      <Fact term="There now">
        {participantCount} of {participantCountMax}
        {peakParticipantCount > participantCount ? `, ${peakParticipantCount} at most` : ''}
      </Fact>
      <Fact term="Door">{door}</Fact>
      <Fact term="Started by">{startWords[startsWith]}</Fact>
      <Fact term="Ends">{endsAt === undefined ? endWords[endsWith] : showMoment(endsAt)}</Fact>
      {startedAt === undefined ? null : <Fact term="Running since">{showMoment(startedAt)}</Fact>}
      {organiser === undefined ? null : (
        <Fact term="Organiser">
          <span className="wrap-anywhere">{organiser}</span>
        </Fact>
      )}
    </Facts>
  );
}

function EndButton({ room }: { readonly room: string }): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const end = useMutation(
    trpc.conferencing.endRoom.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.conferencing.pathKey() }),
      onError: useRefusalToast(),
      onSettled: () => setAsking(false),
    }),
  );
  return (
    <div>
      <Button variant="danger" onClick={() => setAsking(true)}>
        End …
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={`End ${room}?`}
        verb="End"
        isPending={end.isPending}
        onConfirm={() => end.mutate({ accountId, room })}
      >
        <p className="text-ink">Nobody hears anybody any more.</p>
        <p>The call of each goes on with what its document says next.</p>
      </ConfirmDialog>
    </div>
  );
}

const examplesOf = (accountId: string, room: string) => [
  exampleOf({ operation: 'conferencing.getRoom', input: { accountId, room } }),
  exampleOf({ operation: 'conferencing.setRoom', input: { accountId, room, hasWaitingRoom: true } }),
  exampleOf({
    operation: 'conferencing.announce',
    input: { accountId, room, text: 'Five minutes are left.' },
  }),
];
