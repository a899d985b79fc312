import type { MemberRecord, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { heldRoleColumns, roleFromRow, roleToRow } from './role-store.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';
import { makeInvitation } from './set-up-links.ts';

interface GrantRow {
  readonly accountId: string;
  readonly role: string;
  readonly customRole: { readonly id: string; readonly name: string } | null;
  readonly acceptedAt: Date | null;
  readonly invitedName: string | null;
  readonly user: { readonly id: string; readonly name: string; readonly email: string };
}

const columns = {
  accountId: true,
  ...heldRoleColumns,
  acceptedAt: true,
  invitedName: true,
  user: { select: { id: true, name: true, email: true } },
} as const;

const fromRow = ({ accountId, user, ...grant }: GrantRow): MemberRecord => ({
  userId: user.id,
  name: grant.acceptedAt === null ? (grant.invitedName ?? user.email) : user.name,
  email: user.email,
  ...roleFromRow(grant),
  state: grant.acceptedAt === null ? 'invited' : 'active',
  accountId,
});

/** The cursor names user and account, because one user may hold roles at several levels. */
const SEPARATOR = '.';

export function teamStore(prisma: PrismaClient): TenancyPorts['team'] {
  return {
    list: ({ accountId, at, cursor = '', limit }) =>
      inAccount(prisma, accountId, async ({ roleGrant }) => {
        const [userId = '', afterId = ''] = cursor.split(SEPARATOR);
        const rows = await roleGrant.findMany({
          where: {
            accountId: { in: [...at] },
            OR: [{ userId: { gt: userId } }, { userId, accountId: { gt: afterId } }],
          },
          orderBy: [{ userId: 'asc' }, { accountId: 'asc' }],
          take: limit + 1,
          select: columns,
        });
        return pageFrom(rows, limit, {
          cursorOf: ({ user, accountId: grantedAt }) => `${user.id}${SEPARATOR}${grantedAt}`,
          toItem: fromRow,
        });
      }),

    find: ({ accountId, userId }) =>
      inAccount(prisma, accountId, async ({ roleGrant }) => {
        const row = await roleGrant.findFirst({ where: { accountId, userId }, select: columns });
        return row === null ? undefined : fromRow(row);
      }),

    findByEmail: ({ accountId, email }) =>
      inAccount(prisma, accountId, async ({ roleGrant }) => {
        const where = { accountId, user: { email: email.toLowerCase() } };
        const row = await roleGrant.findFirst({ where, select: columns });
        return row === null ? undefined : fromRow(row);
      }),

    put: ({ accountId, email, name, role, ownersAt }) =>
      inAccount(prisma, ownersAt[0] ?? accountId, async (transaction) => {
        const [user] = await transaction.$queryRaw<{ id: string }[]>`
          SELECT id FROM user_invite(${createId('usr')}, ${email}, ${name})`;
        if (user === undefined) throw new Error('An invited user was neither found nor made.');
        const endsOwnership =
          role !== 'owner' && (await isLastOwner(transaction, { accountId, userId: user.id, ownersAt }));
        if (endsOwnership) return 'last_owner';
        const row = await transaction.roleGrant.upsert({
          where: { userId_accountId: { userId: user.id, accountId } },
          create: { userId: user.id, accountId, ...roleToRow(role), acceptedAt: null, invitedName: name },
          // Given by hand now, whoever gave it before.
          update: { ...roleToRow(role), isProvisioned: false },
          select: columns,
        });
        const isInvited = row.acceptedAt === null;
        return {
          member: fromRow(row),
          invitation: isInvited
            ? await makeInvitation(transaction, { userId: user.id, accountId })
            : undefined,
        };
      }),

    remove: ({ accountId, userId, ownersAt }) =>
      inAccount(prisma, ownersAt[0] ?? accountId, async (transaction) => {
        if (await isLastOwner(transaction, { accountId, userId, ownersAt })) return 'last_owner';
        const { count } = await transaction.roleGrant.deleteMany({ where: { accountId, userId } });
        return count > 0 ? 'removed' : 'unknown';
      }),
  };
}

interface Ownership {
  readonly accountId: string;
  readonly userId: string;
  readonly ownersAt: readonly string[];
}

/** Whether nobody else owns any of these accounts; one who was only invited does not. Two who leave at once wait for each other. */
async function isLastOwner(
  transaction: ScopedTransaction,
  { accountId, userId, ownersAt }: Ownership,
): Promise<boolean> {
  await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`owners:${ownersAt[0] ?? accountId}`}, 0))::text`;
  const owners = await transaction.roleGrant.findMany({
    where: { accountId: { in: [...ownersAt] }, role: 'owner', acceptedAt: { not: null } },
    select: { accountId: true, userId: true },
  });
  const isOwner = owners.some((grant) => grant.accountId === accountId && grant.userId === userId);
  return isOwner && owners.length === 1;
}
