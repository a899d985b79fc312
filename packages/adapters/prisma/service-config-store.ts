import type { Namespace } from '@patchbay/domain/endpoints/identifier';
import type { StoredConfig } from '@patchbay/domain/policy/config-levels';
import { rowsOf } from '../postgres/at-once.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { isHeldPlace } from './held-place.ts';
import { inAccount } from './scope.ts';
import { standsAbove } from './stands-above.ts';

/** Endpoints of an account that have settings of one service: every node that serves the account keeps them all. */
const CONFIGURED_ENDPOINT_COUNT_MAX = 1_000;
/** The same of those that one account above has set for: the account's own take no place from them, nor they from those. */
export const CONFIGURED_FROM_ABOVE_COUNT_MAX = 100;

export interface ServiceConfigStore {
  /** What is set for the account and those above it, for the application with its instance types and for the endpoint: of every service. */
  configChain(entity: {
    readonly accountId: string;
    readonly applicationId?: string | undefined;
    readonly endpointId?: string | undefined;
  }): Promise<readonly StoredConfig[]>;
  /** What is set for the endpoints of an account, by identifier, of one namespace. */
  ofEndpoints(account: {
    readonly accountId: string;
    readonly namespace: Namespace;
  }): Promise<readonly (StoredConfig & { readonly identifier: string })[]>;
  /**
   * Sets what one level says, and answers what it said until then. Undefined: there is no such application, instance type
   * or endpoint. 'too_many': as many endpoints have settings of whoever says it as may. 'not_above': whose word it would be does
   * not stand above the account, or no longer.
   */
  setConfig(config: StoredConfig): Promise<StoredConfig['values'] | 'too_many' | 'not_above' | undefined>;
}

export function serviceConfigStore(prisma: PrismaClient): ServiceConfigStore {
  return {
    configChain: async ({ accountId, applicationId = '', endpointId = '' }) => {
      const rows = await rowsOf<StoredRow>(prisma, {
        text: `SELECT account_id, set_by, application_id, instance_type, endpoint_id, service, config, held_by, holder_id, is_shown
          FROM service_config_levels($1, $2, $3)`,
        values: [accountId, applicationId, endpointId],
      });
      return rows.map(fromRow);
    },

    ofEndpoints: ({ accountId, namespace }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const rows = await transaction.$queryRaw<(StoredRow & { identifier: string })[]>`
          SELECT s.account_id, s.set_by, '' AS application_id, '' AS instance_type, s.endpoint_id, s.service, s.config, e.identifier
          FROM service_config s JOIN endpoint e ON e.id = s.endpoint_id
          WHERE s.account_id = ${accountId} AND s.endpoint_id <> '' AND e.account_id = s.account_id
            AND e.namespace = ${namespace} AND e.rests_until IS NULL AND s.config <> '{}'`;
        return rows.map(({ identifier, ...row }) => ({ ...fromRow(row), identifier }));
      }),

    setConfig: ({ accountId, setById = '', service, values, ...place }) =>
      inAccount(prisma, accountId, async (transaction) => {
        const { applicationId = '', instanceType = '', endpointId = '' } = place;
        if (setById !== '' && !(await standsAbove(transaction, accountId, setById))) return 'not_above';
        if (!(await isHeldPlace(transaction, { accountId, ...place }))) return undefined;
        const id = { accountId, setBy: setById, applicationId, instanceType, endpointId, service };
        // One at a time, so that what one says was there before is what the other made of it (ACC-8).
        const turn = JSON.stringify([
          'config',
          accountId,
          ...(endpointId === '' ? [applicationId, instanceType] : []),
          service,
        ]);
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${turn}, 0))::text`;
        const before = await transaction.serviceConfig.findUnique({
          where: { accountId_setBy_applicationId_instanceType_endpointId_service: id },
          select: { config: true },
        });
        if (endpointId !== '' && before === null) {
          // What waits for an endpoint that is away stands by its identifier, and takes no place: whoever sees none could not clear it.
          const others = { accountId, setBy: setById, service, endpointId: { startsWith: 'end_' } };
          const countMax = setById === '' ? CONFIGURED_ENDPOINT_COUNT_MAX : CONFIGURED_FROM_ABOVE_COUNT_MAX;
          if ((await transaction.serviceConfig.count({ where: others })) >= countMax) return 'too_many';
        }
        // One from above that says nothing is none: it would hold moves up (ACC-2).
        if (setById !== '' && Object.keys(values).length === 0)
          await transaction.serviceConfig.deleteMany({ where: id });
        else {
          const value = { config: values as Prisma.InputJsonValue, updatedAt: new Date() };
          await transaction.serviceConfig.upsert({
            where: { accountId_setBy_applicationId_instanceType_endpointId_service: id },
            create: { ...id, ...value },
            update: value,
          });
        }
        return (before?.config ?? {}) as StoredConfig['values'];
      }),
  };
}

interface StoredRow {
  readonly account_id: string;
  readonly set_by: string | null;
  readonly application_id: string;
  readonly instance_type: string;
  readonly endpoint_id: string;
  readonly service: string;
  readonly config: StoredConfig['values'];
  /** The trigger, if one holds the account or application to it. */
  readonly held_by?: string | null;
  readonly holder_id?: string | null;
  readonly is_shown?: boolean | null;
}

function fromRow(row: StoredRow): StoredConfig {
  const { account_id, set_by, application_id, instance_type, endpoint_id, service, config } = row;
  const { held_by = null, holder_id = null, is_shown } = row;
  return {
    accountId: account_id,
    ...(application_id === '' ? {} : { applicationId: application_id }),
    ...(instance_type === '' ? {} : { instanceType: instance_type }),
    ...(endpoint_id === '' ? {} : { endpointId: endpoint_id }),
    ...(set_by === null || set_by === '' ? {} : { setById: set_by }),
    service,
    values: config,
    ...(held_by === null || holder_id === null
      ? {}
      : { heldBy: { triggerId: held_by, accountId: holder_id, isShown: is_shown === true } }),
  };
}
