import type { DomainHandlers } from '@patchbay/kit/definition';
import { platformError } from '@patchbay/kit/errors';
import type { metering } from './definition.ts';
import type { MeterCatalogue } from './meter-catalogue.ts';
import type { MeteringPorts } from './ports.ts';
import { entityGroups } from './usage-store.ts';

const bucketMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000, all: Infinity } as const;
/** Buckets of one answer; a year of days, a week of minutes. */
export const BUCKET_COUNT_MAX = 10_080;
const GROUP_COUNT_MAX = 3;

/** The names to group by: entities, and dimensions that the meter has. What is neither would be one empty group. */
function groupsOf(
  { groupBy = '', meter }: { readonly groupBy?: string | undefined; readonly meter?: string | undefined },
  catalogue: MeterCatalogue,
): string[] {
  const names = groupBy.split(',').filter(Boolean);
  if (meter !== undefined && !catalogue.has(meter)) {
    throw platformError(
      'request.invalid',
      `/meter: ${meter} is none of ${[...catalogue.keys()].join(', ')}.`,
    );
  }
  const asked = meter === undefined ? [...catalogue.values()] : [catalogue.get(meter)];
  const known = new Set<string>([
    ...entityGroups,
    ...asked.flatMap((each) => Object.keys(each?.dimensions ?? {})),
  ]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw platformError('request.invalid', `/groupBy: ${unknown} is none of ${[...known].join(', ')}.`);
  }
  if (names.length > GROUP_COUNT_MAX) {
    throw platformError('request.invalid', `/groupBy: At most ${GROUP_COUNT_MAX} names are taken.`);
  }
  return names;
}

export const handlers: DomainHandlers<typeof metering, MeteringPorts> = {
  usage: {
    async query(context, request, { usage, catalogue }) {
      const [fromMs, toMs] = [Date.parse(request.from), Date.parse(request.to)];
      if (toMs < fromMs) throw platformError('request.invalid', '/to: The range ends before it begins.');
      const groupBy = groupsOf(request, catalogue);
      const bucketCount = Math.ceil((toMs - fromMs) / bucketMs[request.bucket]);
      if (bucketCount > BUCKET_COUNT_MAX) {
        throw context.error(
          'metering.range_too_wide',
          `The range holds ${bucketCount} buckets; at most ${BUCKET_COUNT_MAX} are answered.`,
        );
      }
      const { rows, isTruncated } = await usage.query({
        accountId: context.entity.accountId,
        fromMs,
        toMs,
        bucket: request.bucket,
        ...(request.meter === undefined ? {} : { meter: request.meter }),
        ...(request.sessionId === undefined ? {} : { sessionId: request.sessionId }),
        groupBy,
        scope: request.scope,
        limit: request.limit,
      });
      return {
        isTruncated,
        rows: rows.map(({ atMs, meter, group, quantity, recordCount }) => ({
          at: new Date(atMs).toISOString(),
          meter,
          group: { ...group },
          quantity: quantity.toString(),
          recordCount,
        })),
      };
    },

    async listRefused(context, page, { usage }) {
      const { items, nextCursor } = await usage.listRefused({ accountId: context.entity.accountId, ...page });
      return {
        ...(nextCursor === undefined ? {} : { nextCursor }),
        items: items.map(({ seenMs, reason, record }) => ({
          at: new Date(seenMs).toISOString(),
          reason,
          accountId: record.accountId,
          nodeId: record.id.nodeId,
          service: record.service,
          from: new Date(record.fromMs).toISOString(),
          to: new Date(record.toMs).toISOString(),
          quantities: record.quantities.map(({ meter, quantity, dimensions }) => ({
            meter,
            quantity: quantity.toString(),
            dimensions: { ...dimensions, region: record.region, modality: record.modality },
          })),
        })),
      };
    },
  },
};
