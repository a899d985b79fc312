import { type Nano, nano } from '@patchbay/domain/billing/money';
import {
  isReached,
  limitsAfter,
  reachedShares,
  type SpendingLimit,
  type SpentSoFar,
  spendWindow,
} from '@patchbay/domain/spending/spending-limit';
import type { PoolClient } from 'pg';

interface LimitRow {
  readonly id: string;
  readonly account_id: string;
  readonly set_by_id: string;
  readonly per: SpendingLimit['per'];
  readonly amount: string;
  readonly shares_percent: readonly number[];
  readonly action: SpendingLimit['action'];
  readonly bits_per_second_max: number | null;
  readonly since: Date;
  readonly spent_before: string;
  readonly reached_at: Date | null;
  /** 'infinity' is a number. */
  readonly reached_until: Date | number | null;
}

export interface StoredLimit {
  readonly limit: SpendingLimit;
  /** What had been spent when it was set, of one over all time. */
  readonly spentBefore: Nano;
  readonly reachedAtMs: number | undefined;
  readonly reachedUntilMs: number | undefined;
}

const msOf = (at: Date | number | null): number | undefined =>
  at === null ? undefined : typeof at === 'number' ? at : at.getTime();

const limitFromRow = (row: LimitRow): StoredLimit => ({
  limit: {
    id: row.id,
    accountId: row.account_id,
    setById: row.set_by_id,
    per: row.per,
    amount: nano(BigInt(row.amount)),
    sharesPercent: row.shares_percent,
    action: row.action,
    ...(row.bits_per_second_max === null ? {} : { bitsPerSecondMax: row.bits_per_second_max }),
    sinceMs: row.since.getTime(),
  },
  spentBefore: nano(BigInt(row.spent_before)),
  reachedAtMs: msOf(row.reached_at),
  reachedUntilMs: msOf(row.reached_until),
});

/** Those of an account, whoever set them: the narrowest first. */
export async function readLimits(client: PoolClient, accountId: string): Promise<readonly StoredLimit[]> {
  const { rows } = await client.query<LimitRow>(
    'SELECT * FROM spending_limit WHERE account_id = $1 ORDER BY per, amount, id',
    [accountId],
  );
  return rows.map(limitFromRow);
}

export function spentOf({ limit, spentBefore }: StoredLimit, spent: SpentSoFar): Nano {
  return limit.per === 'total' ? nano(spent.total - spentBefore) : spent[limit.per];
}

/** A share of a limit that was reached just now, and never before in its window. */
export interface LimitNotice {
  readonly limit: SpendingLimit;
  readonly sharePercent: number;
  readonly spent: Nano;
  readonly windowStartMs: number;
}

export interface LimitChanges {
  readonly notices: readonly LimitNotice[];
  /** What is stopped or throttled differs from before: nodes have to hear of it. */
  readonly isChanged: boolean;
}

/**
 * Holds what was spent against the limits. A share is told once in a window, by a key, whoever finds that it is reached; a
 * limit stands as reached until its window ends, or what was spent turns out to be less.
 */
export async function crossLimits(
  client: PoolClient,
  {
    accountId,
    spent,
    nowMs,
  }: { readonly accountId: string; readonly spent: SpentSoFar; readonly nowMs: number },
): Promise<LimitChanges> {
  const notices: LimitNotice[] = [];
  let isChanged = false;
  for (const stored of await readLimits(client, accountId)) {
    const { limit, reachedUntilMs } = stored;
    const amount = spentOf(stored, spent);
    const window = spendWindow(limit, nowMs);
    const reached = isReached(limit, amount);
    const stands = reachedUntilMs !== undefined && reachedUntilMs > nowMs;
    if (reached !== stands) {
      isChanged = true;
      await client.query('UPDATE spending_limit SET reached_at = $2, reached_until = $3 WHERE id = $1', [
        limit.id,
        reached ? new Date(nowMs) : null,
        reached ? (window.endMs === undefined ? 'infinity' : new Date(window.endMs)) : null,
      ]);
    }
    for (const sharePercent of reachedShares(limit, amount)) {
      const { rowCount } = await client.query(
        `INSERT INTO spending_notice (limit_id, window_start, share_percent, account_id, spent, at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        [limit.id, new Date(window.startMs), sharePercent, accountId, amount.toString(), new Date(nowMs)],
      );
      if (rowCount === 1) notices.push({ limit, sharePercent, spent: amount, windowStartMs: window.startMs });
    }
  }
  return { notices, isChanged };
}

/**
 * Replaces those that one account has set for another, or for itself; those of others stay. Of one over all time, what was
 * spent before does not count.
 */
export async function writeLimits(
  client: PoolClient,
  { accountId, setById }: { readonly accountId: string; readonly setById: string },
  {
    limits,
    spent,
    nowMs,
  }: {
    readonly limits: readonly Omit<SpendingLimit, 'accountId' | 'setById' | 'sinceMs'>[];
    readonly spent: SpentSoFar;
    readonly nowMs: number;
  },
): Promise<readonly SpendingLimit[]> {
  const standing = (await readLimits(client, accountId)).map(({ limit }) => limit);
  const { before, ids, goneIds } = limitsAfter(standing, setById, limits);
  for (const [index, limit] of limits.entries()) {
    const id = ids[index] ?? limit.id;
    const known = before.find((one) => one.id === id);
    await client.query(
      `INSERT INTO spending_limit (id, account_id, set_by_id, per, amount, shares_percent, action, bits_per_second_max, since,
         spent_before) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (id) DO UPDATE SET amount = excluded.amount,
         shares_percent = excluded.shares_percent, bits_per_second_max = excluded.bits_per_second_max`,
      [
        ...[id, accountId, setById, limit.per, limit.amount.toString(), limit.sharesPercent, limit.action],
        ...[limit.bitsPerSecondMax ?? null, new Date(nowMs), spent.total.toString()],
      ],
    );
    // What was told of another amount says nothing of this one.
    if (known !== undefined && known.amount !== limit.amount)
      await client.query('DELETE FROM spending_notice WHERE limit_id = $1', [id]);
  }
  await client.query('DELETE FROM spending_limit WHERE account_id = $1 AND id = ANY ($2)', [
    accountId,
    goneIds,
  ]);
  return before;
}
