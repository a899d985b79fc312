'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { useMutation } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import { roleText } from './role-text.ts';
import { SetUpLink } from './set-up-link.tsx';
import { useRoles } from './use-roles.ts';

const schema = tenancy.resources.team.operations.add.request;

/** Invites somebody to a role. They take it with a link, which is shown here once. */
export function AddMember(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const [role, setRole] = useState<string>('developer');
  const { roles: known } = useRoles();
  const options = known.map(({ id, name }) => ({ value: id, label: name }));
  const hint = roleText(known, role);
  const add = useMutation(
    trpc.team.add.mutationOptions({
      onSuccess: ({ setUpPath }) => {
        if (setUpPath === undefined) setOpen(false);
      },
    }),
  );
  const change = (open: boolean) => {
    setOpen(open);
    if (!open) add.reset();
  };
  const form = useForm({
    schema,
    read: (text) => ({ name: text('name'), email: text('email'), role }),
    onValid: (fields) => add.mutate({ accountId, ...fields }),
    refusal: add.error,
  });
  const setUpPath = add.data?.setUpPath;
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        <UserPlus aria-hidden />
        Add somebody
      </Button>
      <Dialog isOpen={isOpen} onOpenChange={change} title="Add somebody">
        {setUpPath === undefined ? (
          <form {...form.props} className="grid gap-4">
            <Field label="Name" name="name" autoFocus error={form.errorOf('name')} />
            <Field label="E-mail" name="email" type="email" error={form.errorOf('email')} />
            <Labelled label="Role" hint={hint}>
              <Select label="Role" value={role} options={options} onChange={setRole} />
            </Labelled>
            <FormEnd
              refusal={form.refusal}
              verb="Add"
              isPending={add.isPending}
              onLeave={() => change(false)}
            />
          </form>
        ) : (
          <SetUpLink
            path={setUpPath}
            name={add.data?.name ?? ''}
            isMailed={add.data?.isMailed === true}
            onDone={() => change(false)}
          />
        )}
      </Dialog>
    </>
  );
}
