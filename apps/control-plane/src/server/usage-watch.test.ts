import { accountChain } from '@patchbay/adapters/prisma/account-store';
import { planStore, policyStore } from '@patchbay/adapters/prisma/policy-store';
import { silent } from '@patchbay/domain/policy/policy-level';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
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
