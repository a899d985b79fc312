import { periodAt } from '@patchbay/domain/billing/period';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { LimitStore } from '@patchbay/domain/spending/ports';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { currencyOf } from './balance-changes.ts';
import { lockBalance } from './balance-rows.ts';
import { crossLimits, readLimits, spentOf, writeLimits } from './limit-rows.ts';
import { readSpent, spendRows } from './spend-rows.ts';

/** Spending limits in PostgreSQL, for the API. What use makes of them is in `spending-store.ts`. */
export function limitStore({
  pool,
  catalogue,
  nowMs,
}: {
  readonly pool: Pool;
  readonly catalogue: MeterCatalogue;
  readonly nowMs: () => number;
}): LimitStore {
  const rows = spendRows({ catalogue });
  const rated = async (client: PoolClient, accountId: string) => {
    await rows.rateMonth(client, { accountId, period: periodAt(nowMs()), meters: undefined }, nowMs());
    return await readSpent(client, accountId, nowMs());
  };
  return {
    standing: (accountId) =>
      inAccountScope(pool, accountId, async (client) => {
        await lockBalance(client, accountId);
        const spent = await rated(client, accountId);
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
      }),

    days: (accountId) => inAccountScope(pool, accountId, (client) => rows.daysOf(client, accountId, nowMs())),

    set: ({ accountId, setById, limits, nowMs: atMs }) =>
      inAccountScope(pool, accountId, async (client) => {
        await lockBalance(client, accountId);
        const spent = await rated(client, accountId);
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
