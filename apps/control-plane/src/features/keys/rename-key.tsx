'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Dialog } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';

const schema = tenancy.resources.keys.operations.update.request;

export interface RenameKeyProps {
  readonly renamed: { readonly id: string; readonly name: string };
  readonly onDone: () => void;
}

/** What a key may do stays as it was made: only its name changes. */
export function RenameKey({ renamed: { id: keyId, name }, onDone }: RenameKeyProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const update = useMutation(trpc.keys.update.mutationOptions({ onSuccess: onDone }));
  const form = useForm({
    schema,
    read: (text) => ({ keyId, name: text('name') }),
    onValid: (fields) => update.mutate({ accountId, ...fields }),
    refusal: update.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={`Rename “${name}”`}
      description="Its secret and what it may do stay as they are. For other rights make a new key."
    >
      <form {...form.props} className="grid gap-4">
        <Field label="Name" name="name" autoFocus defaultValue={name} error={form.errorOf('name')} />
        <FormEnd refusal={form.refusal} verb="Rename" isPending={update.isPending} onLeave={onDone} />
      </form>
    </Dialog>
  );
}
