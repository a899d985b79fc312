'use client';

import { endpoints } from '@patchbay/domain/endpoints/definition';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import type { Endpoint } from './endpoint.ts';

export interface EndpointFormProps {
  /** Absent for a new one. */
  readonly endpoint: Endpoint | undefined;
  readonly onDone: () => void;
}

const schema = endpoints.resources.endpoints.operations.allocate.request;
const fieldsByCode = {
  'endpoints.identifier_invalid': 'identifier',
  'endpoints.identifier_taken': 'identifier',
  'endpoints.identifier_resting': 'identifier',
};
const APPLICATION_COUNT_MAX = 100;

/** Takes an identifier, or changes what stands beside it. */
export function EndpointForm({ endpoint, onDone }: EndpointFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [applicationId, setApplicationId] = useState(endpoint?.applicationId ?? '');
  const applications = useQuery(
    trpc.applications.list.queryOptions({ accountId, limit: APPLICATION_COUNT_MAX }),
  );
  const allocate = useMutation(trpc.endpoints.allocate.mutationOptions({ onSuccess: onDone }));
  const update = useMutation(trpc.endpoints.update.mutationOptions({ onSuccess: onDone }));
  const form = useForm({
    schema,
    read: (text) => ({
      identifier: endpoint?.identifier ?? text('identifier').trim(),
      label: text('label'),
      ...(applicationId === '' ? {} : { applicationId }),
    }),
    onValid: ({ identifier, label, applicationId: chosen }) => {
      if (endpoint === undefined)
        allocate.mutate({
          accountId,
          identifier,
          label,
          ...(chosen === undefined ? {} : { applicationId: chosen }),
        });
      else update.mutate({ accountId, endpointId: endpoint.id, label, applicationId: chosen ?? null });
    },
    refusal: allocate.error ?? update.error,
    fieldsByCode,
  });
  const options = [
    { value: '', label: 'none' },
    ...(applications.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ];
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={endpoint === undefined ? 'New endpoint' : endpoint.identifier}
    >
      <form {...form.props} className="grid gap-4">
        {endpoint === undefined ? (
          <Field
            label="Identifier"
            name="identifier"
            autoFocus
            autoComplete="off"
            placeholder="tel:+49301234567"
            hint="A number as tel:+49…, an address as sip:bob@example.com, a user as user:bob, a room as room:standup."
            error={form.errorOf('identifier')}
          />
        ) : null}
        <Field
          label="Label"
          name="label"
          placeholder="Hotline"
          defaultValue={endpoint?.label ?? ''}
          hint="What it is called here. May be left empty."
          error={form.errorOf('label')}
        />
        <Labelled label="Application">
          <Select label="Application" value={applicationId} options={options} onChange={setApplicationId} />
        </Labelled>
        <FormEnd
          refusal={form.refusal}
          verb={endpoint === undefined ? 'Take it' : 'Save'}
          isPending={allocate.isPending || update.isPending}
          onLeave={onDone}
        />
      </form>
    </Dialog>
  );
}
