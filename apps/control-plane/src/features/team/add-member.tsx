'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import type { roles } from '@patchbay/domain/tenancy/role-operations';
import { Button } from '@patchbay/ui/button';
import { Dialog } from '@patchbay/ui/dialog';
import { Field, Labelled } from '@patchbay/ui/input';
import { Select } from '@patchbay/ui/select';
import { ShownOnce, TakenActions } from '@patchbay/ui/shown-once';
import { useMutation } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import { useRoles } from './use-roles.ts';

type BuiltIn = (typeof roles)[number];
const schema = tenancy.resources.team.operations.add.request;

/** What a role is for, in one sentence. */
const roleTexts: Readonly<Record<BuiltIn, string>> = {
  owner: 'Everything, other owners included.',
  admin: 'Everything but the owners: accounts, team, prices, keys.',
  developer: 'Keys, applications and sessions; no prices, no team.',
  billing: 'Prices, usage and statements; no keys.',
  viewer: 'Sees, and changes nothing.',
};

/** Invites somebody to a role. They take it with a link, which is shown here once. */
export function AddMember(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [isOpen, setOpen] = useState(false);
  const [role, setRole] = useState<string>('developer');
  const { roles: known } = useRoles();
  const options = known.map(({ id, name }) => ({ value: id, label: name }));
  const hint = roleTexts[role as BuiltIn] ?? scopesText(known, role);
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

/** What a role that the account defined is for: its scopes say it. */
const scopesText = (known: ReturnType<typeof useRoles>['roles'], role: string): string =>
  known.find(({ id }) => id === role)?.scopes.join(', ') ?? '';

interface SetUpLinkProps {
  readonly path: string;
  readonly name: string;
  readonly onDone: () => void;
  readonly isMailed: boolean;
}

function SetUpLink({ path, name, isMailed, onDone }: SetUpLinkProps): ReactNode {
  const address = `${window.location.origin}${path}`;
  return (
    <>
      <p className="text-ink-soft">
        Send this link to {name} yourself. It takes the role, works once within 7 days, and is shown only
        here.
      </p>
      {isMailed ? null : (
        <p className="mt-2 text-ink-soft">
          No mail was sent: nobody gets more than five invitations a day. That of the last one still works.
        </p>
      )}
      <div className="mt-3">
        <ShownOnce text={address} copyLabel="Copy the link" />
      </div>
      <TakenActions onDone={onDone} />
    </>
  );
}
