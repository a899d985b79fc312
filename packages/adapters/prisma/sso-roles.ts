import type { ProviderRecord } from '@patchbay/domain/sso/ports';
import { providedRole, type RoleChange, roleChange } from '@patchbay/domain/sso/provisioning';
import type { RoleRef } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { accountChain } from './account-store.ts';
import { appendEntry } from './audit-store.ts';
import { appendEvents } from './event-store.ts';
import type { PrismaClient } from './generated/client.ts';
import { memberEvent } from './member-events.ts';
import { heldRoleColumns, roleFromRow, roleToRow } from './role-store.ts';
import { inAccount } from './scope.ts';

/** Whom a provider, or SCIM in its name, says something of. */
export interface ProvidedUser {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
}

/** The role that the provider gives, as far as the organisation has it still. None makes owners. */
export async function providedRoleAt(
  prisma: PrismaClient,
  accountId: string,
  {
    provider,
    groups,
  }: {
    readonly provider: Pick<ProviderRecord, 'groupRoles' | 'newcomerRole'>;
    readonly groups: readonly string[];
  },
): Promise<RoleRef | undefined> {
  const role = providedRole(groups, provider);
  if (role === undefined || role === 'owner') return undefined;
  if (!role.startsWith('rol_')) return role;
  const where = { accountId, id: role };
  const count = await inAccount(prisma, accountId, ({ accountRole }) => accountRole.count({ where }));
  return count > 0 ? role : undefined;
}

interface Arrived {
  readonly user: ProvidedUser;
  readonly role: RoleRef | undefined;
  /** Who signs in takes what they were invited to; who is only written down by somebody else does not. */
  readonly by: 'sign-in' | 'scim';
}

const grantColumns = { accountId: true, ...heldRoleColumns, acceptedAt: true, isProvisioned: true } as const;

/** What becomes of the role at the top account, on record. */
export async function changeRole(
  prisma: PrismaClient,
  accountId: string,
  { user, role, by }: Arrived,
): Promise<'in' | 'nowhere' | 'taken_away'> {
  const { userId } = user;
  const grants = await inAccount(prisma, accountId, ({ roleGrant }) =>
    roleGrant.findMany({ where: { userId }, select: grantColumns }),
  );
  const top = grants.find((grant) => grant.accountId === accountId);
  const isTakenBelow = grants.some((grant) => grant !== top && grant.acceptedAt !== null);
  const held = top && {
    role: roleFromRow(top).role,
    isTaken: top.acceptedAt !== null,
    isProvisioned: top.isProvisioned,
  };
  const change = roleChange({ held, isTakenBelow, provided: role });
  if (change.kind === 'keep' || (change.kind === 'accept' && by === 'scim'))
    return held !== undefined || isTakenBelow ? 'in' : 'nowhere';
  await inAccount(prisma, accountId, async ({ roleGrant }) => {
    const where = { userId_accountId: { userId, accountId } };
    switch (change.kind) {
      case 'keep':
        return undefined;
      case 'accept':
        return await roleGrant.update({ where, data: { acceptedAt: new Date() } });
      case 'take_away':
        return await roleGrant.deleteMany({ where: { userId, accountId } });
      case 'change':
        return await roleGrant.update({ where, data: roleToRow(change.role) });
      case 'give': {
        const data = { userId, accountId, ...roleToRow(change.role), isProvisioned: true };
        return await roleGrant.create({ data });
      }
    }
  });
  const told = memberChange({ held, change });
  if (told !== undefined)
    await inAccount(prisma, accountId, (transaction) =>
      appendEvents(transaction, [memberEvent(told.event, { accountId, userId, ...told.roles })]),
    );
  const said = (at: string | undefined, state: string) => ({ ...user, role: at, accountId, state });
  await noteAtTop(prisma, accountId, {
    action: change.kind === 'accept' ? 'team.accept' : 'team.provision',
    ...(by === 'scim' ? BY_SCIM : { actorId: userId, actorName: user.name }),
    target: userId,
    ...(held === undefined ? {} : { before: said(held.role, held.isTaken ? 'active' : 'invited') }),
    ...(change.kind === 'take_away'
      ? {}
      : { after: said('role' in change ? change.role : held?.role, 'active') }),
  });
  return change.kind === 'take_away' && !isTakenBelow ? 'taken_away' : 'in';
}

interface Changed {
  readonly held: { readonly role: RoleRef } | undefined;
  readonly change: RoleChange;
}

/** As the account is told of it, the same as of what is done by hand. */
function memberChange({ held, change }: Changed) {
  switch (change.kind) {
    case 'keep':
      return undefined;
    case 'accept':
      return held && ({ event: 'joined', roles: { role: held.role } } as const);
    case 'take_away':
      return held && ({ event: 'removed', roles: { role: held.role } } as const);
    case 'change':
      return (
        held && ({ event: 'role-changed', roles: { role: change.role, previousRole: held.role } } as const)
      );
    case 'give':
      return { event: 'joined', roles: { role: change.role } } as const;
  }
}

/** What is done with the token of an organisation. */
export const BY_SCIM = { actorId: 'scim', actorName: 'SCIM' } as const;

interface Noted {
  readonly action: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly target: string;
  readonly address?: string | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
}

export async function noteAtTop(prisma: PrismaClient, accountId: string, entry: Noted): Promise<void> {
  const chain = await accountChain(prisma, accountId);
  await inAccount(prisma, accountId, (transaction) =>
    appendEntry(transaction, {
      ...entry,
      accountId,
      accountPath: chain.map(({ id }) => id),
      requestId: createId('req'),
    }),
  );
}
