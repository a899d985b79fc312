import type { Prisma, PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

export interface ConfiguredEntity {
  readonly accountId: string;
  readonly applicationId?: string | undefined;
  readonly service: string;
}

export interface ServiceConfigStore {
  /** What was set for the account, with what was set for the application over it, field by field. `{}` when nothing was. */
  configOf(entity: ConfiguredEntity): Promise<Readonly<Record<string, unknown>>>;
  setConfig(entity: ConfiguredEntity, config: unknown): Promise<void>;
}

export function serviceConfigStore(prisma: PrismaClient): ServiceConfigStore {
  return {
    configOf: ({ accountId, applicationId = '', service }) =>
      inAccount(prisma, accountId, async ({ serviceConfig }) => {
        const rows = await serviceConfig.findMany({
          where: { accountId, applicationId: { in: ['', applicationId] }, service },
          // The account's own, under the empty id, comes first.
          orderBy: { applicationId: 'asc' },
          select: { config: true },
        });
        return Object.assign({}, ...rows.map(({ config }) => config));
      }),

    setConfig: ({ accountId, applicationId = '', service }, config) =>
      inAccount(prisma, accountId, async ({ serviceConfig }) => {
        const id = { accountId, applicationId, service };
        const value = { config: config as Prisma.InputJsonValue, updatedAt: new Date() };
        await serviceConfig.upsert({
          where: { accountId_applicationId_service: id },
          create: { ...id, ...value },
          update: value,
        });
      }),
  };
}
