import { periodAt } from '@patchbay/domain/billing/period';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { LimitStore } from '@patchbay/domain/spending/ports';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { type AheadOf, neverAhead } from '../billing/account-books.ts';
import { inAccountScope } from '../metering/account-scope.ts';
import { HOLD_PLACES } from '../postgres/places.ts';
import { currencyOf } from './balance-changes.ts';
import { lockBalance } from './balance-rows.ts';
import { crossLimits, readLimits, spentOf, writeLimits } from './limit-rows.ts';
import { readSpent, spendRows } from './spend-rows.ts';

/** Spending limits in PostgreSQL, for the API. What use makes of them is in `spending-store.ts`. */
export function limitStore({
  pool,
  catalogue,
  nowMs,
  aheadMsOf = neverAhead,
}: {
  readonly pool: Pool;
  readonly catalogue: MeterCatalogue;
  readonly nowMs: () => number;
  readonly aheadMsOf?: AheadOf;
}): LimitStore {
  const rows = spendRows({ catalogue });
  const rated = async (client: PoolClient, accountId: string, atMs: number) => {
    await rows.rateMonth(client, { accountId, period: periodAt(atMs), meters: undefined }, atMs);
    return await readSpent(client, accountId, atMs);
  };
  return {
    standing: async (accountId) => {
      const atMs = nowMs() + (await aheadMsOf(accountId));
      return await inAccountScope(pool, accountId, async (client) => {
        await lockBalance(client, accountId);
        const spent = await rated(client, accountId, atMs);
        const limits = await readLimits(client, accountId);
        return {
          currency: await currencyOf(client, accountId),
          spent,
          limits: limits.map((stored) => ({
            limit: stored.limit,
            spent: spentOf(stored, spent),
            ...(stored.reachedAtMs === undefined ? {} : { reachedAtMs: stored.reachedAtMs }),
          })),
        };
      });
    },

    days: async (accountId) => {
      const atMs = nowMs() + (await aheadMsOf(accountId));
      return await inAccountScope(pool, accountId, (client) => rows.daysOf(client, accountId, atMs));
    },

    set: ({ accountId, setById, limits, nowMs: atMs }) =>
      inAccountScope(pool, accountId, async (client) => {
        await client.query(HOLD_PLACES);
        await lockBalance(client, accountId);
        const spent = await rated(client, accountId, atMs);
        const before = await writeLimits(
          client,
          { accountId, setById },
          { limits: limits.map((limit) => ({ ...limit, id: createId('spl', atMs) })), spent, nowMs: atMs },
        );
        // One that is reached already holds from now on. Nobody is written to for what they set themselves a moment ago.
        await crossLimits(client, { accountId, spent, nowMs: atMs });
        return before;
      }),
  };
}
