import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { type SubscriptionRecord, TARGETS_MAX } from '@patchbay/domain/notices/notice';
import { labelOf, type NoticeTarget, placeOf, readTarget } from '@patchbay/domain/notices/notice-target';
import type { SubscribedWay } from '@patchbay/domain/notices/notice-way';
import { createId } from '@patchbay/kit/ids';
import type { Pool } from 'pg';
import { appendEvent } from '../hooks/append-event.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import type { MintBranchCipher } from '../prisma/mint-branch-cipher.ts';
import { pageFrom } from '../prisma/page.ts';

interface TargetRow {
  readonly id: string;
  readonly account_id: string;
  readonly endpoint_id: string;
  readonly way: SubscribedWay;
  readonly device: string | null;
  readonly target: Uint8Array | null;
  readonly label: string;
  readonly created_at: Date;
  readonly used_at: Date | null;
}

/** A place with what it is, for whoever sends there. */
export interface OpenTarget {
  readonly id: string;
  readonly device?: string | undefined;
  readonly target: NoticeTarget;
}

interface Adding {
  readonly accountId: string;
  readonly endpoint: string;
  readonly device?: string | undefined;
  readonly target: NoticeTarget;
}

const nameOf = (id: string) => `notice target ${id}`;

const fromRow = (row: TargetRow): SubscriptionRecord => ({
  id: row.id,
  endpoint: row.endpoint_id,
  way: row.way,
  device: row.device ?? undefined,
  label: row.label,
  createdAt: row.created_at,
  usedAt: row.used_at ?? undefined,
});

/** Where endpoints are reached: sealed, and each place once in an account. */
export function targetStore(pool: Pool, cipher: MintBranchCipher) {
  return {
    /** Whoever subscribes a place again has it: a browser is of whoever signed in there last. */
    add: async ({
      accountId,
      endpoint,
      device,
      target,
    }: Adding): Promise<{ readonly record: SubscriptionRecord; readonly isNews: boolean } | 'too_many'> =>
      await inAccountScope(pool, accountId, async (client) => {
        await client.query(
          "SELECT pg_advisory_xact_lock(hashtextextended('patchbay.notices.targets ' || $1 || ' ' || $2, 0))",
          [accountId, endpoint],
        );
        const tag = cipher.tag(`${accountId} ${target.way} ${placeOf(target)}`);
        const { rows: known } = await client.query<TargetRow>(
          'SELECT * FROM notice_subscription WHERE account_id = $1 AND way = $2 AND target_tag = $3 FOR UPDATE',
          [accountId, target.way, tag],
        );
        const [before] = known;
        if (before?.endpoint_id !== endpoint) {
          const { rows: others } = await client.query<{ count: number }>(
            'SELECT count(*)::int AS count FROM notice_subscription WHERE account_id = $1 AND endpoint_id = $2',
            [accountId, endpoint],
          );
          if ((others[0]?.count ?? 0) >= TARGETS_MAX) return 'too_many';
        }
        const id = before?.id ?? createId('nsb');
        const sealed = cipher.seal(nameOf(id), Buffer.from(JSON.stringify(target.to)));
        const { rows } = await client.query<TargetRow>(
          `INSERT INTO notice_subscription (id, account_id, endpoint_id, way, device, target, target_tag, label)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (account_id, way, target_tag) DO UPDATE SET endpoint_id = $3, device = $5, target = $6, label = $8
           RETURNING *`,
          [id, accountId, endpoint, target.way, device ?? null, sealed, tag, labelOf(target)],
        );
        const record = rows.map(fromRow)[0];
        if (record === undefined) throw new Error('What was just subscribed is not there.');
        const isNews = before?.endpoint_id !== endpoint || before.device !== (device ?? null);
        return { record, isNews };
      }),

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
        const { rows } = await client.query<TargetRow>(
          `SELECT * FROM notice_subscription WHERE account_id = $1 AND target IS NOT NULL
             AND ($2::text IS NULL OR id < $2) AND ($3::text IS NULL OR endpoint_id = $3) ORDER BY id DESC LIMIT $4`,
          [accountId, cursor ?? null, endpoint ?? null, limit + 1],
        );
        return pageFrom(rows, limit, { cursorOf: ({ id }) => id, toItem: fromRow });
      }),

    remove: async ({
      accountId,
      subscriptionId,
    }: {
      readonly accountId: string;
      readonly subscriptionId: string;
    }): Promise<SubscriptionRecord | undefined> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<TargetRow>(
          'DELETE FROM notice_subscription WHERE account_id = $1 AND id = $2 AND target IS NOT NULL RETURNING *',
          [accountId, subscriptionId],
        );
        return rows.map(fromRow)[0];
      }),

    /** Those of an endpoint on some ways, opened. */
    openOf: async ({
      accountId,
      endpoint,
      ways,
    }: {
      readonly accountId: string;
      readonly endpoint: string;
      readonly ways: readonly string[];
    }): Promise<readonly OpenTarget[]> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<TargetRow>(
          `SELECT * FROM notice_subscription WHERE account_id = $1 AND endpoint_id = $2 AND way = ANY ($3) AND target IS NOT NULL
           ORDER BY id LIMIT $4`,
          [accountId, endpoint, ways, TARGETS_MAX],
        );
        return rows.flatMap(({ id, way, device, target }) =>
          target === null
            ? []
            : [
                {
                  ...{ id, device: device ?? undefined },
                  target: readTarget(
                    way,
                    JSON.parse(Buffer.from(cipher.open(nameOf(id), target)).toString()),
                  ),
                },
              ],
        );
      }),

    /** The provider said that nobody is there any more. */
    forgetGone: async (
      { accountId, subscriptionId }: { readonly accountId: string; readonly subscriptionId: string },
      nowMs: number,
    ): Promise<void> =>
      await inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<TargetRow>(
          'DELETE FROM notice_subscription WHERE account_id = $1 AND id = $2 RETURNING *',
          [accountId, subscriptionId],
        );
        for (const { endpoint_id: endpoint, way } of rows)
          await appendEvent(
            client,
            eventOfHandler({
              ...{ accountId, type: 'notification.subscription.removed', atMs: nowMs },
              data: { subscriptionId, endpoint, way, cause: 'gone' },
            }),
          );
      }),

    noteUsed: async (
      { accountId, subscriptionId }: { readonly accountId: string; readonly subscriptionId: string },
      nowMs: number,
    ): Promise<void> =>
      await inAccountScope(pool, accountId, async (client) => {
        await client.query('UPDATE notice_subscription SET used_at = $3 WHERE account_id = $1 AND id = $2', [
          ...[accountId, subscriptionId, new Date(nowMs)],
        ]);
      }),
  };
}

export type TargetStore = ReturnType<typeof targetStore>;
