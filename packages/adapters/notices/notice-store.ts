import {
  type NoticeContent,
  type NoticeRecord,
  type Receipt,
  rankOf,
  type Urgency,
  WAITING_MAX,
} from '@patchbay/domain/notices/notice';
import type { Entity } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { pageFrom } from '../prisma/page.ts';
import { storable } from '../prisma/storable.ts';
import { deliveriesOf, type NoticeRow, noticeFromRow, type OneNotice, tellOf } from './notice-rows.ts';

interface Asked {
  readonly entity: Entity;
  readonly endpoint: string;
  readonly content: NoticeContent;
  readonly urgency: Urgency;
  readonly ways: readonly string[];
  readonly ttlSeconds: number;
  readonly emailsPerDayMax: number;
}

interface Options {
  readonly pool: Pool;
  readonly nowMs: () => number;
  /** There is something to do, in a transaction that may not be over yet. */
  readonly onAsked?: () => void;
}

/** Notices as their accounts see them. */
export function noticeStore({ pool, nowMs, onAsked }: Options) {
  return {
    send: async (asked: Asked): Promise<NoticeRecord | 'too_many'> => {
      const { accountId, applicationId = null } = asked.entity;
      const sent = await inAccountScope(pool, accountId, async (client) => {
        // Who sends for one account does so one after the other, so that the bound holds.
        await client.query(
          "SELECT pg_advisory_xact_lock(hashtextextended('patchbay.notices.sent ' || $1, 0))",
          [accountId],
        );
        const { rows: waiting } = await client.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM (
             SELECT 1 FROM notice WHERE account_id = $1 AND due_at IS NOT NULL LIMIT $2) counted`,
          [accountId, WAITING_MAX],
        );
        if ((waiting[0]?.count ?? 0) >= WAITING_MAX) return 'too_many' as const;
        const atMs = nowMs();
        const { rows } = await client.query<NoticeRow>(
          `INSERT INTO notice (id, account_id, application_id, endpoint_id, state, content, urgency_rank, ways, emails_per_day,
             created_at, due_at, expires_at)
           VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8, $9, $9, $10) RETURNING *`,
          [
            ...[createId('ntc', atMs), accountId, applicationId, asked.endpoint],
            ...[
              JSON.stringify(storable(asked.content)),
              rankOf(asked.urgency),
              asked.ways,
              asked.emailsPerDayMax,
            ],
            ...[new Date(atMs), new Date(atMs + asked.ttlSeconds * 1_000)],
          ],
        );
        return rows.map((row) => noticeFromRow(row, []))[0] ?? 'too_many';
      });
      onAsked?.();
      return sent;
    },

    find: async ({ accountId, noticeId }: OneNotice): Promise<NoticeRecord | undefined> =>
      await inAccountScope(pool, accountId, (client) => findNotice(client, { accountId, noticeId })),

    list: async ({
      accountId,
      endpoint,
      cursor,
      limit,
    }: {
      readonly accountId: string;
      readonly endpoint?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit: number;
    }) =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<NoticeRow>(
          `SELECT * FROM notice WHERE account_id = $1 AND ($2::text IS NULL OR id < $2) AND ($3::text IS NULL OR endpoint_id = $3)
           ORDER BY id DESC LIMIT $4`,
          [accountId, cursor ?? null, endpoint ?? null, limit + 1],
        );
        const deliveries = await deliveriesOf(
          client,
          accountId,
          rows.map(({ id }) => id),
        );
        return pageFrom(rows, limit, {
          cursorOf: ({ id }) => id,
          toItem: (row) =>
            noticeFromRow(
              row,
              deliveries.filter(({ notice_id }) => notice_id === row.id),
            ),
        });
      }),

    /** As it stood before. 'over': nothing is left to be done. Whoever has it in hand writes nothing more of it. */
    cancel: async (one: OneNotice): Promise<NoticeRecord | 'over' | undefined> =>
      await inAccountScope(pool, one.accountId, async (client) => {
        const row = await locked(client, one);
        if (row === undefined) return undefined;
        if (row.due_at === null) return 'over';
        await client.query(
          `UPDATE notice SET state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END, due_at = NULL, lease_until = NULL
           WHERE account_id = $1 AND id = $2`,
          [one.accountId, one.noticeId],
        );
        return noticeFromRow(row, await deliveriesOf(client, one.accountId, [one.noticeId]));
      }),

    /** What somebody who got it says. Said again, and after that it was read, it is no news and told to nobody. */
    note: async ({
      receipt,
      ...one
    }: OneNotice & { readonly receipt: Receipt }): Promise<NoticeRecord | undefined> =>
      await inAccountScope(pool, one.accountId, async (client) => {
        const row = await locked(client, one);
        if (row === undefined) return undefined;
        const isNews = row.read_at === null && (receipt === 'read' || row.delivered_at === null);
        if (isNews) {
          const atMs = nowMs();
          await client.query(
            `UPDATE notice SET state = $3, due_at = NULL, lease_until = NULL, delivered_at = coalesce(delivered_at, $4),
               read_at = CASE WHEN $3 = 'read' THEN $4 END WHERE account_id = $1 AND id = $2`,
            [one.accountId, one.noticeId, receipt, new Date(atMs)],
          );
          await tellOf(client, row, { event: receipt, nowMs: atMs });
        }
        return await findNotice(client, one);
      }),
  };
}

export type NoticeStore = ReturnType<typeof noticeStore>;

async function locked(
  client: PoolClient,
  { accountId, noticeId }: OneNotice,
): Promise<NoticeRow | undefined> {
  const { rows } = await client.query<NoticeRow>(
    'SELECT * FROM notice WHERE account_id = $1 AND id = $2 FOR UPDATE',
    [accountId, noticeId],
  );
  return rows[0];
}

async function findNotice(
  client: PoolClient,
  { accountId, noticeId }: OneNotice,
): Promise<NoticeRecord | undefined> {
  const { rows } = await client.query<NoticeRow>('SELECT * FROM notice WHERE account_id = $1 AND id = $2', [
    accountId,
    noticeId,
  ]);
  const deliveries = await deliveriesOf(client, accountId, [noticeId]);
  return rows.map((row) => noticeFromRow(row, deliveries))[0];
}
