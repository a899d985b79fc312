import { type NoticeContent, noticeContent, type Urgency, urgencyOf } from '@patchbay/domain/notices/notice';
import type { KnownDelivery } from '@patchbay/domain/notices/notice-move';
import type { NoticeWay } from '@patchbay/domain/notices/notice-way';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { type DeliveryRow, deliveriesOf, type NoticeRow, tellOf } from './notice-rows.ts';

/** Notices of one account that are in hand at a time. */
const OF_ACCOUNT_MAX = 8;

/** One place of a notice, as whoever sends has it. */
export interface PlaceAtWork extends KnownDelivery {
  readonly number: number;
  readonly step: number;
  readonly way: NoticeWay;
  readonly subscriptionId?: string | undefined;
  readonly device?: string | undefined;
  readonly attemptCount: number;
  readonly reason?: string | undefined;
}

export interface NoticeAtWork {
  readonly id: string;
  readonly accountId: string;
  readonly applicationId?: string | undefined;
  readonly endpoint: string;
  readonly content: NoticeContent;
  readonly urgency: Urgency;
  readonly ways: readonly string[];
  readonly emailsPerDayMax: number;
  readonly step: number;
  readonly expiresAtMs: number;
  readonly takenCount: number;
  readonly places: readonly PlaceAtWork[];
}

export type NoticeEnd = 'sent' | 'failed' | 'expired';

/** What is written of a notice that is in hand. All of it, or nothing where somebody else has it. */
export interface NoticeChange {
  readonly step: number;
  /** Those that are new or changed. */
  readonly places: readonly PlaceAtWork[];
  /** When there is more to do. Undefined: at once, in the same hands. */
  readonly dueMs?: number | undefined;
  readonly end?: NoticeEnd | undefined;
  readonly nowMs: number;
  /** For how long it stays in these hands, where it does. */
  readonly leaseMs: number;
}

const placeOf = (row: DeliveryRow): PlaceAtWork => ({
  number: row.number,
  step: row.step,
  way: row.way,
  subscriptionId: row.subscription_id ?? undefined,
  device: row.device ?? undefined,
  state: row.state,
  attemptCount: row.attempt_count,
  reason: row.reason ?? undefined,
  retryAtMs: row.retry_at?.getTime(),
  atMs: row.at?.getTime(),
});

/** Notices for which something is to be done. */
export function noticeQueue(pool: Pool) {
  return {
    claim: async ({ countMax, leaseMs }: { readonly countMax: number; readonly leaseMs: number }) => {
      const { rows } = await pool.query<NoticeRow>('SELECT * FROM notice_claim($1, $2, $3)', [
        ...[countMax, OF_ACCOUNT_MAX, leaseMs],
      ]);
      return await Promise.all(rows.map((row) => atWork(pool, row)));
    },

    /** False: it is not ours any more, because it came, was cancelled or erased, or somebody else took it. */
    write: async (notice: NoticeAtWork, change: NoticeChange): Promise<boolean> =>
      await inAccountScope(pool, notice.accountId, (client) => writeIn(client, notice, change)),

    /** E-mails to endpoints that an account had sent since then. Who asks within one transaction has it to its end. */
    emailsSince: async (accountId: string, sinceMs: number): Promise<number> =>
      await inAccountScope(pool, accountId, async (client) => {
        await client.query(
          "SELECT pg_advisory_xact_lock(hashtextextended('patchbay.notices.emails ' || $1, 0))",
          [accountId],
        );
        const { rows } = await client.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM notice_delivery
           WHERE account_id = $1 AND way = 'email' AND at >= $2 AND state = 'accepted'`,
          [accountId, new Date(sinceMs)],
        );
        return rows[0]?.count ?? 0;
      }),
  };
}

export type NoticeQueue = ReturnType<typeof noticeQueue>;

async function atWork(pool: Pool, row: NoticeRow): Promise<NoticeAtWork> {
  const accountId = row.account_id;
  const deliveries = await inAccountScope(pool, accountId, (client) =>
    deliveriesOf(client, accountId, [row.id]),
  );
  return {
    ...{ id: row.id, accountId, applicationId: row.application_id ?? undefined, endpoint: row.endpoint_id },
    content: noticeContent.parse(row.content),
    urgency: urgencyOf(row.urgency_rank),
    ...{ ways: row.ways, emailsPerDayMax: row.emails_per_day, step: row.step },
    expiresAtMs: row.expires_at.getTime(),
    takenCount: row.taken_count,
    places: deliveries.map(placeOf),
  };
}

async function writeIn(
  client: PoolClient,
  { id, accountId, takenCount, places: before }: NoticeAtWork,
  { step, places, dueMs, end, nowMs, leaseMs }: NoticeChange,
): Promise<boolean> {
  const isOver = end !== undefined;
  const all = [...before.filter((one) => !places.some(({ number }) => number === one.number)), ...places];
  const isTaken = all.some(({ state }) => state === 'accepted');
  const { rows } = await client.query<NoticeRow>(
    `UPDATE notice SET step = $4, state = $5, due_at = CASE WHEN $6 THEN NULL ELSE coalesce($7, due_at) END,
       lease_until = CASE WHEN $6 OR $7::timestamptz IS NOT NULL THEN NULL
         ELSE clock_timestamp() + $10 * interval '1 millisecond' END,
       sent_at = CASE WHEN $8 THEN coalesce(sent_at, $9) END
     WHERE account_id = $1 AND id = $2 AND taken_count = $3 AND due_at IS NOT NULL RETURNING *`,
    [
      ...[accountId, id, takenCount, step, end ?? (isTaken ? 'sent' : 'waiting'), isOver],
      ...[dueMs === undefined ? null : new Date(dueMs), isTaken, new Date(nowMs), leaseMs],
    ],
  );
  const [row] = rows;
  if (row === undefined) return false;
  for (const place of places) await writePlace(client, { accountId, noticeId: id }, place);
  const wasTaken = before.some(({ state }) => state === 'accepted');
  if (isTaken && !wasTaken) {
    const ways = [...new Set(all.filter(({ state }) => state === 'accepted').map(({ way }) => way))];
    await tellOf(client, row, { event: 'sent', data: { ways }, nowMs });
  }
  if (end === 'expired') await tellOf(client, row, { event: 'expired', nowMs });
  if (end === 'failed') {
    const reasons = all.map(({ way, reason, state }) => ({ way, reason: reason ?? state }));
    await tellOf(client, row, { event: 'failed', data: { reasons }, nowMs });
  }
  return true;
}

async function writePlace(
  client: PoolClient,
  { accountId, noticeId }: { readonly accountId: string; readonly noticeId: string },
  place: PlaceAtWork,
): Promise<void> {
  const { retryAtMs, atMs } = place;
  await client.query(
    `INSERT INTO notice_delivery (account_id, notice_id, number, step, way, subscription_id, device, state, attempt_count, reason,
       retry_at, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (notice_id, number) DO UPDATE SET state = $8, attempt_count = $9, reason = $10, retry_at = $11, at = $12`,
    [
      ...[accountId, noticeId, place.number, place.step, place.way, place.subscriptionId ?? null],
      ...[place.device ?? null, place.state, place.attemptCount, place.reason ?? null],
      ...[retryAtMs === undefined ? null : new Date(retryAtMs), atMs === undefined ? null : new Date(atMs)],
    ],
  );
}
