import type { Entity, ServiceDefinition } from '@patchbay/kit/definition';
import type { Platform } from './platform.ts';

interface Context {
  readonly entity: Entity;
  readonly config: Record<string, unknown>;
  readonly nowMs: () => number;
  readonly audit: (change: { target: string; before: unknown; after: unknown }) => void;
}

/** Meters of all services together. */
const METER_COUNT_MAX = 1_000;

type Handler = (context: Context, request: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** Serves what every service has without writing it (API-2): kit/service-resources.ts declares it. */
export function derivedHandlers(
  platform: Platform,
  service: ServiceDefinition,
): Readonly<Record<string, Handler>> {
  return {
    getConfig: async ({ config }) => config,

    async putConfig({ entity, config: before, audit }, request) {
      const after = service.config.parse(request);
      await platform.setConfig(entity, service.name, request);
      audit({ target: `${entity.accountId}/services/${service.name}/config`, before, after });
      return after;
    },

    getInfo: async () => ({
      name: service.name,
      title: service.title,
      summary: service.summary,
      timing: service.timing,
      media: service.media,
      meters: Object.entries(service.meters).map(
        ([name, { unit, summary, dimensions, isPriced = true }]) => ({
          name,
          unit,
          summary,
          dimensions,
          isPriced,
        }),
      ),
      events: Object.keys(service.events).map((event) => `${service.name}.${event}`),
      operations: Object.keys(service.operations),
    }),

    async getUse({ entity, nowMs }) {
      const toMs = nowMs();
      const now = new Date(toMs);
      const fromMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
      const { rows } = await platform.domainPorts.metering.usage.query({
        accountId: entity.accountId,
        fromMs,
        toMs,
        bucket: 'all',
        groupBy: [],
        scope: 'inclusive',
        limit: METER_COUNT_MAX,
      });
      const totals = new Map(rows.map(({ meter, quantity }) => [meter, quantity]));
      const meters = Object.entries(service.meters).map(([meter, { unit }]) => {
        return { meter, unit, quantity: (totals.get(`${service.name}.${meter}`) ?? 0n).toString() };
      });
      const from = new Date(fromMs).toISOString();
      const to = now.toISOString();
      return { from, to, meters };
    },
  };
}
