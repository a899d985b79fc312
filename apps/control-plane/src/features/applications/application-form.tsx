'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Dialog } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';

export type Application = Outputs['applications']['list']['items'][number];

export interface ApplicationFormProps {
  /** Absent for a new one. */
  readonly application: Application | undefined;
  readonly onDone: () => void;
}

const schema = tenancy.resources.applications.operations.create.request;

/** Makes an application, or changes one. */
export function ApplicationForm({ application, onDone }: ApplicationFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const create = useMutation(trpc.applications.create.mutationOptions({ onSuccess: onDone }));
  const update = useMutation(trpc.applications.update.mutationOptions({ onSuccess: onDone }));
  const form = useForm({
    schema,
    read: (text) => ({
      name: text('name'),
      instanceTypes: text('instanceTypes')
        .split(',')
        .map((type) => type.trim())
        .filter((type) => type !== ''),
    }),
    onValid: (fields) => {
      if (application === undefined) create.mutate({ accountId, ...fields });
      else update.mutate({ accountId, ...fields, applicationId: application.id });
    },
    refusal: create.error ?? update.error,
  });
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={application === undefined ? 'New application' : application.name}
    >
      <form {...form.props} className="grid gap-4">
        <Field
          label="Name"
          name="name"
          autoFocus
          defaultValue={application?.name ?? ''}
          error={form.errorOf('name')}
        />
        <Field
          label="Instance types"
          name="instanceTypes"
          placeholder="free, paid"
          defaultValue={application?.instanceTypes.join(', ') ?? ''}
          hint="Small letters, digits and hyphens; separated by commas. May be left empty."
          error={form.errorOf('instanceTypes')}
        />
        <FormEnd
          refusal={form.refusal}
          verb={application === undefined ? 'Create' : 'Save'}
          isPending={create.isPending || update.isPending}
          onLeave={onDone}
        />
      </form>
    </Dialog>
  );
}
