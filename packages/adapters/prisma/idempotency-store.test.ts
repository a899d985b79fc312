import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type IdempotencyStore, idempotencyStore, prune } from './idempotency-store.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 30_000 });

let database: TenancyDatabase;
let store: IdempotencyStore;
let accountId: string;
beforeAll(async () => {
  database = await createTenancyDatabase();
  await database.warmUp();
  store = idempotencyStore(database.prisma);
  accountId = (await database.signUp('Idempotent')).accountId;
}, 60_000);
afterAll(() => database.close());

const request = (key: string, fingerprint = 'f1', callerId = 'usr_1') => ({
  callerId,
  accountId,
  route: 'POST /v1/accounts',
  key,
  fingerprint,
});

test('of 100 repeats at once one is worked on, and all others wait for its answer (C40)', async () => {
  const begun = await Promise.all(Array.from({ length: 100 }, () => store.begin(request('burst'))));
  expect(begun.filter(({ kind }) => kind === 'fresh')).toHaveLength(1);
  expect(begun.filter(({ kind }) => kind === 'in_progress')).toHaveLength(99);
  await store.complete(request('burst'), { status: 200, body: '{"a":1}' });
  expect(await store.begin(request('burst'))).toEqual({
    kind: 'replay',
    answer: { status: 200, body: '{"a":1}' },
  });
  expect(await store.begin(request('burst', 'f2'))).toEqual({ kind: 'mismatch' });
  expect(await store.begin(request('burst', 'f1', 'usr_2'))).toEqual({ kind: 'fresh' });
}, 30_000);

test('what had no effect can be repeated, and an answer is forgotten after 24 hours', async () => {
  await store.begin(request('refused'));
  await store.abandon(request('refused'));
  expect(await store.begin(request('refused', 'f2'))).toEqual({ kind: 'fresh' });

  await store.begin(request('old'));
  await store.complete(request('old'), { status: 200, body: '{}' });
  await store.abandon(request('old'));
  expect(await store.begin(request('old'))).toMatchObject({ kind: 'replay' });
  const owner = await connectAs(database.url);
  await owner.query(`UPDATE idempotency_key SET started_at = now() - interval '25 hours' WHERE key = 'old'`);
  await owner.end();
  expect(await prune(database.prisma)).toBe(1);
  expect(await store.begin(request('old'))).toEqual({ kind: 'fresh' });
});
