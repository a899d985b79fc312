'use client';

import { Field, Labelled } from '@patchbay/ui/input';
import { Select, type SelectOption } from '@patchbay/ui/select';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import type { Trigger } from './trigger-words.ts';

const NAMES_MAX = 100;
const scopeOptions = [
  { value: 'descendants', label: 'and all below it' },
  { value: 'own', label: 'and nothing below it' },
] as const;
const partOptions = [
  { value: 'all', label: 'all of it' },
  { value: 'applicationId', label: 'one application' },
  { value: 'endpointId', label: 'one endpoint' },
  { value: 'credentialId', label: 'one credential' },
  { value: 'sessionId', label: 'one session' },
] as const;
const partFields = {
  endpointId: { label: 'Endpoint', placeholder: 'user:bob' },
  credentialId: { label: 'Credential', placeholder: 'The id that a credential was minted with' },
  sessionId: { label: 'Session', placeholder: 'ses_…' },
} as const;

export interface TargetChoice {
  readonly accountId: string;
  readonly scope: (typeof scopeOptions)[number]['value'];
  readonly part: (typeof partOptions)[number]['value'];
  /** Of the part. */
  readonly partId: string;
}

/** The target as the API takes it. A part is of one account. */
export const targetOf = ({ accountId, scope, part, partId }: TargetChoice) =>
  part === 'all' ? { accountId, scope } : { accountId, scope: 'own', [part]: partId };

/** What a trigger has now. */
export function choiceOfTarget({ accountId, scope, ...parts }: Trigger['target']): TargetChoice {
  const part = partOptions
    .map(({ value }) => value)
    .find((name) => name !== 'all' && parts[name] !== undefined);
  return part === undefined || part === 'all'
    ? { accountId, scope, part: 'all', partId: '' }
    : { accountId, scope, part, partId: parts[part] ?? '' };
}

interface TargetFieldsProps {
  readonly choice: TargetChoice;
  readonly accounts: readonly SelectOption<string>[];
  readonly onChange: (choice: TargetChoice) => void;
  readonly error: string | undefined;
}

/** Whose use is counted: an account with or without what is below it, or one thing of it. */
export function TargetFields({ choice, accounts, onChange, error }: TargetFieldsProps): ReactNode {
  const { accountId, scope, part, partId } = choice;
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-3">
        <Labelled label="Of">
          <Select
            label="Of"
            value={accountId}
            options={accounts}
            onChange={(next) => onChange({ ...choice, accountId: next, partId: '' })}
          />
        </Labelled>
        <Labelled label="Part">
          <Select
            label="Part"
            value={part}
            options={partOptions}
            onChange={(next) => onChange({ ...choice, part: next, partId: '' })}
          />
        </Labelled>
        {part === 'all' ? (
          <Labelled label="Reach">
            <Select
              label="Reach"
              value={scope}
              options={scopeOptions}
              onChange={(next) => onChange({ ...choice, scope: next })}
            />
          </Labelled>
        ) : null}
        {part === 'applicationId' ? (
          <ApplicationField
            accountId={accountId}
            value={partId}
            onChange={(next) => onChange({ ...choice, partId: next })}
          />
        ) : null}
      </div>
      {part === 'all' || part === 'applicationId' ? null : (
        <Field
          {...partFields[part]}
          name="target"
          value={partId}
          error={error}
          onChange={({ target }) => onChange({ ...choice, partId: target.value })}
        />
      )}
      {part === 'applicationId' && error !== undefined ? (
        <p className="text-sm text-fail">Choose an application.</p>
      ) : null}
    </>
  );
}

interface ApplicationFieldProps {
  readonly accountId: string;
  readonly value: string;
  readonly onChange: (applicationId: string) => void;
}

function ApplicationField({ accountId, value, onChange }: ApplicationFieldProps): ReactNode {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.applications.list.queryOptions({ accountId, limit: NAMES_MAX }));
  const options = (data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  if (data !== undefined && options.length === 0)
    return <p className="self-end pb-1.5 text-sm text-ink-faint">It has no application.</p>;
  return (
    <Labelled label="Application">
      <Select label="Application" value={value} options={options} onChange={onChange} />
    </Labelled>
  );
}
