import { throughMinute } from '@patchbay/domain/metering/counted-range';
import {
  type ConfigLevel,
  type ConfigOrigin,
  type ConfigRules,
  configRulesOf,
  effectiveConfig,
  widerFields,
} from '@patchbay/domain/policy/effective-config';
import type { Entity, OperationHandler, ServiceDefinition } from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { callbackHandlers } from './callbacks.ts';
import type { Platform } from './platform.ts';
import { refuseChanged } from './precondition.ts';
import { listServiceData } from './service-data.ts';

interface Context {
  readonly entity: Entity;
  /** What each level says of the service's configuration, from the top down. The last is the entity's own. */
  readonly levels: readonly ConfigLevel[];
  /** The accounts of the chain that the caller may see. */
  readonly visibleIds: readonly string[];
  readonly nowMs: () => number;
  /** Whether the caller may do something else here, by its name. */
  readonly mayCall: (operation: string) => boolean;
  readonly ifMatch?: string | undefined;
  readonly audit: (change: { target: string; before: unknown; after: unknown }) => void;
}

/** Meters of all services together. */
const METER_COUNT_MAX = 1_000;

type Handler = OperationHandler<
  [context: Context, request: Record<string, unknown>],
  Record<string, unknown>
>;

/** Serves what every service has without writing it (API-2): kit/service-resources.ts declares it. */
export function derivedHandlers(
  platform: Platform,
  service: ServiceDefinition,
): Readonly<Record<string, Handler>> {
  const rules = configRulesOf(service);

  const readConfig: Handler = async ({ levels, visibleIds }) => toConfigAnswer(levels, { rules, visibleIds });

  const writeConfig: Handler = async ({ entity, levels, visibleIds, audit, ifMatch }, request) => {
    const { applicationId, instanceType, endpointId, ...values } = request;
    const before = levels.at(-1);
    if (before === undefined) throw platformError('resource.unknown', 'There is no such entity here.');
    const after = [...levels.slice(0, -1), { ...before, values }];
    refuseWider(after, { rules, visibleIds, service });
    const stored = await platform.setConfig(entity, service.name, values);
    if (stored === 'too_many')
      throw platformError(
        'config.too_many',
        'Nothing is set here yet, and as many endpoints have settings as may.',
      );
    if (stored === undefined)
      throw platformError(
        'resource.unknown',
        'The application, its instance type or the endpoint was removed meanwhile.',
      );
    // What stood there is known for sure once it is replaced: nobody comes between, and a refusal takes the change back.
    const replaced = toConfigAnswer([...levels.slice(0, -1), { ...before, values: stored }], {
      rules,
      visibleIds,
    });
    await refuseChanged(ifMatch, replaced);
    const { accountId } = entity;
    const target = [accountId, applicationId, instanceType, endpointId]
      .filter((id) => id !== undefined)
      .join('/');
    audit({ target: `${target}/services/${service.name}/config`, before: stored, after: values });
    if (isChanged(stored, values))
      await platform.emit(accountId, 'policy.config.changed', {
        service: service.name,
        applicationId,
        instanceType,
        endpointId,
      });
    return toConfigAnswer(after, { rules, visibleIds });
  };

  const readUse: Handler = async ({ entity, nowMs }) => {
    const toMs = nowMs();
    const now = new Date(toMs);
    const fromMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
    const { rows } = await platform.domainPorts.metering.usage.query({
      accountId: entity.accountId,
      fromMs,
      toMs: throughMinute(toMs),
      bucket: 'all',
      groupBy: [],
      ...scopeOfUse(entity),
      limit: METER_COUNT_MAX,
    });
    const totals = new Map(rows.map(({ meter, quantity }) => [meter, quantity]));
    const meters = Object.entries(service.meters).map(([meter, { unit }]) => {
      return { meter, unit, quantity: (totals.get(`${service.name}.${meter}`) ?? 0n).toString() };
    });
    const from = new Date(fromMs).toISOString();
    const to = now.toISOString();
    return { from, to, meters };
  };

  const readData: Handler = async (context, asked) => ({
    // The schema of the request was held against it before.
    ...(await listServiceData(platform, service.name, { context, asked: asked as never })),
  });

  const readInfo: Handler = async () => ({
    name: service.name,
    title: service.title,
    summary: service.summary,
    timing: service.timing,
    media: service.media,
    meters: Object.entries(service.meters).map(([name, { unit, summary, dimensions, isPriced = true }]) => ({
      name,
      unit,
      summary,
      dimensions: Object.fromEntries(
        Object.entries(dimensions).map(([dimension, values]) => [
          dimension,
          values === 'open' ? values : [...values],
        ]),
      ),
      isPriced,
    })),
    events: Object.keys(service.events).map((event) => `${service.name}.${event}`),
    operations: Object.keys(service.operations),
  });

  return {
    getConfig: readConfig,
    getApplicationConfig: readConfig,
    getInstanceTypeConfig: readConfig,
    getEndpointConfig: readConfig,
    putConfig: writeConfig,
    putApplicationConfig: writeConfig,
    putInstanceTypeConfig: writeConfig,
    putEndpointConfig: writeConfig,

    getInfo: readInfo,
    getApplicationInfo: readInfo,
    getEndpointInfo: readInfo,

    ...callbackHandlers(service.name, {
      ports: () => platform.domainPorts.hooks,
      emit: (...told) => platform.emit(...told),
    }),
    listData: readData,
    listApplicationData: readData,
    listEndpointData: readData,
    getUse: readUse,
    getApplicationUse: readUse,
    getEndpointUse: readUse,
  };
}

