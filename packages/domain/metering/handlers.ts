import type { DomainHandlers } from '@patchbay/kit/definition';
import type { metering } from './definition.ts';
import type { MeteringPorts } from './ports.ts';

const bucketMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000, all: Infinity } as const;
/** Buckets of one answer; a year of days, a week of minutes. */
export const BUCKET_COUNT_MAX = 10_080;
const GROUP_COUNT_MAX = 3;

export const handlers: DomainHandlers<typeof metering, MeteringPorts> = {
  usage: {
    async query(context, request, { usage }) {
      const [fromMs, toMs] = [Date.parse(request.from), Date.parse(request.to)];
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
        groupBy: (request.groupBy ?? '').split(',').filter(Boolean).slice(0, GROUP_COUNT_MAX),
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
  },
};
