import { usagePushes } from '@patchbay/adapters/billing/usage-pushes';
import { applicationPool, asOwner, plantTree, usageOf } from '@patchbay/adapters/metering/tenants.testing';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { stripeRail } from '@patchbay/adapters/stripe/stripe-rail';
import { type FakeStripe, startFakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usagePushJob } from './usage-push-work.ts';

const HOUR = 3_600_000;
const firstMs = Math.floor(Date.now() / HOUR) * HOUR - 4 * HOUR;

let database: TestDatabase;
let pool: pg.Pool;
let stripe: FakeStripe;
let clockMs: number;

beforeAll(async () => {
  clockMs = firstMs + 3 * HOUR;
  stripe = await startFakeStripe({ nowMs: () => clockMs });
  database = await createTestDatabase();
  await plantTree(database.url, { platform: undefined, top: 'platform', leaf: 'top', aside: 'platform' });
  pool = applicationPool(database.applicationUrl, 3);
  for (const accountId of ['top', 'leaf']) {
    const { id } = await rail().perform({ type: 'create-customer', accountId, name: accountId }, accountId);
    await asOwner(database.url, 'INSERT INTO rail_party (account_id, customer_id) VALUES ($1, $2)', [
      accountId,
      id,
    ]);
  }
});
afterAll(async () => {
  await pool.end();
  await database.drop();
  await stripe.close();
});

const rail = () =>
  stripeRail({ secretKey: 'sk_test_x', webhookSecrets: [], apiUrl: stripe.url, retryCount: 0 });
const use = (accountId: string, atMs: number, bytes: number) =>
  usageStore(pool).ingest([usageOf(accountId, { atMs, bytes })]);
const run = () =>
  usagePushJob({
    pushes: usagePushes({ pool, platformAccount: async () => 'platform', nowMs: () => clockMs }),
    rail: rail(),
    meters: new Map([['relay.bytes', 'relay_bytes']]),
    isStopped: () => false,
    nowMs: () => clockMs,
  }).run();
const told = () =>
  stripe.state
    .all('billing.meter_event')
    .map((event) => `${event['identifier']} ${(event['payload'] as { value: string }).value}`)
    .sort();
const hourOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 13);

test('each hour of own use is told once, with late use as a further revision, whatever is lost on the way (BIL-6)', async () => {
  await use('leaf', firstMs + 60_000, 100);
  await use('leaf', firstMs + 120_000, 50);
  await use('leaf', firstMs + HOUR + 60_000, 7);
  await use('top', firstMs + 60_000, 3);
  // Nobody at Stripe, and an hour that is not over for long enough.
  await use('aside', firstMs + 60_000, 1_000);
  await use('leaf', clockMs - 60_000, 9);
  clockMs = firstMs + 2 * HOUR + 20 * 60_000;
  // The answer to the first is lost after its effect, and so is that to the SDK's own second try.
  stripe.faults.push({ path: /meter_events/, kind: 'lost' }, { path: /meter_events/, kind: 'lost' });
  await expect(run()).rejects.toThrow('not taken');
  await run();
  await run();
  const [first, second] = [hourOf(firstMs), hourOf(firstMs + HOUR)];
  const all = [
    `leaf:relay.bytes:${first}:1 150`,
    `leaf:relay.bytes:${second}:1 7`,
    `top:relay.bytes:${first}:1 3`,
  ];
  expect(told()).toEqual(all);
  await use('leaf', firstMs + 180_000, 25);
  await run();
  await run();
  expect(told()).toEqual([all[0], `leaf:relay.bytes:${first}:2 25`, all[1], all[2]]);
  clockMs = firstMs + 4 * HOUR;
  await run();
  expect(told()).toContain(`leaf:relay.bytes:${hourOf(firstMs + 2 * HOUR)}:1 9`);
});

test('what was begun so long ago that Stripe may know it no more is given up, and an operator is told', async () => {
  await use('top', firstMs + 90_000, 4);
  stripe.faults.push({ path: /meter_events/, kind: 'lost' }, { path: /meter_events/, kind: 'lost' });
  await expect(run()).rejects.toThrow('not taken');
  const before = told();
  clockMs += 21 * HOUR;
  await expect(run()).rejects.toThrow('was given up');
  await run();
  expect(told()).toEqual(before);
});
