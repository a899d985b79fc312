'use client';

import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccount, useAccountId } from '../shell/account.ts';

/** Makes an account below the one at hand. */
export function CreateAccount(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const { data: parent } = useAccount();
  const toast = useToast();
  const [isOpen, setOpen] = useState(false);
  const create = useMutation(
    trpc.accounts.create.mutationOptions({
      onSuccess: ({ name }) => {
        setOpen(false);
        toast({
          tone: 'live',
          title: `${name} is there.`,
          detail: 'Next: give it a key, and say what it pays.',
        });
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const externalId = String(form.get('externalId') ?? '').trim();
    create.mutate({
      accountId,
      name: String(form.get('name') ?? ''),
      ...(externalId === '' ? {} : { externalId }),
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
  };
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        <Plus aria-hidden />
        New sub-account
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={(open) => {
          setOpen(open);
          create.reset();
        }}
        title="New sub-account"
        description={`Below ${parent?.name ?? 'this account'}. It pays what you set for your children, in ${parent?.currency ?? 'your currency'}.`}
      >
        <form onSubmit={submit} className="grid gap-4">
          <Field label="Name" name="name" required maxLength={100} autoFocus placeholder="Acme Clinics" />
          <Field
            label="External id"
            name="externalId"
            maxLength={200}
            placeholder="crm_42"
            hint="Your own name for it, to find it by. May be left empty."
          />
          {create.error === null ? null : <ProblemNote error={create.error} />}
          <DialogActions>
            <Button variant="ghost" onClick={() => setOpen(false)}>
              Leave it
            </Button>
            <Button variant="primary" type="submit" isPending={create.isPending}>
              Create
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
