'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccount, useAccountId } from '../shell/account.ts';
import { IfMay } from '../shell/if-may.tsx';

const schema = tenancy.resources.accounts.operations.create.request;
export const accountFieldsByCode = {
  'tenancy.external_id_taken': 'externalId',
  'tenancy.time_zone_unknown': 'timeZone',
};

/** Makes an account below the one at hand. */
export function CreateAccount({ isQuiet = false }: { readonly isQuiet?: boolean }): ReactNode {
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
  const form = useForm({
    schema,
    read: (text) => ({
      name: text('name'),
      ...(text('externalId').trim() === '' ? {} : { externalId: text('externalId') }),
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
    onValid: (fields) => create.mutate({ accountId, ...fields }),
    refusal: create.error,
    fieldsByCode: accountFieldsByCode,
  });
  return (
    <IfMay to="accounts.create">
      <Button {...(isQuiet ? { size: 'small' } : { variant: 'primary' })} onClick={() => setOpen(true)}>
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
        <form {...form.props} className="grid gap-4">
          <Field label="Name" name="name" autoFocus placeholder="Acme Clinics" error={form.errorOf('name')} />
          <Field
            label="External id"
            name="externalId"
            placeholder="crm_42"
            hint="Your own name for it, to find it by. May be left empty."
            error={form.errorOf('externalId')}
          />
          <FormEnd
            refusal={form.refusal}
            verb="Create"
            isPending={create.isPending}
            onLeave={() => setOpen(false)}
          />
        </form>
      </Dialog>
    </IfMay>
  );
}
