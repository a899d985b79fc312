'use client';

import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { Gauge, Pause, Play, Route, Waypoints } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../../trpc/client.ts';
import { FormEnd } from '../../form/form-end.tsx';
import { IfMay } from '../../shell/if-may.tsx';
import { type LogEntry, modeLooks, type Session } from '../session.ts';
import { hasLogic, whyNoControl, whyNoRedirect } from './control-rules.ts';
import { useSessionControl } from './use-session-control.ts';

export interface SessionControlsProps {
  readonly session: Session;
  readonly log: readonly LogEntry[] | undefined;
}

/** What can be done to a session while it runs, besides ending it; what cannot says why. */
export function SessionControls({ session, log }: SessionControlsProps): ReactNode {
  return (
    <>
      <IfMay to="sessions.update">
        <HoldSession session={session} />
        <LimitSession session={session} />
        <MoveSession session={session} />
      </IfMay>
      <IfMay to="sessions.redirect">
        <RedirectSession session={session} log={log} />
      </IfMay>
    </>
  );
}

function HoldSession({ session }: { readonly session: Session }): ReactNode {
  const { accountId, update } = useSessionControl(session.id);
  const isPaused = session.state === 'paused';
  const why = whyNoControl(session);
  return (
    <Button
      size="small"
      disabled={why !== undefined}
      title={
        why ?? (isPaused ? 'Everybody hears and sees the others again.' : 'Nobody sends or hears anything.')
      }
      isPending={update.isPending}
      onClick={() => update.mutate({ accountId, sessionId: session.id, state: isPaused ? 'live' : 'paused' })}
    >
      {isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
      {isPaused ? 'Resume' : 'Pause'}
    </Button>
  );
}

function LimitSession({ session }: { readonly session: Session }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const why = whyNoControl(session);
  return (
    <>
      <Button size="small" disabled={why !== undefined} title={why} onClick={() => setOpen(true)}>
        <Gauge aria-hidden />
        Limits
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="Limits for the rest of it"
        description="They hold beside those of its credentials and policies: whichever is reached first acts."
      >
        <LimitForm session={session} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

const MINUTE_SECONDS = 60;
const KILOBIT = 1_000;

function LimitForm({
  session,
  onDone,
}: {
  readonly session: Session;
  readonly onDone: () => void;
}): ReactNode {
  const { accountId, update } = useSessionControl(session.id);
  const rate = session.limits?.bitsPerSecondMax;
  const [draft, setDraft] = useState({
    minutes: '',
    kilobits: rate === undefined ? '' : String(rate / KILOBIT),
  });
  const minutes = Number(draft.minutes);
  const kilobits = draft.kilobits === '' ? null : Math.round(Number(draft.kilobits) * KILOBIT);
  const send = () => {
    const limits = {
      bitsPerSecondMax: kilobits,
      ...(draft.minutes === '' ? {} : { secondsLeft: Math.round(minutes * MINUTE_SECONDS) }),
    };
    update.mutate({ accountId, sessionId: session.id, limits }, { onSuccess: onDone });
  };
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Field
        label="Ends in"
        type="number"
        min={1}
        max={525_600}
        unit="minutes"
        hint={
          session.limits?.endsAt === undefined
            ? 'Empty: when somebody hangs up, or another limit is reached.'
            : `Empty: as it is set, at ${new Date(session.limits.endsAt).toLocaleTimeString()}.`
        }
        value={draft.minutes}
        onChange={(event) => setDraft({ ...draft, minutes: event.target.value })}
      />
      <Field
        label="At most"
        type="number"
        min={1}
        unit="kbit/s"
        hint="Of each party, both ways together. Relays hold it: what goes directly is not held."
        value={draft.kilobits}
        onChange={(event) => setDraft({ ...draft, kilobits: event.target.value })}
      />
      <FormEnd
        refusal={update.error ?? undefined}
        verb="Set them"
        isPending={update.isPending}
        onLeave={onDone}
      />
    </form>
  );
}

function MoveSession({ session }: { readonly session: Session }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const why = whyNoControl(session);
  return (
    <>
      <Button size="small" disabled={why !== undefined} title={why} onClick={() => setOpen(true)}>
        <Waypoints aria-hidden />
        Move media
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="Move its media"
        description="Sound and picture go on the way before until they come by the new one."
      >
        <MoveForm session={session} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

const ways = (['p2p', 'relay', 'media'] as const).map((value) => ({ value, label: modeLooks[value].label }));
type Way = (typeof ways)[number]['value'];
const wayHints: Readonly<Record<Way, string>> = {
  p2p: 'Between its parties: nothing of it passes the platform.',
  relay: 'Sealed, through a relay: neither party learns the address of the other.',
  media: 'Through a media node, which can read it. Its time is counted for the account whose call it is.',
};

function MoveForm({
  session,
  onDone,
}: {
  readonly session: Session;
  readonly onDone: () => void;
}): ReactNode {
  const { accountId, update } = useSessionControl(session.id);
  const [way, setWay] = useState<Way>(session.mode === 'p2p' ? 'relay' : 'p2p');
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate({ accountId, sessionId: session.id, mode: way }, { onSuccess: onDone });
      }}
    >
      <Labelled label="From here on" hint={wayHints[way]}>
        <Select label="From here on" value={way} options={ways} onChange={setWay} />
      </Labelled>
      <FormEnd
        refusal={update.error ?? undefined}
        verb="Move it"
        isPending={update.isPending}
        onLeave={onDone}
      />
    </form>
  );
}

function RedirectSession({ session, log }: SessionControlsProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const why = whyNoRedirect(session, log);
  return (
    <>
      <Button size="small" disabled={why !== undefined} title={why} onClick={() => setOpen(true)}>
        <Route aria-hidden />
        Redirect
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="Redirect this call"
        description="To somebody else: whoever was called leaves, and the caller waits until that one answers."
      >
        <RedirectForm session={session} hasLogic={hasLogic(log)} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

const targets = [
  { value: 'to', label: 'an endpoint' },
  { value: 'url', label: 'another document of its logic' },
] as const;
type Target = (typeof targets)[number]['value'];

function RedirectForm({
  session,
  hasLogic: isOfLogic,
  onDone,
}: {
  readonly session: Session;
  readonly hasLogic: boolean;
  readonly onDone: () => void;
}): ReactNode {
  const trpc = useTRPC();
  const { accountId } = useSessionControl(session.id);
  const toast = useToast();
  const [target, setTarget] = useState<Target>(isOfLogic ? 'url' : 'to');
  const [place, setPlace] = useState('');
  const redirect = useMutation(
    trpc.sessions.redirect.mutationOptions({
      onSuccess: () => {
        toast({ title: target === 'url' ? 'The document is asked for.' : `${place} rings.`, tone: 'live' });
        onDone();
      },
    }),
  );
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        redirect.mutate({ accountId, sessionId: session.id, [target]: place.trim() });
      }}
    >
      {isOfLogic ? (
        <Labelled label="To">
          <Select label="To" value={target} options={targets} onChange={setTarget} />
        </Labelled>
      ) : null}
      {target === 'url' ? (
        <Field
          label="Address of the document"
          type="url"
          required
          placeholder="https://app.example.com/calls/next"
          value={place}
          onChange={(event) => setPlace(event.target.value)}
        />
      ) : (
        <Field
          label="Endpoint"
          required
          placeholder="user:carol"
          hint="As the caller would call it."
          value={place}
          onChange={(event) => setPlace(event.target.value)}
        />
      )}
      <FormEnd
        refusal={redirect.error ?? undefined}
        verb="Redirect it"
        isPending={redirect.isPending}
        onLeave={onDone}
      />
    </form>
  );
}
