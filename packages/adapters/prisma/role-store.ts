import type { RoleRecord, RoleRef, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { isUniqueViolation } from './database-error.ts';
import type { PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { roleOf } from './people-store.ts';
import { inAccount } from './scope.ts';

/** In place of the name of a built-in role, where an account's own is held. */
const CUSTOM = 'custom';

interface HeldRow {
  readonly role: string;
  readonly customRole: { readonly id: string; readonly name: string } | null;
}

export const heldRoleColumns = { role: true, customRole: { select: { id: true, name: true } } } as const;

/** The role of a row, built in or not, and what it is called. */
export function roleFromRow({ role, customRole }: HeldRow): {
  readonly role: RoleRef;
  readonly roleName: string;
} {
  if (customRole !== null) return { role: customRole.id as RoleRecord['id'], roleName: customRole.name };
  return { role: roleOf(role), roleName: role };
}

export const roleToRow = (role: RoleRef): { readonly role: string; readonly customRoleId: string | null } =>
  role.startsWith('rol_') ? { role: CUSTOM, customRoleId: role } : { role, customRoleId: null };

interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly _count: { readonly grants: number };
}

const columns = { id: true, name: true, scopes: true, _count: { select: { grants: true } } } as const;

const fromRow = ({ id, name, scopes, _count }: RoleRow): RoleRecord => ({
  id: id as RoleRecord['id'],
  name,
  scopes,
  memberCount: _count.grants,
});

export function roleStore(prisma: PrismaClient): TenancyPorts['roles'] {
  return {
    list: ({ accountId, cursor = '', limit }) =>
      inAccount(prisma, accountId, async ({ accountRole }) => {
        const rows = await accountRole.findMany({
          where: { accountId, id: { gt: cursor } },
          orderBy: { id: 'asc' },
          take: limit + 1,
          select: columns,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
      }),

    memberCounts: ({ accountId }) =>
      inAccount(prisma, accountId, async ({ roleGrant }) => {
        const where = { accountId, customRoleId: null };
        const rows = await roleGrant.groupBy({ by: ['role'], where, _count: true });
        return new Map(rows.map(({ role, _count }) => [roleOf(role), _count]));
      }),

    find: ({ accountId, roleId: id }) =>
      inAccount(prisma, accountId, async (transaction) => {
        await transaction.$queryRaw`
          SELECT id FROM account_role WHERE account_id = ${accountId} AND id = ${id} FOR UPDATE`;
        const row = await transaction.accountRole.findFirst({ where: { accountId, id }, select: columns });
        return row === null ? undefined : fromRow(row);
      }),

    create: async ({ accountId, name, scopes, countMax }) => {
      try {
        return await inAccount(prisma, accountId, async (transaction) => {
          // One at a time, so that many at once are no more than may be.
          await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`roles ${accountId}`}, 0))::text`;
          if ((await transaction.accountRole.count({ where: { accountId } })) >= countMax) return 'too_many';
          const data = { id: createId('rol'), accountId, name, scopes: [...scopes] };
          return fromRow(await transaction.accountRole.create({ data, select: columns }));
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'name_taken';
        throw error;
      }
    },

    update: async ({ accountId, roleId: id, name, scopes }) => {
      try {
        return await inAccount(prisma, accountId, async ({ accountRole }) =>
          fromRow(
            await accountRole.update({
              where: { id, accountId },
              data: { name, scopes: [...scopes] },
              select: columns,
            }),
          ),
        );
      } catch (error) {
        if (isUniqueViolation(error)) return 'name_taken';
        throw error;
      }
    },

    remove: ({ accountId, roleId }) =>
      inAccount(prisma, accountId, async ({ accountRole, roleGrant }) => {
        const where = { accountId, customRoleId: roleId };
        const held = await roleGrant.findMany({
          where,
          select: { userId: true },
          orderBy: { userId: 'asc' },
        });
        await roleGrant.deleteMany({ where });
        await accountRole.deleteMany({ where: { accountId, id: roleId } });
        return held.map(({ userId }) => userId);
      }),
  };
}
