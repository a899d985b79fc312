import type { ApplicationRecord, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import type { PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount } from './scope.ts';

const columns = { id: true, name: true, instanceTypes: true, createdAt: true } as const;

export function applicationStore(prisma: PrismaClient): TenancyPorts['applications'] {
  return {
    list: ({ accountId, cursor = '', limit }) =>
      inAccount(prisma, accountId, async ({ application }) => {
        const rows = await application.findMany({
          where: { accountId, id: { gt: cursor } },
          orderBy: { id: 'asc' },
          take: limit + 1,
          select: columns,
        });
        return pageFrom(rows, limit, {
          cursorOf: ({ id }) => id,
          toItem: (row): ApplicationRecord => row,
        });
      }),

    find: ({ accountId, applicationId: id }) =>
      inAccount(
        prisma,
        accountId,
        async ({ application }) =>
          (await application.findFirst({ where: { accountId, id }, select: columns })) ?? undefined,
      ),

    create: ({ accountId, name, instanceTypes }) =>
      inAccount(prisma, accountId, ({ application }) =>
        application.create({
          data: { id: createId('app'), accountId, name, instanceTypes: [...instanceTypes] },
          select: columns,
        }),
      ),

    update: ({ accountId, applicationId: id, name, instanceTypes }) =>
      inAccount(prisma, accountId, async ({ application, serviceConfig, policy }) => {
        await application.updateMany({
          where: { accountId, id },
          data: {
            ...(name === undefined ? {} : { name }),
            ...(instanceTypes === undefined ? {} : { instanceTypes: [...instanceTypes] }),
          },
        });
        // What an instance type was set to goes with it: one of the same name begins anew.
        if (instanceTypes !== undefined) {
          const gone = { accountId, applicationId: id, instanceType: { notIn: ['', ...instanceTypes] } };
          await serviceConfig.deleteMany({ where: gone });
          await policy.deleteMany({ where: gone });
        }
        return (await application.findFirst({ where: { accountId, id }, select: columns })) ?? undefined;
      }),

    remove: ({ accountId, applicationId: id }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const { application, serviceConfig, policy } = transaction;
        const { count } = await application.deleteMany({ where: { accountId, id } });
        await serviceConfig.deleteMany({ where: { accountId, applicationId: id } });
        await policy.deleteMany({ where: { accountId, applicationId: id } });
        // What was set for it calls nobody any more.
        await transaction.$queryRaw`
          SELECT webhook_remove(w.id) AS ok FROM webhook w
          WHERE w.account_id = ${accountId} AND w.application_id = ${id} AND w.service IS NOT NULL AND w.state <> 'removed'`;
        return count > 0;
      }),
  };
}
