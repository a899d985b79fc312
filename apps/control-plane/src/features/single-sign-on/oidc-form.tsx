'use client';

import { sso } from '@patchbay/domain/sso/definition';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { CheckBox } from './check-box.tsx';
import { type ProviderFormProps, useRoleFields } from './role-fields.tsx';

const schema = sso.resources.sso.operations.set.request;

/** A provider of OpenID Connect. */
export function OidcForm({ found, roles }: ProviderFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const saved = useSavedToast();
  const provider = found.provider?.kind === 'oidc' ? found.provider : undefined;
  const given = useRoleFields(found.provider, roles);
  const [trustsEmail, setTrustsEmail] = useState(provider?.trustsEmail ?? false);
  const set = useMutation(trpc.sso.set.mutationOptions({ onSuccess: saved }));
  const form = useForm({
    schema,
    read: (text) => ({
      issuer: text('issuer').trim(),
      clientId: text('clientId'),
      ...(text('clientSecret') === '' ? {} : { clientSecret: text('clientSecret') }),
      groupsClaim: text('groupsClaim'),
      ...given.values,
      trustsEmail,
    }),
    onValid: (fields) => {
      if (given.isReadable) set.mutate({ accountId, ...fields });
    },
    refusal: set.error,
    fieldsByCode: { 'sso.secret_missing': 'clientSecret', 'sso.issuer_refused': 'issuer' },
  });
  return (
    <form {...form.props} className="grid max-w-xl gap-4">
      <Field
        label="Issuer"
        name="issuer"
        defaultValue={provider?.issuer}
        placeholder="https://login.example.com"
        autoComplete="off"
        hint="The address by which the provider calls itself."
        error={form.errorOf('issuer')}
      />
      <Field
        label="Client id"
        name="clientId"
        defaultValue={provider?.clientId}
        autoComplete="off"
        error={form.errorOf('clientId')}
      />
      <Field
        label="Client secret"
        name="clientSecret"
        type="password"
        autoComplete="off"
        placeholder={provider === undefined ? undefined : 'stays as it is'}
        hint="It is kept encrypted, and never shown again."
        error={form.errorOf('clientSecret')}
      />
      {given.fields}
      <Field
        label="Claim that holds the groups"
        name="groupsClaim"
        defaultValue={provider?.groupsClaim ?? 'groups'}
        autoComplete="off"
        error={form.errorOf('groupsClaim')}
      />
      <CheckBox
        label="Trust its addresses where it does not say that they were verified"
        hint="Entra ID says nothing of it. Only where nobody sets their own address there."
        isChecked={trustsEmail}
        onChange={setTrustsEmail}
      />
      <FormEnd refusal={form.refusal} verb="Save the provider" isPending={set.isPending} />
    </form>
  );
}
