import type { OrganisationRecord, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import type { PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { heldRoleColumns, roleFromRow } from './role-store.ts';
import { inAccount, type ScopedTransaction } from './scope.ts';

async function find(
  { account, appUser }: ScopedTransaction,
  accountId: string,
): Promise<OrganisationRecord | undefined> {
  const top = await account.findFirst({ where: { id: accountId }, select: { organisation: true } });
  if (top === null || top.organisation === null) return undefined;
  const { id, name, createdAt } = top.organisation;
  const inIt = { organisationId: id };
  const accountCount = await account.count({ where: inIt });
  const personCount = await appUser.count({ where: { grants: { some: { account: inIt } } } });
  return { id, name, accountId, accountCount, personCount, createdAt };
}

/** In the scope of an organisation's top account, all of its accounts are seen, and all roles at them. */
export function organisationStore(prisma: PrismaClient): TenancyPorts['organisations'] {
  return {
    find: ({ accountId }) => inAccount(prisma, accountId, (transaction) => find(transaction, accountId)),

    rename: ({ accountId, name }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const accounts = { some: { id: accountId } };
        await transaction.organisation.updateMany({ where: { accounts }, data: { name } });
        return await find(transaction, accountId);
      }),

    people: ({ accountId, cursor = '', limit }) =>
      inAccount(prisma, accountId, async ({ account, appUser }) => {
        const top = await account.findFirst({ where: { id: accountId }, select: { organisationId: true } });
        const inIt = { account: { organisationId: top?.organisationId ?? '' } };
        const rows = await appUser.findMany({
          where: { id: { gt: cursor }, grants: { some: inIt } },
          orderBy: { id: 'asc' },
          take: limit + 1,
          select: {
            id: true,
            name: true,
            email: true,
            grants: {
              where: inIt,
              orderBy: { account: { depth: 'asc' } },
              select: {
                ...heldRoleColumns,
                acceptedAt: true,
                invitedName: true,
                account: { select: { id: true, name: true } },
              },
            },
          },
        });
        return pageFrom(rows, limit, {
          cursorOf: ({ id }) => id,
          toItem: ({ id, name, email, grants }) => ({
            userId: id,
            // Who took no invitation yet is known by the name that somebody here gave them.
            name: grants.some(({ acceptedAt }) => acceptedAt !== null)
              ? name
              : (grants.find(({ invitedName }) => invitedName !== null)?.invitedName ?? email),
            email,
            roles: grants.map(({ acceptedAt, account: at, ...held }) => ({
              accountId: at.id,
              accountName: at.name,
              ...roleFromRow(held),
              state: acceptedAt === null ? ('invited' as const) : ('active' as const),
            })),
          }),
        });
      }),
  };
}
