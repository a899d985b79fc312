'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Field } from '@patchbay/ui/input';
import { useToast } from '@patchbay/ui/toast';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { accountFieldsByCode } from '../accounts/create-account.tsx';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { Changeable } from '../shell/changeable.tsx';
import { useMay } from '../shell/use-may.ts';
import { ZoneOptions } from '../time-zone/zone-options.tsx';

type Account = Outputs['accounts']['get'];

const schema = tenancy.resources.accounts.operations.update.request;

/** Only what was changed is sent: the audit log then says just that. */
export function SettingsForm({ account }: { readonly account: Account }): ReactNode {
  const trpc = useTRPC();
  const toast = useToast();
  const saved = useSavedToast();
  const zonesId = useId();
  const mayChange = useMay('accounts.update');
  const update = useMutation(
    trpc.accounts.update.mutationOptions({
      onSuccess: saved,
    }),
  );
  const form = useForm({
    schema,
    read: (text) => changedFields(account, text),
    onValid: (fields) => {
      if (Object.keys(fields).length > 0) update.mutate({ accountId: account.id, ...fields });
      else toast({ tone: 'live', title: 'Nothing to save: all of it stands already.' });
    },
    refusal: update.error,
    fieldsByCode: accountFieldsByCode,
  });
  return (
    <form {...form.props} className="grid content-start gap-4">
      <Changeable
        by="accounts.update"
        end={<FormEnd refusal={form.refusal} verb="Save" isPending={update.isPending} />}
      >
        <Field
          label="Name"
          name="name"
          defaultValue={account.name}
          autoComplete="off"
          error={form.errorOf('name')}
        />
        <Field
          label="External id"
          name="externalId"
          defaultValue={account.externalId ?? ''}
          autoComplete="off"
          // To who may only read it, an example would look like its value.
          placeholder={mayChange ? 'crm_42' : 'none'}
          hint="Your own name for it: the API finds the account by it. Empty: it has none."
          error={form.errorOf('externalId')}
        />
        <Field
          label="Time zone"
          name="timeZone"
          defaultValue={account.timeZone}
          list={zonesId}
          autoComplete="off"
          hint="For windows of policies. Statements are of months in UTC."
          error={form.errorOf('timeZone')}
        />
        <ZoneOptions id={zonesId} />
      </Changeable>
    </form>
  );
}

/** An external id that is emptied is taken away; no other field may be empty. */
function changedFields(
  account: Account,
  text: (name: string) => string,
): Readonly<Record<string, string | null>> {
  const before = { name: account.name, externalId: account.externalId ?? '', timeZone: account.timeZone };
  return Object.fromEntries(
    Object.entries(before)
      .map(([name, value]) => [name, text(name).trim(), value] as const)
      .filter(([, now, was]) => now !== was)
      .map(([name, now]) => [name, name === 'externalId' && now === '' ? null : now]),
  );
}
