'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import type { Tone } from '@patchbay/ui/tone';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { showMoment } from '../../formats/time.ts';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';

/** How far one has come is looked at so often. */
const LOOK_MS = 2_000;

export interface ReplaySectionProps {
  readonly webhookId: string;
  readonly isActive: boolean;
  /** When it was disabled last. */
  readonly disabledAt: string | undefined;
}

type Replay = NonNullable<Outputs['replays']['get']['replay']>;

const tones: Readonly<Record<Replay['state'], Tone>> = {
  running: 'wait',
  done: 'live',
  cancelled: 'neutral',
};

/** Sends the webhook again what it heard, or missed, and says how far that has come. */
export function ReplaySection({ webhookId, isActive, disabledAt }: ReplaySectionProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const onError = useRefusalToast();
  const [isOpen, setOpen] = useState(false);
  const request = { accountId, webhookId };
  const found = useQuery({ ...trpc.replays.get.queryOptions(request), refetchInterval: LOOK_MS });
  const cancel = useMutation(trpc.replays.cancel.mutationOptions({ onError }));
  const replay = found.data?.replay;
  const isRunning = replay?.state === 'running';
  const isWaiting = isRunning || (replay?.state === 'done' && replay.waitingCount > 0);
  return (
    <section aria-labelledby="replay">
      <div className="mb-1 flex items-center justify-between gap-4">
        <h2 id="replay" className="font-semibold">
          Replay
        </h2>
        <div className="flex flex-wrap gap-2">
          {isWaiting ? (
            <IfMay to="replays.cancel">
              <Button onClick={() => cancel.mutate(request)} isPending={cancel.isPending}>
                Cancel
              </Button>
            </IfMay>
          ) : null}
          <IfMay to="replays.start">
            <Button onClick={() => setOpen(true)} disabled={!isActive || isRunning}>
              Send again …
            </Button>
          </IfMay>
        </div>
      </div>
      {found.error === null ? null : <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {replay === undefined ? (
        <p className="border-y py-2 text-ink-faint">
          After an outage, or a mistake in a handler, the events since then can be sent again, with the ids
          that they had, beside what happens meanwhile.
        </p>
      ) : (
        <Progress replay={replay} />
      )}
      {isOpen ? <StartReplay {...{ webhookId, disabledAt }} onDone={() => setOpen(false)} /> : null}
    </section>
  );
}

function Progress({ replay }: { readonly replay: Replay }): ReactNode {
  const { state, percentDone, waitingCount, deliveredCount, failedCount, startedAt, endedAt } = replay;
  return (
    <div className="grid gap-2 border-y py-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <Badge tone={tones[state]}>{state}</Badge>
        <span className="tabular-nums">
          {deliveredCount.toLocaleString('en')} taken, {waitingCount.toLocaleString('en')} waiting
          {failedCount === 0 ? '' : `, ${failedCount.toLocaleString('en')} given up`}
        </span>
        <span className="text-ink-faint">
          since {showMoment(startedAt)}
          {endedAt === undefined ? '' : `, to ${showMoment(endedAt)}`}
        </span>
      </div>
      {state === 'running' ? (
        <progress
          className="h-1.5 w-full max-w-md accent-live"
          aria-label="How far the replay has come"
          value={percentDone}
          max={100}
        />
      ) : null}
    </div>
  );
}

const places = [
  { value: '1', label: 'the last hour' },
  { value: '24', label: 'the last day' },
  { value: 'all', label: 'all that is kept' },
  { value: 'cursor', label: 'a cursor' },
] as const;
type Place = (typeof places)[number]['value'] | 'disabled';

interface From {
  readonly cursor: string;
  readonly disabledAt: string | undefined;
}

function startOf(
  place: Place,
  { cursor, disabledAt }: From,
): { readonly cursor?: string; readonly since?: string } {
  switch (place) {
    case 'all':
      return {};
    case 'cursor':
      return { cursor };
    case 'disabled':
      return disabledAt === undefined ? {} : { since: disabledAt };
    case '1':
    case '24':
      return { since: new Date(Date.now() - Number(place) * 3_600_000).toISOString() };
  }
}

const placesOf = (disabledAt: string | undefined): readonly { value: Place; label: string }[] => [
  ...(disabledAt === undefined
    ? []
    : [{ value: 'disabled' as const, label: `when it was disabled, ${showMoment(disabledAt)}` }]),
  ...places,
];

function StartReplay({
  webhookId,
  disabledAt,
  onDone,
}: Omit<ReplaySectionProps, 'isActive'> & {
  readonly onDone: () => void;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [place, setPlace] = useState<Place>(disabledAt === undefined ? '1' : 'disabled');
  const [cursor, setCursor] = useState('');
  const start = useMutation(trpc.replays.start.mutationOptions({ onSuccess: onDone }));
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title="Send events again?"
      description="What this webhook hears of, up to the last event of now. Your server knows them by their ids."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate({ accountId, webhookId, ...startOf(place, { cursor, disabledAt }) });
        }}
      >
        <Labelled label="From">
          <Select label="From" value={place} options={placesOf(disabledAt)} onChange={setPlace} />
        </Labelled>
        {place === 'cursor' ? (
          <Field
            label="Cursor"
            name="cursor"
            required
            value={cursor}
            onChange={(event) => setCursor(event.target.value)}
            hint="Of the last event that you have: what came after it is sent."
          />
        ) : null}
        <p className="text-ink-soft">
          At most 32 events wait at a time, so what happens meanwhile is not held up. It can be cancelled.
        </p>
        {start.error === null ? null : <ProblemNote error={start.error} />}
        <DialogActions>
          <Button variant="ghost" onClick={onDone}>
            Leave it
          </Button>
          <Button variant="primary" type="submit" isPending={start.isPending}>
            Send again
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
