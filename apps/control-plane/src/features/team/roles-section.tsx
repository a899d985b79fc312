'use client';

import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { ConfirmDialog } from '@patchbay/ui/confirm-dialog';
import { TableSkeleton } from '@patchbay/ui/skeleton';
import { type Column, Table } from '@patchbay/ui/table';
import { useMutation } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTRPC } from '../../trpc/client.ts';
import { ProblemNote } from '../problem/problem-note.tsx';
import { useRefusalToast } from '../problem/use-refusal-toast.ts';
import { useAccountId } from '../shell/account.ts';
import { useMay } from '../shell/use-may.ts';
import { peopleText, type Role, RoleWindow } from './role-window.tsx';
import { useRoles } from './use-roles.ts';

/** The roles that can be given here: those that are built in, and those that the account defined. */
export function RolesSection(): ReactNode {
  const trpc = useTRPC();
  const accountId = useAccountId();
  const refusal = useRefusalToast();
  const mayDefine = useMay('roles.create');
  const mayChange = useMay('roles.update');
  const mayRemove = useMay('roles.remove');
  const { roles, isPending, error, refetch } = useRoles();
  const [shown, setShown] = useState<Role | 'new'>();
  const [removed, setRemoved] = useState<Role>();
  const remove = useMutation(
    trpc.roles.remove.mutationOptions({ onSuccess: () => setRemoved(undefined), onError: refusal }),
  );
  return (
    <section aria-labelledby="roles" className="mt-10">
      <div className="mb-3 flex items-center justify-between gap-4">
        <h2 id="roles" className="font-semibold">
          Roles
        </h2>
        {mayDefine ? (
          <Button onClick={() => setShown('new')}>
            <Plus aria-hidden />
            Define a role
          </Button>
        ) : null}
      </div>
      {error === null ? null : <ProblemNote error={error} onRetry={() => void refetch()} />}
      {isPending ? <TableSkeleton rows={5} /> : null}
      {roles.length === 0 ? null : (
        <Table
          label="Roles"
          columns={columnsOf({ mayChange, mayRemove, onShow: setShown, onRemove: setRemoved })}
          rows={roles}
          rowKey={({ id }) => id}
          onOpen={setShown}
        />
      )}
      {shown === undefined ? null : (
        <RoleWindow
          role={shown === 'new' ? undefined : shown}
          mayChange={mayChange}
          onClose={() => setShown(undefined)}
        />
      )}
      {removed === undefined ? null : (
        <ConfirmDialog
          isOpen
          onOpenChange={() => setRemoved(undefined)}
          title={`Remove the role ${removed.name}?`}
          verb="Remove it"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ accountId, roleId: removed.id })}
        >
          <p>
            {peopleText(removed.memberCount)} will lose it at once, at this account and all below it. Keys
            that they made stay.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}

interface ColumnsRequest {
  readonly mayChange: boolean;
  readonly mayRemove: boolean;
  readonly onShow: (role: Role) => void;
  readonly onRemove: (role: Role) => void;
}

const columnsOf = ({ mayChange, mayRemove, onShow, onRemove }: ColumnsRequest): readonly Column<Role>[] => [
  {
    key: 'name',
    header: 'Role',
    isTitle: true,
    cell: ({ name, isBuiltIn }) => (
      <span className="flex flex-wrap items-center gap-2 font-medium">
        {name}
        {isBuiltIn ? <Badge>built in</Badge> : null}
      </span>
    ),
  },
  {
    key: 'scopes',
    header: 'May',
    isWide: true,
    cell: ({ scopes }) => <ScopeText scopes={scopes} />,
  },
  { key: 'people', header: 'People', isNumber: true, cell: ({ memberCount }) => memberCount },
  {
    key: 'actions',
    header: 'Actions',
    isAction: true,
    isNumber: true,
    cell: (role) => (
      <span className="flex justify-end gap-1">
        <Button size="small" variant="ghost" onClick={() => onShow(role)} aria-label={`Show ${role.name}`}>
          {role.isBuiltIn || !mayChange ? 'Show' : 'Edit'}
        </Button>
        {role.isBuiltIn || !mayRemove ? null : (
          <Button
            size="small"
            variant="ghost"
            onClick={() => onRemove(role)}
            aria-label={`Remove ${role.name}`}
          >
            Remove
          </Button>
        )}
      </span>
    ),
  },
];

const SCOPES_SHOWN_MAX = 6;

function ScopeText({ scopes }: { readonly scopes: readonly string[] }): ReactNode {
  if (scopes.includes('*')) return <span className="text-ink-soft">everything</span>;
  const rest = scopes.length - SCOPES_SHOWN_MAX;
  return (
    <span className="flex flex-wrap gap-x-2 gap-y-0.5">
      {scopes.slice(0, SCOPES_SHOWN_MAX).map((scope) => (
        <code key={scope} className="text-sm text-ink-soft">
          {scope}
        </code>
      ))}
      {rest > 0 ? <span className="text-sm text-ink-faint">and {rest} more</span> : null}
    </span>
  );
}
