'use client';

import { sso } from '@patchbay/domain/sso/definition';
import { classNames } from '@patchbay/ui/class-names';
import { Field, fieldShape, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useId, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useSavedToast } from '../form/use-saved-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import { readText, toText } from './group-roles.ts';
import { Step, ToCopy } from './step.tsx';
import { useAtThisHost } from './use-at-this-host.ts';

type Sso = Outputs['sso']['get'];
type Role = Outputs['roles']['list']['items'][number];

const schema = sso.resources.sso.operations.set.request;

export interface ProviderStepProps {
  readonly found: Sso;
  /** Those of the organisation's top account. */
  readonly roles: readonly Role[];
}

/** Where people sign in, and what they get when they do. */
export function ProviderStep({ found, roles }: ProviderStepProps): ReactNode {
  const maySet = useMay('sso.set');
  const { provider } = found;
  const redirectUri = useAtThisHost(found.redirectUrl);
  return (
    <Step
      number={2}
      title="Your provider"
      lead="Register this dashboard there as a web application (OpenID Connect, authorization code) with this redirect URI, and copy what it gives you."
      isDone={provider !== undefined}
    >
      <ToCopy label="Redirect URI" text={redirectUri} />
      {maySet ? <ProviderForm key={provider?.changedAt ?? 'new'} found={found} roles={roles} /> : null}
      {maySet || provider === undefined ? null : (
        <p className="text-ink-soft">
          People sign in at <code className="text-sm break-all">{provider.issuer}</code>. Only owners change
          it.
        </p>
      )}
    </Step>
  );
}

/** Of no role in the list. */
const NOBODY = 'nobody';

function ProviderForm({ found: { provider }, roles }: ProviderStepProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const saved = useSavedToast();
  const groupsId = useId();
  const given = roles.filter(({ id }) => id !== 'owner');
  const [newcomerRole, setNewcomerRole] = useState(provider?.newcomerRole ?? NOBODY);
  const [groups, setGroups] = useState(toText(provider?.groupRoles ?? [], given));
  const [trustsEmail, setTrustsEmail] = useState(provider?.trustsEmail ?? false);
  const set = useMutation(trpc.sso.set.mutationOptions({ onSuccess: saved }));
  const read = readText(groups, given);
  const form = useForm({
    schema,
    read: (text) => ({
      issuer: text('issuer').trim(),
      clientId: text('clientId'),
      ...(text('clientSecret') === '' ? {} : { clientSecret: text('clientSecret') }),
      ...(newcomerRole === NOBODY ? {} : { newcomerRole }),
      groupsClaim: text('groupsClaim'),
      groupRoles: 'pairs' in read ? read.pairs : [],
      trustsEmail,
    }),
    onValid: (fields) => {
      if ('pairs' in read) set.mutate({ accountId, ...fields });
    },
    refusal: set.error,
    fieldsByCode: { 'sso.secret_missing': 'clientSecret', 'sso.issuer_refused': 'issuer' },
  });
  const options = [
    { value: NOBODY, label: 'Nobody comes in who was not added' },
    ...given.map(({ id, name }) => ({ value: id, label: name })),
  ];
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
      <Labelled
        label="Who is new gets"
        hint="A role at the top account, the first time that somebody signs in. Roles that you give by hand stay as they are."
      >
        <Select
          label="Who is new gets"
          value={options.some(({ value }) => value === newcomerRole) ? newcomerRole : NOBODY}
          options={options}
          onChange={setNewcomerRole}
        />
      </Labelled>
      <div className="grid content-start gap-1">
        <label htmlFor={groupsId} className="font-medium">
          Roles by group
        </label>
        <textarea
          id={groupsId}
          rows={3}
          spellCheck={false}
          placeholder={'engineering = developer\nfinance = billing'}
          className={classNames(fieldShape, 'h-auto resize-y py-1.5 font-mono')}
          aria-invalid={'wrong' in read}
          aria-describedby={`${groupsId}-note`}
          value={groups}
          onChange={({ target }) => setGroups(target.value)}
        />
        <p
          id={`${groupsId}-note`}
          className={classNames('text-sm', 'wrong' in read ? 'text-fail' : 'text-ink-faint')}
        >
          {'wrong' in read
            ? read.wrong
            : 'The first group somebody is in says their role, anew each time that they sign in.'}
        </p>
      </div>
      <Field
        label="Claim that holds the groups"
        name="groupsClaim"
        defaultValue={provider?.groupsClaim ?? 'groups'}
        autoComplete="off"
        error={form.errorOf('groupsClaim')}
      />
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          className="mt-1 accent-(--accent)"
          checked={trustsEmail}
          onChange={({ target }) => setTrustsEmail(target.checked)}
        />
        <span>
          Trust its addresses where it does not say that they were verified
          <span className="block text-sm text-ink-faint">
            Entra ID says nothing of it. Only where nobody sets their own address there.
          </span>
        </span>
      </label>
      <FormEnd refusal={form.refusal} verb="Save the provider" isPending={set.isPending} />
    </form>
  );
}
