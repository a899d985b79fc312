'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { DoorOpen, Hand, Mic, MicOff, UserMinus } from 'lucide-react';
import type { ReactNode } from 'react';
import { showDuration } from '../../formats/quantity.ts';
import { useTRPC } from '../../trpc/client.ts';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { levelShare } from './level.ts';
import type { Room } from './room.ts';

type Participant = Room['participants'][number];

/** Whoever is in a room or waits for it, with how loud they are now. */
export function RoomParticipants({ room }: { readonly room: Room }): ReactNode {
  const { participants } = room;
  return (
    <section aria-labelledby="participants" className="min-w-0">
      <h2 id="participants" className="mb-1 font-semibold">
        Participants
      </h2>
      {participants.length === 0 ? (
        <p className="border-y py-2 text-ink-faint">Nobody is there. Whoever comes is shown at once.</p>
      ) : (
        <ul className="divide-y divide-line border-y">
          {participants.map((each) => (
            <ParticipantLine key={each.legId} room={room.room} participant={each} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ParticipantLine({
  room,
  participant,
}: {
  readonly room: string;
  readonly participant: Participant;
}): ReactNode {
  const { identity, isMuted, isHeld } = participant;
  return (
    <li className="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 py-1.5">
      <span className="grid min-w-0 grow basis-48">
        <span className="font-medium wrap-anywhere">{identity.replace(/^user:/, '')}</span>
        <span className="flex flex-wrap items-center gap-x-2 text-ink-faint text-sm">
          {standingWords(participant)}
          {isMuted ? (
            <Badge tone="wait" icon={<MicOff aria-hidden />}>
              muted
            </Badge>
          ) : null}
          {isHeld ? (
            <Badge tone="wait" icon={<Hand aria-hidden />}>
              on hold
            </Badge>
          ) : null}
        </span>
      </span>
      <Level participant={participant} />
      <span className="ml-auto flex flex-wrap items-center justify-end gap-1 sm:w-72">
        <IfMay to="conferencing.updateParticipant">
          <ChangeButtons room={room} participant={participant} />
        </IfMay>
        <IfMay to="conferencing.removeParticipant">
          <RemoveButton room={room} participant={participant} />
        </IfMay>
      </span>
    </li>
  );
}

function standingWords({ role, standing, isSpeaking, spokeMs }: Participant): string {
  if (standing === 'waiting') return `${role}, waits`;
  const now = isSpeaking ? 'speaks now' : undefined;
  const spoke = spokeMs < 1_000 ? undefined : `spoke ${showDuration(spokeMs)}`;
  return [role, now, spoke].filter((part) => part !== undefined).join(' · ');
}

/** A bar as long as they are loud. What it says is beside it in words: who speaks now, and for how long they did. */
function Level({ participant: { minusDbov, isSpeaking, standing } }: { readonly participant: Participant }) {
  const share = standing === 'in' ? levelShare(minusDbov) : 0;
  return (
    <span aria-hidden className="h-1.5 w-24 overflow-hidden rounded-full bg-hover">
      <span
        className={`block h-full rounded-full transition-[width] duration-200 ${isSpeaking ? 'bg-live' : 'bg-ink-faint'}`}
        style={{ width: `${share * 100}%` }}
      />
    </span>
  );
}

interface OfParticipant {
  readonly room: string;
  readonly participant: Participant;
}

/** What a change answers is shown at once, and not only when the room is read again. */
function useShown(room: string) {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const client = useQueryClient();
  return (answered: Room) =>
    client.setQueryData(trpc.conferencing.getRoom.queryKey({ accountId, room }), answered);
}

function ChangeButtons({ room, participant }: OfParticipant): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { legId, identity, isMuted, isHeld, standing } = participant;
  const update = useMutation(
    trpc.conferencing.updateParticipant.mutationOptions({
      onSuccess: useShown(room),
      onError: useRefusalToast(),
    }),
  );
  const of = { accountId, room, legId };
  if (standing === 'waiting')
    return (
      <Button
        size="small"
        aria-label={`Let in ${identity}`}
        isPending={update.isPending}
        onClick={() => update.mutate({ ...of, isAdmitted: true })}
      >
        <DoorOpen aria-hidden />
        Let in
      </Button>
    );
  return (
    <>
      <Button
        size="small"
        aria-pressed={isMuted}
        aria-label={`${isMuted ? 'Unmute' : 'Mute'} ${identity}`}
        isPending={update.isPending}
        onClick={() => update.mutate({ ...of, isMuted: !isMuted })}
      >
        {isMuted ? <Mic aria-hidden /> : <MicOff aria-hidden />}
        {isMuted ? 'Unmute' : 'Mute'}
      </Button>
      <Button
        size="small"
        aria-pressed={isHeld}
        aria-label={`${isHeld ? 'Take back' : 'Hold'} ${identity}`}
        isPending={update.isPending}
        onClick={() => update.mutate({ ...of, isHeld: !isHeld })}
      >
        <Hand aria-hidden />
        {isHeld ? 'Take back' : 'Hold'}
      </Button>
    </>
  );
}

function RemoveButton({ room, participant: { legId, identity } }: OfParticipant): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const remove = useMutation(
    trpc.conferencing.removeParticipant.mutationOptions({
      onSuccess: useShown(room),
      onError: useRefusalToast(),
    }),
  );
  return (
    <Button
      size="small"
      variant="danger"
      aria-label={`Remove ${identity}`}
      isPending={remove.isPending}
      onClick={() => remove.mutate({ accountId, room, legId })}
    >
      <UserMinus aria-hidden />
      Remove
    </Button>
  );
}
