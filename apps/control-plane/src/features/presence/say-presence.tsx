'use client';

import { NOTE_LENGTH_MAX, type SaidState, saidStates } from '@patchbay/domain/presence/presence';
import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';
import { type Presence, stateWords } from './presence-state.tsx';

const states = saidStates.map((value) => ({ value, label: stateWords[value] }));
const untilTakenBack = 'always';
const durations = [
  { value: untilTakenBack, label: 'until it is taken back' },
  { value: '3600', label: 'an hour' },
  { value: '28800', label: 'eight hours' },
  { value: '86400', label: 'a day' },
  { value: '604800', label: 'a week' },
];

/** Says how somebody is, as a server does for them, or takes it back. */
export function SayPresence({ presence }: { readonly presence: Presence }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const { identity } = presence;
  return (
    <IfMay to="presence.set">
      <Button
        size="small"
        variant="ghost"
        aria-label={`Say how ${identity} is`}
        onClick={() => setOpen(true)}
      >
        Say how
      </Button>
      <Dialog
        title={`How ${identity} is`}
        description="What others of the account see while they are there. It keeps no call from ringing."
        isOpen={isOpen}
        onOpenChange={setOpen}
      >
        <PresenceForm presence={presence} onDone={() => setOpen(false)} />
      </Dialog>
    </IfMay>
  );
}

function PresenceForm({
  presence: { identity, state, note },
  onDone,
}: {
  readonly presence: Presence;
  readonly onDone: () => void;
}): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const queries = useQueryClient();
  const [draft, setDraft] = useState({
    state: (state === 'offline' ? 'available' : state) satisfies SaidState,
    note: note ?? '',
    lasts: untilTakenBack,
  });
  const done = {
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries(trpc.presence.list.pathFilter());
    },
  };
  const set = useMutation(trpc.presence.set.mutationOptions(done));
  const clear = useMutation(trpc.presence.clear.mutationOptions(done));
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate({
          ...{ accountId, identity, state: draft.state },
          ...(draft.note.trim() === '' ? {} : { note: draft.note.trim() }),
          ...(draft.lasts === untilTakenBack ? {} : { lastsSeconds: Number(draft.lasts) }),
        });
      }}
    >
      <Labelled label="State">
        <Select
          label="State"
          value={draft.state}
          options={states}
          onChange={(said) => setDraft({ ...draft, state: said })}
        />
      </Labelled>
      <Field
        label="Note"
        hint="Whoever sees them reads it."
        maxLength={NOTE_LENGTH_MAX}
        value={draft.note}
        onChange={(event) => setDraft({ ...draft, note: event.target.value })}
      />
      <Labelled label="For">
        <Select
          label="For"
          value={draft.lasts}
          options={durations}
          onChange={(lasts) => setDraft({ ...draft, lasts })}
        />
      </Labelled>
      <IfMay to="presence.clear">
        <div>
          <Button
            type="button"
            variant="ghost"
            isPending={clear.isPending}
            onClick={() => clear.mutate({ accountId, identity })}
          >
            Take back what was said
          </Button>
        </div>
      </IfMay>
      <FormEnd
        refusal={set.error ?? clear.error ?? undefined}
        verb="Say it"
        isPending={set.isPending}
        onLeave={onDone}
      />
    </form>
  );
}
