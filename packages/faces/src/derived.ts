import { throughMinute } from '@patchbay/domain/metering/counted-range';
import { type ConfigLevel, configRulesOf } from '@patchbay/domain/policy/effective-config';
import { notYours } from '@patchbay/domain/tenancy/caller';
import type { Entity, OperationHandler, ServiceDefinition } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { callbackHandlers } from './callbacks.ts';
import type { Platform } from './platform.ts';
import { refuseChanged } from './precondition.ts';
import { readConfig, refuseWider, toConfigAnswer, withValues } from './service-config.ts';
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
  /** For whom the caller may do something of this service here, by its name, the highest first. */
  readonly speakers: (operation: string) => readonly string[];
  readonly ifMatch?: string | undefined;
  readonly audit: (change: { target: string; before: unknown; after: unknown }) => void;
}

/** Meters of all services together. */
const METER_COUNT_MAX = 1_000;

/** What sets the configuration at one of its levels, and so tells who may speak there. */
type ConfigChange = 'putConfig' | 'putApplicationConfig' | 'putInstanceTypeConfig' | 'putEndpointConfig';

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

  const readingOf = (context: Context, by: ConfigChange, from: unknown) =>
    readConfig(
      {
        ...context,
        speakerIds: context.speakers(by),
        // The schema of the request was held against it before.
        from: from as string | undefined,
      },
      rules,
    );

  const configReader =
    (by: ConfigChange): Handler =>
    async (context, { from }) =>
      toConfigAnswer(readingOf(context, by, from));

  const configWriter =
    (by: ConfigChange): Handler =>
    async (context, request) => {
      const { entity, audit, ifMatch } = context;
      const { applicationId, instanceType, endpointId, from, ...values } = request;
      const reading = readingOf(context, by, from);
      const { setById } = reading;
      const after = withValues(reading, values);
      refuseWider(after, service);
      const stored = await platform.setConfig(entity, service.name, { values, setById });
      if (stored === 'too_many')
        throw platformError(
          'config.too_many',
          'Nothing is set here yet, and as many endpoints have settings as may.',
        );
      if (stored === 'not_above')
        throw platformError('resource.unknown', notYours(setById ?? entity.accountId));
      if (stored === undefined)
        throw platformError(
          'resource.unknown',
          'The application, its instance type or the endpoint was removed meanwhile.',
        );
      // What stood there is known for sure once it is replaced: nobody comes between, and a refusal takes the change back.
      await refuseChanged(ifMatch, toConfigAnswer(withValues(reading, stored)));
      const { accountId } = entity;
      const target = [accountId, applicationId, instanceType, endpointId]
        .filter((id) => id !== undefined)
        .join('/');
      const place = `${target}/services/${service.name}/config`;
      // Whose word it was: not always that of who changed it.
      if (setById === undefined) audit({ target: place, before: stored, after: values });
      else
        audit({
          target: `${place}/above`,
          before: { from: setById, ...stored },
          after: { from: setById, ...values },
        });
      if (isChanged(stored, values))
        await platform.emit(accountId, 'policy.config.changed', {
          service: service.name,
          applicationId,
          instanceType,
          endpointId,
        });
      return toConfigAnswer(after);
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
    getConfig: configReader('putConfig'),
    getApplicationConfig: configReader('putApplicationConfig'),
    getInstanceTypeConfig: configReader('putInstanceTypeConfig'),
    getEndpointConfig: configReader('putEndpointConfig'),
    putConfig: configWriter('putConfig'),
    putApplicationConfig: configWriter('putApplicationConfig'),
    putInstanceTypeConfig: configWriter('putInstanceTypeConfig'),
    putEndpointConfig: configWriter('putEndpointConfig'),

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
