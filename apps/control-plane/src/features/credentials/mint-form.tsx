'use client';

import { Button } from '@patchbay/ui/button';
import { Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { useServiceClient } from '../../trpc/service-client.ts';
import { useForm } from '../form/use-form.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { SchemaControl } from '../schema-form/schema-control.tsx';
import { fieldsOf, readDraft, type SchemaField } from '../schema-form/schema-fields.ts';
import { useDraft } from '../schema-form/use-draft.ts';
import { useAccountId } from '../shell/account.ts';
import { Minted } from './minted.tsx';
import type { MintingOperation } from './minting.ts';

const APPLICATIONS_MAX = 100;
/** The select cannot hold an empty value. */
const NONE = 'none';

/** Mints one credential with whatever limits its operation takes, and shows it once. */
export function MintForm({ minting }: { readonly minting: MintingOperation }): ReactNode {
  const accountId = useAccountId();
  const client = useServiceClient(minting.service);
  const fields = fieldsOf(minting.request);
  const { draft, set } = useDraft(minting.example);
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
  };
  return (
    <>
      <form {...form.props} className="grid gap-5">
        <p className="text-pretty text-ink-soft">{minting.summary}</p>
        <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
          {fields.map((field) =>
            field.name === 'applicationId' ? (
              <ApplicationChoice
                key={field.name}
                field={field}
                value={draft[field.name] ?? ''}
                onChange={change(field.name)}
              />
            ) : (
              <SchemaControl
                key={field.name}
                field={field}
                value={draft[field.name] ?? ''}
                onChange={change(field.name)}
                error={form.errorOf(field.name)}
              />
            ),
          )}
        </div>
        {form.refusal === undefined ? null : <ProblemNote error={form.refusal} />}
        <div>
          <Button variant="primary" type="submit" isPending={mint.isPending}>
            Mint
          </Button>
        </div>
      </form>
      {mint.data === undefined ? null : (
        <Minted minting={minting} answer={mint.data} onDone={() => mint.reset()} />
      )}
    </>
  );
}

interface ApplicationChoiceProps {
  readonly field: SchemaField;
  readonly value: string;
  readonly onChange: (applicationId: string) => void;
}

/** An id is chosen by its name. */
function ApplicationChoice({ field, value, onChange }: ApplicationChoiceProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const list = useQuery(trpc.applications.list.queryOptions({ accountId, limit: APPLICATIONS_MAX }));
  const options = [
    { value: NONE, label: 'none' },
    ...(list.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ];
  return (
    <Labelled label={field.label} hint="Its use and its sessions are told apart by it.">
      <Select
        label={field.label}
        value={value === '' ? NONE : value}
        options={options}
        onChange={(chosen) => onChange(chosen === NONE ? '' : chosen)}
      />
    </Labelled>
  );
}
