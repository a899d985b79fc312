import { DAY_MS, FLOW_COUNTED_MAX, type FlowCount, HOUR_MS } from '@patchbay/domain/hooks/flows';
import type { HooksPorts } from '@patchbay/domain/hooks/ports';
import { createId } from '@patchbay/kit/ids';
import { textArray } from '../metering/array-literal.ts';
import { rowsInAccount } from '../postgres/at-once.ts';
import type { Statement } from '../postgres/round-trip.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { pageFrom } from './page.ts';
import { inAccount } from './scope.ts';
import { webhookColumns, webhookFromRow } from './webhook-store.ts';

type FlowQuery = Parameters<HooksPorts['flows']['list']>[0];

/** With an application or an instance type of it: what hears of that, be it set above it or below. */
function placeOf({ applicationId, instanceType }: FlowQuery): Prisma.WebhookWhereInput {
  if (applicationId === undefined) return {};
  return {
    endpointId: null,
    OR: [
      { applicationId: null },
      {
        applicationId,
        ...(instanceType === undefined ? {} : { OR: [{ instanceType: null }, { instanceType }] }),
      },
    ],
  };
}

interface CountRow extends FlowCount {
  readonly webhookId: string;
  readonly oldestAt: Date;
}

/** By how much the clock of the database, which makes the id, may differ from ours. */
const CLOCK_MS = 60_000;

/** Of each webhook the newest, by its index. */
const countsOf = (
  { accountId, now }: FlowQuery,
  webhookIds: readonly string[],
  countedMax: number,
): Statement => ({
  text: `SELECT w.id AS "webhookId", d.type AS "eventType", d.state, min(d.created_at) AS "oldestAt",
      count(*) FILTER (WHERE d.created_at >= $4::timestamptz)::int AS "hourCount", count(*)::int AS "dayCount"
    FROM unnest($2::text[]) w (id) CROSS JOIN LATERAL (
      SELECT v.state, v.created_at, e.type FROM webhook_delivery v JOIN platform_event e ON e.id = v.event_id
      WHERE v.account_id = $1 AND v.webhook_id = w.id AND v.id >= $6 AND v.created_at >= $3::timestamptz
      ORDER BY v.id DESC LIMIT $5) d
    GROUP BY w.id, d.type, d.state`,
  values: [
    ...[accountId, textArray(webhookIds)],
    ...[new Date(now.getTime() - DAY_MS), new Date(now.getTime() - HOUR_MS), countedMax],
    // Ids sort by time: what is older is not looked at.
    createId('dlv', now.getTime() - DAY_MS - CLOCK_MS),
  ],
});

/** Where the events of an account go, and how many of late (HKS-5). */
export function flowStore(
  prisma: PrismaClient,
  { countedMax = FLOW_COUNTED_MAX }: { readonly countedMax?: number } = {},
): HooksPorts['flows'] {
  return {
    list: async (query) => {
      const { accountId, cursor = '', limit } = query;
      const page = await inAccount(prisma, accountId, async ({ webhook }) => {
        const rows = await webhook.findMany({
          // A trigger's is called by its firing alone, which is no event of a service.
          where: {
            accountId,
            state: { not: 'removed' },
            triggerId: null,
            id: { gt: cursor },
            ...placeOf(query),
          },
          orderBy: { id: 'asc' },
          take: limit + 1,
          select: webhookColumns,
        });
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: webhookFromRow });
      });
      const ids = page.items.map(({ id }) => id);
      const rows =
        ids.length === 0
          ? []
          : await rowsInAccount<CountRow>(prisma, accountId, countsOf(query, ids, countedMax));
      const counted = Map.groupBy(rows, ({ webhookId }) => webhookId);
      return {
        ...page,
        items: page.items.map((webhook) => {
          const counts = counted.get(webhook.id) ?? [];
          return { webhook, counts, countedSince: oldestOf(counts, countedMax) };
        }),
      };
    },
  };
}

/** Only where the bound was met: else all of the day is counted. */
function oldestOf(counts: readonly CountRow[], countedMax: number): Date | undefined {
  const count = counts.reduce((sum, { dayCount }) => sum + dayCount, 0);
  if (count < countedMax) return undefined;
  return new Date(Math.min(...counts.map(({ oldestAt }) => oldestAt.getTime())));
}
