import type { DomainHandlers } from '@patchbay/kit/definition';
import { readDimensionFilter } from '@patchbay/kit/dimension-filter';
import { platformError } from '@patchbay/kit/errors';
import { z } from 'zod';
import { countedRange } from './counted-range.ts';
import type { metering } from './definition.ts';
import type { MeterCatalogue } from './meter-catalogue.ts';
import type { MeteringPorts } from './ports.ts';
import { accountingOf } from './session-accounting.ts';
import { BUCKET_COUNT_MAX, bucketCountOf } from './usage-pieces.ts';
import type { Dimensions } from './usage-record.ts';
import { entityGroups, type UsageRowKey } from './usage-store.ts';

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

/** The dimensions asked for. A name or a value that no meter has is refused: nothing would match, and nobody would notice. */
function whereOf(
  { where, meter }: { readonly where?: string | undefined; readonly meter?: string | undefined },
  catalogue: MeterCatalogue,
): Dimensions | undefined {
  if (where === undefined || where === '') return undefined;
  const asked = readDimensionFilter(where);
  if (typeof asked === 'string') throw platformError('request.invalid', `/where: ${asked}`);
  const meters = [...catalogue].filter(([name]) => meter === undefined || name === meter);
  const valuesOf = Map.groupBy(
    meters.flatMap(([, { dimensions }]) => Object.entries(dimensions)),
    ([name]) => name,
  );
  for (const [name, value] of Object.entries(asked)) {
    const declared = valuesOf.get(name)?.map(([, values]) => values);
    if (declared === undefined)
      throw platformError(
        'request.invalid',
        `/where: ${name} is none of ${[...valuesOf.keys()].join(', ')}.`,
      );
    const known = declared.flatMap((values) => (values === 'open' ? [] : values));
    if (!declared.includes('open') && !known.includes(value))
      throw platformError(
        'request.invalid',
        `/where: ${name} is never ${value}, but ${[...new Set(known)].join(', ')}.`,
      );
  }
  return asked;
}

const keySchema = z.tuple([z.int().min(0).max(8_640_000_000_000_000), z.string()], z.string());

/** Where an answer ended, as one opaque text: the keys of its last row. */
const keyTextOf = ({ atMs, meter, group }: UsageRowKey, groupBy: readonly string[]): string =>
  Buffer.from(JSON.stringify([atMs, meter, ...groupBy.map((name) => group[name] ?? '')])).toString(
    'base64url',
  );

/** @throws request.invalid for what no answer gave, or one to another question. */
function rowOf(keyText: string, groupBy: readonly string[]): UsageRowKey {
  try {
    const [atMs, meter, ...groups] = keySchema.parse(
      JSON.parse(Buffer.from(keyText, 'base64url').toString()),
    );
    if (groups.length === groupBy.length) {
      return {
        atMs,
        meter,
        group: Object.fromEntries(groupBy.map((name, index) => [name, groups[index] ?? ''])),
      };
    }
  } catch {
    // It is said below, as of an answer to another question.
  }
  throw platformError('request.invalid', '/after: No answer to this question ended there.');
}

export const handlers: DomainHandlers<typeof metering, MeteringPorts> = {
  usage: {
    async query(context, request, { usage, catalogue }) {
      const [fromMs, toMs] = [Date.parse(request.from), Date.parse(request.to)];
      if (toMs < fromMs) throw platformError('request.invalid', '/to: The range ends before it begins.');
      const groupBy = groupsOf(request, catalogue);
      const where = whereOf(request, catalogue);
      const after = request.after === undefined ? undefined : rowOf(request.after, groupBy);
      const bucketCount = bucketCountOf({ fromMs, toMs }, request.bucket);
      if (bucketCount > BUCKET_COUNT_MAX) {
        throw context.error(
          'metering.range_too_wide',
          `The range holds ${bucketCount} buckets; at most ${BUCKET_COUNT_MAX} are answered.`,
        );
      }
      const { rows, isTruncated, completeFromMs } = await usage.query({
        accountId: context.entity.accountId,
        fromMs,
        toMs,
        bucket: request.bucket,
        timeZone: request.timeZone,
        ...(where === undefined ? {} : { where }),
        ...(after === undefined ? {} : { after }),
        ...(request.meter === undefined ? {} : { meter: request.meter }),
        ...(request.sessionId === undefined ? {} : { sessionId: request.sessionId }),
        ...(request.endpoint === undefined ? {} : { endpoint: request.endpoint }),
        ...(request.application === undefined ? {} : { application: request.application }),
        ...(request.credential === undefined ? {} : { credential: request.credential }),
        groupBy,
        scope: request.scope,
        limit: request.limit,
      });
      const last = rows.at(-1);
      const counted = countedRange({ fromMs, toMs });
      return {
        from: new Date(counted.fromMs).toISOString(),
        to: new Date(counted.toMs).toISOString(),
        isTruncated,
        ...(completeFromMs === undefined ? {} : { completeFrom: new Date(completeFromMs).toISOString() }),
        ...(isTruncated && last !== undefined ? { nextAfter: keyTextOf(last, groupBy) } : {}),
        rows: rows.map(({ atMs, meter, group, quantity, recordCount }) => ({
          at: new Date(atMs).toISOString(),
          meter,
          group: { ...group },
          quantity: quantity.toString(),
          recordCount,
        })),
      };
    },

    async getSession(context, { sessionId }, { usage }) {
      const segments = await usage.sessionSegments(context.entity.accountId, sessionId);
      const accounting = accountingOf(segments);
      if (accounting === undefined)
        throw context.error('resource.unknown', `Nothing is known here of use in session ${sessionId}.`);
      return { sessionId, ...accounting };
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
