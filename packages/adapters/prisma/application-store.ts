import type { ApplicationRecord, TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { createId } from '@patchbay/kit/ids';
import { rowsInAccount } from '../postgres/at-once.ts';
import type { PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount } from './scope.ts';

const columns = { id: true, name: true, instanceTypes: true, createdAt: true } as const;
// A column of lists may have none: it is an empty one, as Prisma reads it.
const selected = `id, name, coalesce(instance_types, '{}') AS "instanceTypes", created_at AS "createdAt"`;

export function applicationStore(prisma: PrismaClient): TenancyPorts['applications'] {
  return {
    list: async ({ accountId, cursor = '', limit }) => {
      const rows = await rowsInAccount<ApplicationRecord>(prisma, accountId, {
        text: `SELECT ${selected} FROM application WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
        values: [accountId, cursor, limit + 1],
      });
      return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: (row) => row });
    },

    find: async ({ accountId, applicationId }) => {
      const [row] = await rowsInAccount<ApplicationRecord>(prisma, accountId, {
        text: `SELECT ${selected} FROM application WHERE account_id = $1 AND id = $2`,
        values: [accountId, applicationId],
      });
      return row;
    },

    create: ({ accountId, name, instanceTypes }) =>
      inAccount(prisma, accountId, ({ application }) =>
        application.create({
          data: { id: createId('app'), accountId, name, instanceTypes: [...instanceTypes] },
          select: columns,
        }),
      ),

    update: ({ accountId, applicationId: id, name, instanceTypes }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const { application, serviceConfig, policy } = transaction;
        await application.updateMany({
          where: { accountId, id },
          data: {
            ...(name === undefined ? {} : { name }),
            ...(instanceTypes === undefined ? {} : { instanceTypes: [...instanceTypes] }),
          },
        });
        // What the account set an instance type to goes with it: one of the same name begins anew. What those above set stays and holds
        // again with that one, or the account lifted it by removing the type for a moment (POL-2).
        if (instanceTypes !== undefined) {
          const gone = {
            accountId,
            applicationId: id,
            setBy: '',
            instanceType: { notIn: ['', ...instanceTypes] },
          };
          await serviceConfig.deleteMany({ where: gone });
          await policy.deleteMany({ where: gone });
          await transaction.$queryRaw`
            SELECT webhook_remove(w.id) AS ok FROM webhook w
            WHERE w.account_id = ${accountId} AND w.application_id = ${id} AND w.service IS NOT NULL AND w.state <> 'removed'
              AND NOT w.instance_type = ANY (${[...instanceTypes]})`;
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
