'use client';

import { tenancy } from '@patchbay/domain/tenancy/definition';
import { Dialog } from '@patchbay/ui/dialog';
import { Field } from '@patchbay/ui/input';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Outputs, useTRPC } from '../../trpc/client.ts';
import { FormEnd } from '../form/form-end.tsx';
import { useForm } from '../form/use-form.ts';
import { useAccountId } from '../shell/account.ts';
import { RoleScopes } from './role-scopes.tsx';

export type Role = Outputs['roles']['list']['items'][number];

export const peopleText = (count: number): string => (count === 1 ? '1 person' : `${count} people`);

const schema = tenancy.resources.roles.operations.create.request;
const fieldsByCode = { 'tenancy.scope_too_wide': 'scopes', 'tenancy.role_name_taken': 'name' };

export interface RoleWindowProps {
  /** Absent: a new one. A built-in one is only shown, and any to whoever may not change it. */
  readonly role?: Role | undefined;
  readonly mayChange: boolean;
  readonly onClose: () => void;
}

/** Defines a role, or changes one: at once for everybody who holds it. */
export function RoleWindow({ role, mayChange, onClose }: RoleWindowProps): ReactNode {
  if (role !== undefined && (role.isBuiltIn || !mayChange)) {
    return (
      <Dialog
        isOpen
        onOpenChange={onClose}
        placement="side"
        title={role.name}
        description={
          role.isBuiltIn ? 'Built in, and the same everywhere.' : `Held by ${peopleText(role.memberCount)}.`
        }
      >
        <RoleScopes scopes={role.scopes} />
      </Dialog>
    );
  }
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      placement="side"
      title={role === undefined ? 'Define a role' : role.name}
      description={
        role === undefined
          ? 'It can have no more than you have yourself.'
          : `What you change holds at once for ${peopleText(role.memberCount)}.`
      }
    >
      <RoleForm role={role} onClose={onClose} />
    </Dialog>
  );
}

function RoleForm({ role, onClose }: Omit<RoleWindowProps, 'mayChange'>): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const [scopes, setScopes] = useState<readonly string[]>(role?.scopes ?? []);
  const create = useMutation(trpc.roles.create.mutationOptions({ onSuccess: onClose }));
  const update = useMutation(trpc.roles.update.mutationOptions({ onSuccess: onClose }));
  const form = useForm({
    schema,
    read: (text) => ({ name: text('name'), scopes: [...scopes] }),
    onValid: (fields) => {
      if (role === undefined) create.mutate({ accountId, ...fields });
      else update.mutate({ accountId, roleId: role.id, ...fields });
    },
    refusal: create.error ?? update.error,
    fieldsByCode,
  });
  return (
    <form {...form.props} className="grid gap-4">
      <Field
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        defaultValue={role?.name ?? ''}
        placeholder="Support"
        error={form.errorOf('name')}
      />
      <RoleScopes
        scopes={scopes}
        error={form.errorOf('scopes')}
        onChange={(chosen) => {
          setScopes(chosen);
          form.forget('scopes');
        }}
      />
      <FormEnd
        refusal={form.refusal}
        verb={role === undefined ? 'Define' : 'Save'}
        isPending={create.isPending || update.isPending}
        onLeave={onClose}
      />
    </form>
  );
}
