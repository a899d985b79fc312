'use client';

import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useServiceClient } from '../../trpc/service-client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { SchemaControl } from '../schema-form/schema-control.tsx';
import { fieldsOf, readDraft } from '../schema-form/schema-fields.ts';
import { useDraft } from '../schema-form/use-draft.ts';
import { useAccountId } from '../shell/account.ts';
import { Minted } from './minted.tsx';
import type { MintingOperation } from './minting.ts';

const APPLICATIONS_MAX = 100;
/** The select cannot hold an empty value. */
const NONE = 'none';

export interface MintFormProps {
  readonly minting: MintingOperation;
  /** The application to begin with; '' for none. */
  readonly applicationId: string;
}

/** Mints one credential with whatever limits its operation takes, and shows it once. */
export function MintForm({ minting, applicationId }: MintFormProps): ReactNode {
  const accountId = useAccountId();
  const client = useServiceClient(minting.service);
  const fields = fieldsOf(minting.request);
  const { draft, set } = useDraft({ ...minting.example, applicationId });
  const mint = useMutation({
    mutationFn: async (values: Readonly<Record<string, unknown>>) =>
      minting.response.parse(await client.change(minting.operation, { accountId, ...values })),
  });
  const form = useForm({
    schema: minting.request,
    read: () => readDraft(fields, draft),
    // As it was typed: the platform fills in its own defaults.
    onValid: () => mint.mutate(readDraft(fields, draft)),
    refusal: mint.error,
  });
  const change = (name: string) => (text: string) => {
    set(name, text);
    form.forget(name);
    // An instance type is one of its application.
    if (name === 'applicationId') set('instanceType', '');
  };
  const applications = useApplications();
  const application = applications.find(({ id }) => id === draft.applicationId);
  const choicesOf: Readonly<Record<string, readonly NamedChoice[]>> = {
    applicationId: applications.map(({ id, name }) => ({ value: id, label: name })),
    instanceType: (application?.instanceTypes ?? []).map((type) => ({ value: type, label: type })),
  };
  return (
    <>
      <form {...form.props} className="grid gap-5">
        <p className="text-pretty text-ink-soft">{minting.summary}</p>
        <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
          {fields.map((field) => {
            const choices = choicesOf[field.name];
            return choices === undefined ? (
              <SchemaControl
                key={field.name}
                field={field}
                value={draft[field.name] ?? ''}
                onChange={change(field.name)}
                error={form.errorOf(field.name)}
              />
            ) : (
              <NamedSelect
                key={field.name}
                label={field.label}
                choices={choices}
                value={draft[field.name] ?? ''}
                onChange={change(field.name)}
              />
            );
          })}
        </div>
        <FormEnd refusal={form.refusal} verb="Mint" isPending={mint.isPending} />
      </form>
      {mint.data === undefined ? null : (
        <Minted minting={minting} answer={mint.data} onDone={() => mint.reset()} />
      )}
    </>
  );
}

function useApplications() {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useQuery(trpc.applications.list.queryOptions({ accountId, limit: APPLICATIONS_MAX }));
  return list.data?.items ?? [];
}

interface NamedChoice {
  readonly value: string;
  readonly label: string;
}

interface NamedSelectProps {
  readonly label: string;
  readonly choices: readonly NamedChoice[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** What the account has by this name, to be chosen instead of typed. */
function NamedSelect({ label, choices, value, onChange }: NamedSelectProps): ReactNode {
  return (
    <Labelled label={label}>
      <Select
        label={label}
        value={value === '' ? NONE : value}
        options={[{ value: NONE, label: 'none' }, ...choices]}
        onChange={(chosen) => onChange(chosen === NONE ? '' : chosen)}
      />
    </Labelled>
  );
}
