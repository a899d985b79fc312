'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { Mic, MicOff, UserMinus, Video, VideoOff } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { IfMay } from '../../shell/if-may.tsx';
import { isOpen, type LogEntry, type Session } from '../session.ts';
import { mutedWords, whyNoMute, whyNoRemoval } from './control-rules.ts';
import { SessionControls } from './session-controls.tsx';
import { namelessOf } from './timeline.ts';
import { useSessionControl } from './use-session-control.ts';

type Leg = Session['legs'][number];

/** Who is in a running session, and what can be done to all of it and to each. */
export function SessionParties({
  session,
  log,
}: {
  readonly session: Session;
  readonly log: readonly LogEntry[] | undefined;
}): ReactNode {
  if (!isOpen(session)) return null;
  return (
    <section aria-labelledby="parties">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <h2 id="parties" className="font-semibold">
          Participants
        </h2>
        <span className="flex flex-wrap gap-1">
          <SessionControls session={session} log={log} />
        </span>
      </div>
      <ul className="divide-y divide-line border-y">
        {session.legs.map((leg) => (
          <Party key={leg.id} session={session} leg={leg} />
        ))}
      </ul>
    </section>
  );
}

const stateWords = { ringing: 'rings', joined: 'is in it', left: 'has left' } as const;

function Party({ session, leg }: { readonly session: Session; readonly leg: Leg }): ReactNode {
  const muted = mutedWords(leg);
  return (
    <li className="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 py-1.5">
      <span className="min-w-32 font-medium">{leg.identity ?? namelessOf(session)}</span>
      <span className="text-ink-faint">{stateWords[leg.state]}</span>
      {muted === '' ? null : (
        <Badge tone="wait" icon={<MicOff aria-hidden />}>
          {muted} muted
        </Badge>
      )}
      <span className="ml-auto flex flex-wrap items-center gap-1">
        <IfMay to="sessions.updateLeg">
          <MuteButton session={session} leg={leg} kind="audio" />
          <MuteButton session={session} leg={leg} kind="video" />
        </IfMay>
        <IfMay to="sessions.removeLeg">
          <RemoveButton session={session} leg={leg} />
        </IfMay>
      </span>
    </li>
  );
}

const looks = {
  audio: { word: 'sound', Off: Mic, On: MicOff },
  video: { word: 'picture', Off: Video, On: VideoOff },
} as const;

function MuteButton({
  session,
  leg,
  kind,
}: {
  readonly session: Session;
  readonly leg: Leg;
  readonly kind: keyof typeof looks;
}): ReactNode {
  const { accountId, updateLeg } = useSessionControl(session.id);
  const isMuted = leg.muted?.[kind] === true;
  const why = whyNoMute(session, leg);
  const { word, Off, On } = looks[kind];
  const Icon = isMuted ? On : Off;
  const who = leg.identity ?? namelessOf(session);
  const does = isMuted ? `Unmute ${word}` : `Mute ${word}`;
  return (
    <Button
      size="small"
      aria-pressed={isMuted}
      aria-label={`${does} of ${who}`}
      disabled={why !== undefined}
      title={why}
      isPending={updateLeg.isPending}
      onClick={() =>
        updateLeg.mutate({ accountId, sessionId: session.id, legId: leg.id, muted: { [kind]: !isMuted } })
      }
    >
      <Icon aria-hidden />
      {does}
    </Button>
  );
}

function RemoveButton({ session, leg }: { readonly session: Session; readonly leg: Leg }): ReactNode {
  const { accountId, removeLeg } = useSessionControl(session.id);
  const [isAsking, setAsking] = useState(false);
  const why = whyNoRemoval(session, leg);
  const who = leg.identity ?? namelessOf(session);
  return (
    <>
      <Button
        size="small"
        variant="danger"
        aria-label={`Remove ${who}`}
        disabled={why !== undefined}
        title={why}
        onClick={() => setAsking(true)}
      >
        <UserMinus aria-hidden />
        Remove
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={`Remove ${who}?`}
        verb="Remove"
        isPending={removeLeg.isPending}
        onConfirm={() =>
          removeLeg.mutate(
            { accountId, sessionId: session.id, legId: leg.id },
            { onSettled: () => setAsking(false) },
          )
        }
      >
        <p>
          {who} is told so at once. A call of two ends with it, and the other party is told why. This cannot
          be undone.
        </p>
      </ConfirmDialog>
    </>
  );
}
