'use client';

import { Button } from '@patchbay/ui/button';
import { Dialog, DialogActions } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useAccountId } from '../shell/account.ts';

export type Application = Outputs['applications']['list']['items'][number];

export interface ApplicationFormProps {
  /** Absent for a new one. */
  readonly application: Application | undefined;
  readonly onDone: () => void;
}

/** Makes an application, or changes one. */
export function ApplicationForm({ application, onDone }: ApplicationFormProps): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const create = useMutation(trpc.applications.create.mutationOptions({ onSuccess: onDone }));
  const update = useMutation(trpc.applications.update.mutationOptions({ onSuccess: onDone }));
  const error = create.error ?? update.error;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const fields = {
      accountId,
      name: String(form.get('name') ?? ''),
      instanceTypes: String(form.get('types') ?? '')
        .split(/[\s,]+/)
        .filter((type) => type !== ''),
    };
    if (application === undefined) create.mutate(fields);
    else update.mutate({ ...fields, applicationId: application.id });
  };
  return (
    <Dialog
      isOpen
      onOpenChange={onDone}
      title={application === undefined ? 'New application' : application.name}
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label="Name"
          name="name"
          required
          maxLength={100}
          autoFocus
          defaultValue={application?.name ?? ''}
        />
        <Field
          label="Instance types"
          name="types"
          placeholder="free, paid"
          defaultValue={application?.instanceTypes.join(', ') ?? ''}
          hint="Small letters, digits and hyphens; separated by commas. May be left empty."
        />
        {error === null ? null : <ProblemNote error={error} />}
        <DialogActions>
          <Button variant="ghost" onClick={onDone}>
            Leave it
          </Button>
          <Button variant="primary" type="submit" isPending={create.isPending || update.isPending}>
            {application === undefined ? 'Create' : 'Save'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
