import type { StoredConfig } from '@patchbay/domain/policy/config-levels';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { inAccount } from './scope.ts';

export interface ServiceConfigStore {
  /** What is set for the account and those above it, and for the application with its instance types: of every service. */
  configChain(entity: {
    readonly accountId: string;
    readonly applicationId?: string | undefined;
  }): Promise<readonly StoredConfig[]>;
  /** Sets what one level says, and answers what it said until then. Undefined: there is no such application or instance type. */
  setConfig(config: StoredConfig): Promise<StoredConfig['values'] | undefined>;
}

export function serviceConfigStore(prisma: PrismaClient): ServiceConfigStore {
  return {
    configChain: async ({ accountId, applicationId = '' }) => {
      const rows = await prisma.$queryRaw<StoredRow[]>`
        SELECT account_id, application_id, instance_type, service, config, held_by, holder_id, is_shown
        FROM service_config_chain(${accountId}, ${applicationId})`;
      return rows.map(fromRow);
    },

    setConfig: ({ accountId, applicationId = '', instanceType = '', service, values }) =>
      inAccount(prisma, accountId, async (transaction) => {
        if (applicationId !== '') {
          // Whoever removes it waits until this is stored, and then takes it along.
          const [application] = await transaction.$queryRaw<{ instance_types: readonly string[] }[]>`
            SELECT instance_types FROM application WHERE account_id = ${accountId} AND id = ${applicationId} FOR SHARE`;
          if (application === undefined) return undefined;
          if (instanceType !== '' && !application.instance_types.includes(instanceType)) return undefined;
        }
        const id = { accountId, applicationId, instanceType, service };
        // One at a time, so that what one says was there before is what the other made of it (ACC-8).
        const place = JSON.stringify(['config', accountId, applicationId, instanceType, service]);
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${place}, 0))::text`;
        const before = await transaction.serviceConfig.findUnique({
          where: { accountId_applicationId_instanceType_service: id },
          select: { config: true },
        });
        const value = { config: values as Prisma.InputJsonValue, updatedAt: new Date() };
        await transaction.serviceConfig.upsert({
          where: { accountId_applicationId_instanceType_service: id },
          create: { ...id, ...value },
          update: value,
        });
        return (before?.config ?? {}) as StoredConfig['values'];
      }),
  };
}

interface StoredRow {
  readonly account_id: string;
  readonly application_id: string;
  readonly instance_type: string;
  readonly service: string;
  readonly config: StoredConfig['values'];
  /** The trigger, if one holds the account or application to it. */
  readonly held_by: string | null;
  readonly holder_id: string | null;
  readonly is_shown: boolean | null;
}

function fromRow(row: StoredRow): StoredConfig {
  const { account_id, application_id, instance_type, service, config, held_by, holder_id, is_shown } = row;
  return {
    accountId: account_id,
    ...(application_id === '' ? {} : { applicationId: application_id }),
    ...(instance_type === '' ? {} : { instanceType: instance_type }),
    service,
    values: config,
    ...(held_by === null || holder_id === null
      ? {}
      : { heldBy: { triggerId: held_by, accountId: holder_id, isShown: is_shown === true } }),
  };
}
