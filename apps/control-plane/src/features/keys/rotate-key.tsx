'use client';

import { Dialog } from '@patchbay/ui/dialog';
import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useAccountId } from '../shell/account.ts';
import { NewSecret } from './new-secret.tsx';

const HOUR_MS = 3_600_000;
const overlaps = [
  { value: '1', label: 'in an hour' },
  { value: '24', label: 'in a day' },
  { value: '168', label: 'in a week' },
  { value: '719', label: 'in 30 days' },
] as const;

export interface RotateKeyProps {
  readonly rotated: { readonly id: string; readonly name: string };
  readonly onDone: () => void;
}

/** A new secret in place of an old one, which goes on for a stated time (ACC-4). */
export function RotateKey({ rotated: { id: keyId, name }, onDone }: RotateKeyProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [hours, setHours] = useState<(typeof overlaps)[number]['value']>('24');
  const rotate = useMutation(trpc.keys.rotate.mutationOptions());
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const endsAt = new Date(Date.now() + Number(hours) * HOUR_MS).toISOString();
    rotate.mutate({ accountId, keyId, endsAt });
  };
  if (rotate.data !== undefined) {
    const { secret, mode } = rotate.data;
    return <NewSecret name={name} secret={secret} mode={mode} accountId={accountId} onDone={onDone} />;
  }
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={`Rotate “${name}”`}
      description="A new key that may do the same. Until the old one ends, both work."
    >
      <form onSubmit={submit} className="grid gap-4">
        <Labelled
          label="The old key ends"
          hint="What it minted ends with it, and the calls that run on them."
        >
          <Select label="The old key ends" value={hours} options={overlaps} onChange={setHours} />
        </Labelled>
        <FormEnd
          refusal={rotate.error ?? undefined}
          verb="Rotate"
          isPending={rotate.isPending}
          onLeave={onDone}
        />
      </form>
    </Dialog>
  );
}
