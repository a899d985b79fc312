import { booksReader } from '@patchbay/adapters/billing/account-books';
import { usedSpansReader } from '@patchbay/adapters/billing/use-spans';
import { inAccountScope } from '@patchbay/adapters/metering/account-scope';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { accountChain } from '@patchbay/adapters/prisma/account-store';
import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import { silent } from '@patchbay/domain/policy/policy-level';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Pool, type PoolClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usageWatch } from './usage-watch.ts';

let database: TenancyDatabase;
beforeAll(async () => {
  database = await createTenancyDatabase();
}, 120_000);
afterAll(() => database.close());

const bounded = { ...silent, values: { relayBytesPerDayMax: 100 } };

test('of the accounts of a batch those without a limit on usage are found out at once, and the others are watched', async () => {
  const [{ accountId: own }, { accountId: planned }, { accountId: free }] = [
    await database.signUp('Bounds itself'),
    await database.signUp('Has a plan'),
    await database.signUp('Has another policy'),
  ];
  const below = await database.addChild(own, 'Below');
  const stored = policyStore(database.prisma);
  await stored.set({ accountId: own, by: 'self', word: bounded });
  await stored.set({ accountId: free, by: 'self', word: { ...silent, values: { services: ['signaling'] } } });
  const plans = planStore(database.prisma);
  const plan = await plans.create({ accountId: database.platformId, name: 'Small', word: bounded });
  if (typeof plan === 'string') throw new Error(plan);
  await plans.assign({ accountId: planned, planId: plan.id, ownerIds: [database.platformId] });

  const chains: string[] = [];
  let questionCount = 0;
  const watch = usageWatch({
    policies: {
      chain: async (asked) => {
        chains.push(asked.accountId);
        return await stored.chain(asked);
      },
      saying: async (asked) => {
        questionCount += 1;
        return await stored.saying(asked);
      },
    },
    chainOf: (accountId) => accountChain(database.prisma, accountId),
    usage: {
      query: async () => ({
        rows: [{ atMs: 0, meter: 'network-discovery.bytes', group: {}, quantity: 100n, recordCount: 1 }],
        isTruncated: false,
      }),
    },
    nowMs: () => 0,
  });
  const used = [below, planned, free].map((accountId) => ({ accountId, region: 'eu' }));
  expect((await watch.usedUp(used)).toSorted()).toEqual([own, planned].toSorted());
  // Nodes were told, and what is said of the accounts is known for a while.
  expect(await watch.usedUp(used)).toEqual([]);
  expect(chains.toSorted()).toEqual([below, planned].toSorted());
  expect(questionCount).toBe(1);
});

test('no clock and no beginning anew gives a test account more of real nodes (PRD-1)', async () => {
  const pool = new Pool({
    connectionString: database.applicationUrl,
    max: 2,
    options: '-c role=patchbay_app',
  });
  const oneOf = async (accountId: string, sql: string, values: readonly unknown[]): Promise<string> =>
    await inAccountScope(pool, accountId, async (client: PoolClient) => {
      const { rows } = await client.query<{ said: string }>(sql, [...values]);
      return rows[0]?.said ?? '';
    });
  const { accountId: liveId } = await database.signUp('Tries');
  const twinId = await oneOf(liveId, 'SELECT account_test_twin($1) AS said', [liveId]);
  const stored = policyStore(database.prisma);
  const usage = usageStore(pool);
  let nowMs = Date.now();
  let sequence = 0;
  const relay = (accountId: string) =>
    usage.ingest([
      {
        id: { nodeId: 'nod_caps', boot: 1, sequence: ++sequence },
        ...{ accountId, segment: 0, service: 'network-discovery', region: 'local', modality: 'data' },
        ...{ fromMs: nowMs, toMs: nowMs },
        quantities: [{ meter: 'bytes', quantity: 60, dimensions: { direction: 'in' } }],
      },
    ]);
  const topId = await oneOf(liveId, 'SELECT top_id AS said FROM account_books($1)', [twinId]);
  const advance = (accountId: string, days: number) =>
    oneOf(topId, 'SELECT test_clock_advance($1, $2) AS said', [accountId, days * 86_400_000]);
  const spentOf = async (accountId: string) => {
    await stored.set({ accountId, by: 'self', word: bounded });
    const watch = usageWatch({
      policies: stored,
      chainOf: (id) => accountChain(database.prisma, id),
      usage,
      nowMs: () => nowMs,
      spansOf: usedSpansReader(pool, booksReader(pool)),
    });
    return await watch.usedUp([{ accountId, region: 'local' }]);
  };
  await relay(twinId);
  expect(await spentOf(twinId)).toEqual([]);
  await relay(twinId);
  expect(await spentOf(twinId)).toEqual([twinId]);
  for (const days of [1, 400]) {
    expect(await advance(twinId, days)).toBe('advanced');
    expect(await spentOf(twinId)).toEqual([twinId]);
  }
  // The next real day is one of its own.
  nowMs += 86_400_000;
  expect(await spentOf(twinId)).toEqual([]);
  nowMs -= 86_400_000;
  const owner = new Pool({ connectionString: database.url, max: 1 });
  await owner.query(
    `INSERT INTO policy_day_count (scope, start_at, count) VALUES ($1, date_trunc('day', now()), 7)`,
    [twinId],
  );
  const anewId = await oneOf(topId, 'SELECT test_clock_reset($1) AS said', [twinId]);
  expect(await spentOf(anewId)).toEqual([anewId]);
  const anotherId = await oneOf(topId, 'SELECT test_clock_reset($1) AS said', [anewId]);
  expect(await spentOf(anotherId)).toEqual([anotherId]);
  nowMs += 86_400_000;
  expect(await spentOf(anotherId)).toEqual([]);
  const { rows: begun } = await owner.query('SELECT count FROM policy_day_count WHERE scope = $1', [
    anotherId,
  ]);
  expect(begun, 'sessions of the day').toEqual([{ count: 7 }]);
  await owner.end();
  await pool.end();
});
