import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { keptAtEnd, writeInAccount } from '../postgres/at-once.ts';
import {
  type IdempotencyStore,
  idempotencyStore,
  isTakenOver,
  LEASE_MS,
  prune,
} from './idempotency-store.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

/** So many run at once. What comes beside them waits for one of these, in order, for three seconds at most (client.ts). */
const connectionCount = 10;

let database: TenancyDatabase;
let store: IdempotencyStore;
let accountId: string;
beforeAll(async () => {
  database = await createTenancyDatabase({ connectionsMax: connectionCount });
  await database.warmUp();
  store = idempotencyStore(database.prisma);
  accountId = (await database.signUp('Idempotent')).accountId;
}, 120_000);
afterAll(() => database.close());

const request = (key: string, fingerprint = 'f1', callerId = 'usr_1') => ({
  callerId,
  accountId,
  route: 'POST /v1/accounts',
  key,
  fingerprint,
});

const first = (key: string) => ({ ...request(key), attempt: 1 });

test('C40: of 100 repeats, as many at once as can be, one is worked on, and all others wait for its answer', async () => {
  const repeats = async () => {
    const begun: Awaited<ReturnType<IdempotencyStore['begin']>>[] = [];
    while (begun.length < 100 / connectionCount) begun.push(await store.begin(request('burst')));
    return begun;
  };
  const begun = (await Promise.all(Array.from({ length: connectionCount }, repeats))).flat();
  expect(begun.filter(({ kind }) => kind === 'fresh')).toHaveLength(1);
  expect(begun.filter(({ kind }) => kind === 'in_progress')).toHaveLength(99);
  await store.complete(first('burst'), { status: 200, body: '{"a":1}' });
  expect(await store.begin(request('burst'))).toEqual({
    kind: 'replay',
    answer: { status: 200, body: '{"a":1}' },
  });
  expect(await store.begin(request('burst', 'f2'))).toEqual({ kind: 'mismatch' });
  expect(await store.begin(request('burst', 'f1', 'usr_2'))).toMatchObject({ kind: 'fresh' });
}, 120_000);

test('C40: what is kept at the end with the answer of an attempt that was taken over goes with it, all of it', async () => {
  const claim = first('slow mint');
  await store.begin(request('slow mint'));
  const owner = await connectAs(database.url);
  await owner.query(
    `UPDATE idempotency_key SET started_at = now() - interval '1 hour' WHERE key = 'slow mint'`,
  );
  const again = await store.begin(request('slow mint'));
  expect(again).toMatchObject({ kind: 'fresh', claim: { attempt: 2 } });
  const write = {
    text: 'INSERT INTO application (id, account_id, name) VALUES ($1, $2, $1)',
    values: ['app_of_the_first', accountId],
  };
  const late = keptAtEnd(database.prisma, async () => {
    await writeInAccount(database.prisma, accountId, write);
    expect(await store.complete(claim, { status: 200, body: '{}' })).toBe(true);
  });
  expect(isTakenOver(await late.catch((error: unknown) => error))).toBe(true);
  const { rows } = await owner.query(`SELECT 1 FROM application WHERE id = 'app_of_the_first'`);
  expect(rows).toEqual([]);
  await owner.end();
});

test('what had no effect can be repeated, and an answer is forgotten after 24 hours', async () => {
  await store.begin(request('refused'));
  await store.abandon(first('refused'));
  expect(await store.begin(request('refused', 'f2'))).toMatchObject({ kind: 'fresh' });

  await store.begin(request('old'));
  await store.complete(first('old'), { status: 200, body: '{}' });
  await store.abandon(first('old'));
  expect(await store.begin(request('old'))).toMatchObject({ kind: 'replay' });
  const owner = await connectAs(database.url);
  await owner.query(`UPDATE idempotency_key SET started_at = now() - interval '25 hours' WHERE key = 'old'`);
  await owner.end();
  expect(await prune(database.prisma)).toBe(1);
  expect(await store.begin(request('old'))).toMatchObject({ kind: 'fresh' });
});

test('C40: a request that was never answered is taken over when its lease is over, by one of many; the first can keep nothing', async () => {
  await store.begin(request('died'));
  expect(await store.begin(request('died'))).toEqual({ kind: 'in_progress' });
  const owner = await connectAs(database.url);
  const age = async (milliseconds: number) =>
    owner.query(
      `UPDATE idempotency_key SET started_at = clock_timestamp() - make_interval(secs => $1) WHERE key = 'died'`,
      [milliseconds / 1_000],
    );
  await age(LEASE_MS - 5_000);
  expect(await store.begin(request('died'))).toEqual({ kind: 'in_progress' });
  await age(LEASE_MS + 1);
  expect(await store.begin(request('died', 'f2'))).toEqual({ kind: 'mismatch' });
  const begun = await Promise.all(Array.from({ length: 20 }, () => store.begin(request('died'))));
  expect(begun.filter(({ kind }) => kind === 'fresh')).toEqual([
    { kind: 'fresh', claim: { ...request('died'), attempt: 2 } },
  ]);
  await store.abandon(first('died'));
  expect(await store.complete(first('died'), { status: 200, body: '1' })).toBe(false);
  expect(await store.complete({ ...request('died'), attempt: 2 }, { status: 200, body: '2' })).toBe(true);
  expect(await store.begin(request('died'))).toMatchObject({ kind: 'replay', answer: { body: '2' } });
  await age(LEASE_MS + 1);
  expect(await store.begin(request('died'))).toMatchObject({ kind: 'replay' });
  await owner.end();
}, 120_000);

test('a request about no account is kept at the platform’s, and found there again', async () => {
  const signUp = { ...request('sign-up'), accountId: undefined };
  const begun = await store.begin(signUp);
  expect(begun).toMatchObject({ kind: 'fresh' });
  if (begun.kind !== 'fresh') return;
  expect(await store.complete(begun.claim, { status: 200, body: '{}' })).toBe(true);
  expect(await store.begin(signUp)).toMatchObject({ kind: 'replay' });
  expect(await store.begin({ ...signUp, accountId })).toMatchObject({ kind: 'fresh' });
});
