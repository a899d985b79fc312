import { Badge } from '@patchbay/ui/badge';
import { Button } from '@patchbay/ui/button';
import { Select } from '@patchbay/ui/select';
import type { Column } from '@patchbay/ui/table';
import type { ReactNode } from 'react';
import type { Member, MemberChanges, Role } from './member-changes.tsx';
import type { Person } from './people.ts';

export interface ColumnsRequest {
  readonly accountId: string;
  /** Of the accounts above. */
  readonly names: ReadonlyMap<string, string>;
  /** The roles that can be given here. */
  readonly roles: readonly { readonly id: Role; readonly name: string }[];
  readonly mayGive: boolean;
  readonly mayRemove: boolean;
  readonly changes: MemberChanges;
}

type Row = Person<Member>;

/** Who holds which role, where it was given, and what can be done about one that was given here. */
export const memberColumns = (request: ColumnsRequest): readonly Column<Row>[] => [
  ...factsOf(request),
  ...(request.mayGive || request.mayRemove ? [actionsOf(request)] : []),
];

const factsOf = (request: ColumnsRequest): readonly Column<Row>[] => [
  {
    key: 'name',
    header: 'Name',
    isTitle: true,
    // On a phone the two buttons of an invitation stand beside it.
    cell: ({ roles: [{ name }] }) => <span className="font-medium max-sm:block max-sm:pr-14">{name}</span>,
  },
  {
    key: 'email',
    header: 'E-mail',
    isWide: true,
    cell: ({ roles: [{ email }] }) => <span className="break-all">{email}</span>,
  },
  {
    key: 'role',
    header: 'Role',
    cell: ({ roles }) => (
      <ul className="grid gap-1 py-1">
        {roles.map((member) => (
          <li key={member.accountId} className="flex min-h-8 flex-wrap items-center gap-1 sm:flex-nowrap">
            <HeldRole member={member} request={request} />
            {member.state === 'invited' ? <Badge tone="wait">invited</Badge> : null}
          </li>
        ))}
      </ul>
    ),
  },
  {
    key: 'from',
    header: 'Given at',
    cell: ({ roles }) => (
      <ul className="grid gap-1 py-1 text-ink-soft">
        {roles.map(({ accountId: at }) => (
          <li key={at} className="flex min-h-8 items-center whitespace-nowrap">
            {at === request.accountId ? 'this account' : (request.names.get(at) ?? 'a level above')}
          </li>
        ))}
      </ul>
    ),
  },
];

interface HeldRoleProps {
  readonly member: Member;
  readonly request: ColumnsRequest;
}

/** A role that was given here is changed where it stands; one from above is changed there. */
function HeldRole({ member, request }: HeldRoleProps): ReactNode {
  const { accountId, roles, mayGive, changes } = request;
  const isKnown = roles.some(({ id }) => id === member.role);
  if (!mayGive || !isKnown || member.accountId !== accountId) return <Badge>{member.roleName}</Badge>;
  return (
    <Select
      label={`Role of ${member.name}`}
      className="w-32"
      value={member.role}
      options={roles.map(({ id, name }) => ({ value: id, label: name }))}
      onChange={(role) => {
        const chosen = roles.find(({ id }) => id === role);
        if (chosen !== undefined && role !== member.role) changes.changeRole(member, role, chosen.name);
      }}
    />
  );
}

const actionsOf = ({ accountId, mayGive, mayRemove, changes }: ColumnsRequest): Column<Row> => ({
  key: 'actions',
  header: 'Actions',
  isAction: true,
  isNumber: true,
  cell: (person) => {
    const [member] = person.roles;
    if (member.accountId !== accountId) return null;
    const isInvited = member.state === 'invited';
    return (
      <span className="flex flex-wrap justify-end gap-1 pl-3 whitespace-nowrap sm:flex-nowrap">
        {isInvited && mayGive ? (
          <Button
            size="small"
            variant="ghost"
            isPending={changes.isPending}
            onClick={() => changes.inviteAgain(member)}
            aria-label={`Invite again: ${member.name}`}
          >
            Invite again
          </Button>
        ) : null}
        {mayRemove ? (
          <Button
            size="small"
            variant="ghost"
            onClick={() => changes.remove(person)}
            aria-label={isInvited ? `Withdraw the invitation of ${member.name}` : `Remove ${member.name}`}
          >
            {isInvited ? 'Withdraw' : 'Remove'}
          </Button>
        ) : null}
      </span>
    );
  },
});