/** What is below an account used is of no endpoint, and no application, of it. An endpoint has one use, whatever its application. */
function scopeOfUse({ endpoint, applicationId }: Pick<Entity, 'endpoint' | 'applicationId'>) {
  if (endpoint !== undefined) return { scope: 'own', endpoint } as const;
  return applicationId === undefined
    ? ({ scope: 'descendants' } as const)
    : ({ scope: 'own', application: applicationId } as const);
}

interface Reading {
  readonly rules: ConfigRules;
  readonly visibleIds: readonly string[];
}

function toConfigAnswer(levels: readonly ConfigLevel[], { rules, visibleIds }: Reading) {
  const { values, origins } = effectiveConfig(levels, rules);
  return {
    stored: levels.at(-1)?.values ?? {},
    inherited: effectiveConfig(levels.slice(0, -1), rules).values,
    effective: values,
    origins: Object.fromEntries(
      Object.entries(origins).map(([field, origin]) => [field, visibleOrigin(origin, visibleIds)]),
    ),
  };
}

/** Whoever asks is told of the accounts that they see, and of others that they are above (C1). */
function visibleOrigin(
  origin: ConfigOrigin,
  visibleIds: readonly string[],
): Partial<Record<'accountId' | 'applicationId' | 'instanceType' | 'endpointId' | 'triggerId', string>> &
  Pick<ConfigOrigin, 'level'> {
  if (origin.level === 'default') return origin;
  if (origin.level !== 'trigger')
    return visibleIds.includes(origin.accountId) ? origin : { level: origin.level };
  const { level, accountId, triggerId, isShown } = origin;
  if (visibleIds.includes(accountId)) return { level, accountId, triggerId };
  // One that its setter does not show is somebody's word above, like any other.
  return isShown ? { level, triggerId } : { level: 'account' };
}

/** What is stored and cannot hold would be read as if it did (POL-2). */
function refuseWider(
  levels: readonly ConfigLevel[],
  { rules, visibleIds, service }: Reading & { readonly service: ServiceDefinition },
): void {
  // What a trigger holds for a time is no bound on what may stand here after it.
  const lasting = levels.filter((level) => level.origin.level !== 'trigger');
  const [field] = widerFields(lasting, rules);
  if (field === undefined) return;
  const { values, origins } = effectiveConfig(lasting, rules);
  const origin = visibleOrigin(origins[field] ?? { level: 'default' }, visibleIds);
  const level = Object.values(origin).at(-1);
  const detail = `/${field}: it is ${values[field]} above (${level}), and can only be narrowed.`;
  const refused = platformError('config.wider', detail);
  throw new ServiceError({ ...refused.fields, rule: `${service.name}.${field}`, level });
}
