import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { crossingsOf } from '@patchbay/domain/triggers/crossings';
import type { Condition } from '@patchbay/domain/triggers/definition';
import type { TriggerRule } from '@patchbay/domain/triggers/trigger';
import { createId, isId } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openClient } from '../prisma/client.ts';
import type { PrismaClient } from '../prisma/generated/client.ts';
import { triggerStore } from '../prisma/trigger-store.ts';
import { applicationPool, asOwner, plantTree, usageOf } from './tenants.testing.ts';
import { usageStore } from './usage-store.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A day that is over: windows in it do not depend on when the test runs, and a rate still counts it. */
const start = Date.now() - (Date.now() % HOUR) - 6 * HOUR;
const tree = { platform: undefined, top: 'platform', a: 'top', leaf: 'a', beside: 'top' };
const edges = Object.entries(tree).flatMap(([buyerId, sellerId]) =>
  sellerId === undefined ? [] : [{ sellerId, buyerId, fromMs: -Infinity, toMs: Infinity }],
);

let database: TestDatabase;
let pool: pg.Pool;
let prisma: PrismaClient;

beforeAll(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, tree);
  pool = applicationPool(database.applicationUrl);
  prisma = openClient(database.applicationUrl);
}, 120_000);
afterAll(async () => {
  await pool.end();
  await prisma.$disconnect();
  await database.drop();
});

type Rule = Partial<Omit<TriggerRule, 'id'>> & { readonly condition: Condition };

/** Sets a trigger that counts from long ago on, and knows nothing of what other tests used. */
async function put(rule: Rule): Promise<TriggerRule & { readonly countedFromMs: number }> {
  const { isEnabled: _isEnabled, ...made } = await triggerStore(prisma).create({
    id: createId('trg'),
    accountId: 'top',
    name: 'A trigger',
    counter: { meter: 'relay.bytes' },
    target: { accountId: 'top', scope: 'descendants' },
    action: { kind: 'notify' },
    isShown: false,
    timeZone: 'UTC',
    ...rule,
  });
  await asOwner(database.url, "UPDATE usage_trigger SET counting_from = '2020-01-01' WHERE id = $1", [
    made.id,
  ]);
  await asOwner(database.url, 'DELETE FROM trigger_counter WHERE trigger_id = $1', [made.id]);
  await asOwner(database.url, 'DELETE FROM trigger_firing WHERE trigger_id = $1', [made.id]);
  await asOwner(database.url, "DELETE FROM platform_event WHERE data ->> 'triggerId' = $1", [made.id]);
  return { ...made, isEnabled: true, countedFromMs: Date.UTC(2020, 0) };
}

const removeAll = () => asOwner(database.url, 'UPDATE usage_trigger SET removed_at = now()');

const firingsOf = async (triggerIds: readonly string[]) =>
  (
    await asOwner<{ trigger_id: string; window_start: Date }>(
      database.url,
      'SELECT trigger_id, window_start FROM trigger_firing WHERE trigger_id = ANY ($1) ORDER BY 1, 2',
      [triggerIds],
    )
  ).map(({ trigger_id, window_start }) => `${trigger_id} ${window_start.toISOString()}`);

const eventsOf = (triggerIds: readonly string[]) =>
  asOwner<{ id: string; account_id: string; data: Record<string, unknown> }>(
    database.url,
    `SELECT id, account_id, data FROM platform_event
     WHERE type = 'triggers.trigger.fired' AND data ->> 'triggerId' = ANY ($1) ORDER BY arrival`,
    [triggerIds],
  );

const someCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('threshold' as const), limit: fc.integer({ min: 1, max: 300 }) }),
  fc.record({
    kind: fc.constant('recurring' as const),
    limit: fc.integer({ min: 1, max: 200 }),
    per: fc.constantFrom('hour' as const, 'day' as const, 'month' as const),
  }),
  fc.record({
    kind: fc.constant('rate' as const),
    limit: fc.integer({ min: 1, max: 100 }),
    seconds: fc.constantFrom(60, 90, 3_600),
  }),
);
const someRule: fc.Arbitrary<Rule> = fc.record({
  accountId: fc.constantFrom('platform', 'top'),
  condition: someCondition,
  timeZone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/New_York'),
  counter: fc.constantFrom(
    { meter: 'relay.bytes' },
    { meter: 'relay.bytes', where: { direction: 'in' } },
    { meter: 'relay.seconds', where: { region: 'eu' } },
  ),
  target: fc.constantFrom(
    { accountId: 'top', scope: 'descendants' as const },
    { accountId: 'top', scope: 'own' as const },
    { accountId: 'a', scope: 'descendants' as const },
    { accountId: 'leaf', scope: 'own' as const, sessionId: 'ses_1' },
    { accountId: 'leaf', scope: 'own' as const, applicationId: 'app_1' },
    { accountId: 'leaf', scope: 'own' as const, credentialId: 'key_leaf' },
    { accountId: 'leaf', scope: 'own' as const, endpointId: 'user:bob' },
  ),
});
const someUse = fc.record({
  accountId: fc.constantFrom('top', 'a', 'leaf', 'leaf', 'beside'),
  afterMs: fc.integer({ min: 0, max: 5 * HOUR }),
  bytes: fc.integer({ min: 0, max: 60 }),
  seconds: fc.integer({ min: 0, max: 60 }),
  direction: fc.constantFrom('in', 'out'),
  more: fc.record(
    {
      sessionId: fc.constantFrom('ses_1', 'ses_2'),
      applicationId: fc.constantFrom('app_1', 'app_2'),
      endpointId: fc.constantFrom('user:bob', 'user:eve'),
    },
    { requiredKeys: [] },
  ),
});

test('whatever the order, the repeats and the writers at once, what fires is what the records say: each crossing, once (TRG-3)', async () => {
  let fired = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(someRule, { minLength: 3, maxLength: 6, size: 'max' }),
      fc.array(someUse, { minLength: 10, maxLength: 40, size: 'max' }),
      fc.tuple(fc.nat(), fc.nat()),
      async (rules, uses, [first, second]) => {
        await removeAll();
        const set: Awaited<ReturnType<typeof put>>[] = [];
        for (const rule of rules) set.push(await put(rule));
        const records = uses.map(({ accountId, afterMs, bytes, seconds, direction, more }) =>
          usageOf(accountId, { atMs: start + afterMs, bytes, seconds, dimensions: { direction }, more }),
        );
        // Every record twice, in batches that begin anywhere, by two writers.
        const batchesFrom = (cut: number): UsageRecord[][] => {
          const at = cut % records.length;
          const turned = [...records.slice(at), ...records.slice(0, at)];
          const size = 1 + (cut % 9);
          return Array.from({ length: Math.ceil(turned.length / size) }, (_, index) =>
            turned.slice(index * size, (index + 1) * size),
          );
        };
        const write = async (cut: number) => {
          const store = usageStore(pool);
          for (const batch of batchesFrom(cut)) await store.ingest(batch);
        };
        await Promise.all([write(first), write(second)]);
        const ids = set.map(({ id }) => id);
        const wanted = crossingsOf(records, edges, set)
          .map(({ triggerId, windowFromMs }) => `${triggerId} ${new Date(windowFromMs).toISOString()}`)
          .sort();
        expect(await firingsOf(ids)).toEqual(wanted);
        expect((await eventsOf(ids)).length).toBe(wanted.length);
        fired += wanted.length;
      },
    ),
    { numRuns: 6 },
  );
  // Random as they are, they cross something.
  expect(fired).toBeGreaterThan(3);
});

test('a firing is told to the account that set it, by an id like any other, and by nothing that the one below sees', async () => {
  await removeAll();
  const trigger = await put({
    name: 'Leaf is busy',
    condition: { kind: 'recurring', limit: 10, per: 'month' },
    target: { accountId: 'leaf', scope: 'own' },
  });
  await usageStore(pool).ingest([usageOf('leaf', { atMs: start, bytes: 12 })]);
  const [event, ...others] = await eventsOf([trigger.id]);
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    account_id: 'top',
    data: { name: 'Leaf is busy', targetAccountId: 'leaf', value: '12', limit: 10, action: 'notify' },
  });
  expect(isId('evt', event?.id ?? '')).toBe(true);
  const [firing] = (await triggerStore(prisma).firings({ accountId: 'top', triggerId: trigger.id, limit: 5 }))
    .items;
  expect(firing).toMatchObject({ value: '12', state: 'done' });
  expect(isId('fir', firing?.id ?? '')).toBe(true);
  expect(await triggerStore(prisma).list({ accountId: 'leaf', limit: 5 })).toEqual({ items: [] });
  expect(await triggerStore(prisma).firings({ accountId: 'leaf', limit: 5 })).toEqual({ items: [] });
  await triggerStore(prisma).update({ accountId: 'top', triggerId: trigger.id }, { isShown: true });
  const shown = await triggerStore(prisma).list({ accountId: 'leaf', limit: 5 });
  expect(shown.items.map(({ id }) => id)).toEqual([trigger.id]);
  expect(await triggerStore(prisma).list({ accountId: 'beside', limit: 5 })).toEqual({ items: [] });
});

test('a month is known from its start, and a limit that is passed already fires when it is set; a higher one fires again', async () => {
  await removeAll();
  await usageStore(pool).ingest([
    usageOf('leaf', { atMs: Date.now(), bytes: 1_000, more: { region: 'mars' } }),
  ]);
  const store = triggerStore(prisma);
  const mars = { counter: { meter: 'relay.bytes', where: { region: 'mars' } } };
  const { id: triggerId } = await store.create({
    id: createId('trg'),
    accountId: 'top',
    name: 'Passed',
    target: { accountId: 'top', scope: 'descendants' },
    action: { kind: 'notify' },
    isShown: false,
    timeZone: 'UTC',
    condition: { kind: 'recurring', limit: 600, per: 'month' },
    ...mars,
  });
  const trigger = { accountId: 'top', triggerId };
  expect(await store.find(trigger)).toMatchObject({ value: '1000', hasFired: true });
  const shape = {
    condition: { kind: 'recurring', limit: 1_500, per: 'month' },
    target: { accountId: 'top', scope: 'descendants' },
    timeZone: 'UTC',
  } as const;
  expect(await store.update(trigger, { shape })).toMatchObject({ value: '1000', hasFired: false });
  await usageStore(pool).ingest([
    usageOf('leaf', { atMs: Date.now(), bytes: 500, more: { region: 'mars' } }),
  ]);
  expect(await store.find(trigger)).toMatchObject({ value: '1500', hasFired: true });
  expect((await firingsOf([triggerId])).length).toBe(2);
  // Turned off it counts nothing; turned on it knows its month again.
  expect(await store.update(trigger, { isEnabled: false })).toMatchObject({ isEnabled: false });
  await usageStore(pool).ingest([usageOf('leaf', { atMs: Date.now(), bytes: 1, more: { region: 'mars' } })]);
  expect((await firingsOf([triggerId])).length).toBe(2);
  expect(await store.update(trigger, { isEnabled: true })).toMatchObject({ value: '1501', hasFired: true });
  await store.remove(trigger);
  expect(await store.find(trigger)).toBeUndefined();
  expect((await firingsOf([triggerId])).length).toBe(3);
});

test('a threshold counts from when it was set, and anew after a reset; what was used before does not count', async () => {
  await removeAll();
  const store = triggerStore(prisma);
  const { isEnabled: _, ...rule } = await put({ condition: { kind: 'threshold', limit: 10 } });
  await store.remove({ accountId: 'top', triggerId: rule.id });
  const { id: triggerId } = await store.create({ ...rule, id: createId('trg') });
  const use = (bytes: number, agoMs = 0) =>
    usageStore(pool).ingest([usageOf('leaf', { atMs: Date.now() - agoMs, bytes })]);
  await use(100, MINUTE);
  await use(9);
  expect(await store.find({ accountId: 'top', triggerId })).toMatchObject({ value: '9', hasFired: false });
  await use(1);
  expect(await store.find({ accountId: 'top', triggerId })).toMatchObject({ value: '10', hasFired: true });
  expect(await store.reset({ accountId: 'top', triggerId })).toMatchObject({ value: '0', hasFired: false });
  await use(10);
  expect((await firingsOf([triggerId])).length).toBe(2);
});

test('a month of a whole account begins anew with a reset, stays lifted, and fires again when it is reached again', async () => {
  await removeAll();
  const store = triggerStore(prisma);
  const { isEnabled: _, ...rule } = await put({ condition: { kind: 'recurring', limit: 10, per: 'month' } });
  await store.remove({ accountId: 'top', triggerId: rule.id });
  const use = (bytes: number) => usageStore(pool).ingest([usageOf('leaf', { atMs: Date.now(), bytes })]);
  await use(298);
  const { id: triggerId } = await store.create({ ...rule, id: createId('trg') });
  const trigger = { accountId: 'top', triggerId };
  expect(await store.find(trigger)).toMatchObject({ hasFired: true });
  await asOwner(database.url, 'SELECT trigger_hold_put($1, $2, $3, NULL)', [triggerId, 'relay', '{}']);
  expect(await store.reset(trigger)).toMatchObject({ value: '0', hasFired: false });
  expect(
    await asOwner(database.url, 'SELECT 1 FROM trigger_hold WHERE trigger_id = $1', [triggerId]),
  ).toEqual([]);
  await use(9);
  expect(await store.find(trigger)).toMatchObject({ value: '9', hasFired: false });
  await use(1);
  expect(await store.find(trigger)).toMatchObject({ value: '10', hasFired: true });
  expect((await firingsOf([triggerId])).length).toBe(2);
});

test('aimed at another target, or with another window, a trigger begins anew: past its limit it fires at once, once, and a limit alone keeps the count', async () => {
  await removeAll();
  const store = triggerStore(prisma);
  const moon = { region: 'moon' };
  const use = (accountId: string, bytes: number) =>
    usageStore(pool).ingest([usageOf(accountId, { atMs: Date.now(), bytes, more: moon })]);
  await use('leaf', 50);
  await use('beside', 200);
  const target = { accountId: 'leaf', scope: 'own' } as const;
  const condition = { kind: 'recurring', limit: 100, per: 'month' } as const;
  const { id: triggerId } = await store.create({
    id: createId('trg'),
    accountId: 'top',
    name: 'Aimed',
    counter: { meter: 'relay.bytes', where: moon },
    action: { kind: 'suspend' },
    isShown: false,
    ...{ target, condition, timeZone: 'UTC' },
  });
  const trigger = { accountId: 'top', triggerId };
  const firedCount = async () => (await firingsOf([triggerId])).length;
  const aimed = { target: { accountId: 'beside', scope: 'own' }, condition, timeZone: 'UTC' } as const;
  expect(await store.find(trigger)).toMatchObject({ value: '50', hasFired: false });
  expect(await store.update(trigger, { shape: aimed })).toMatchObject({ value: '200', hasFired: true });
  expect(await eventsOf([triggerId])).toMatchObject([{ data: { targetAccountId: 'beside', value: '200' } }]);
  // What is counted there now, and nothing of the target before.
  await use('leaf', 500);
  await use('beside', 1);
  expect(await store.find(trigger)).toMatchObject({ value: '201', hasFired: true });
  expect(await firedCount()).toBe(1);
  // The same again is no change: it does not begin anew, and does not fire again.
  await store.update(trigger, { shape: aimed });
  expect(await firedCount()).toBe(1);
  const inAll = { ...aimed, condition: { kind: 'threshold', limit: 10 } } as const;
  expect(await store.update(trigger, { shape: inAll })).toMatchObject({ value: '0', hasFired: false });
  await Promise.all([use('beside', 6), use('beside', 6), use('beside', 6)]);
  expect(await store.find(trigger)).toMatchObject({ value: '18', hasFired: true });
  expect(await firedCount()).toBe(2);
  const lower = { ...inAll, condition: { kind: 'threshold', limit: 5 } } as const;
  expect(await store.update(trigger, { shape: lower })).toMatchObject({ value: '18', hasFired: true });
  expect(await firedCount()).toBe(3);
  // What fired for the old target is done to nobody any more, and nobody above is reached.
  const pending = await asOwner<{ id: string }>(
    database.url,
    `SELECT f.id FROM trigger_firing f JOIN usage_trigger t ON t.id = f.trigger_id
     WHERE t.id = $1 AND f.state = 'pending' AND f.generation = t.generation`,
    [triggerId],
  );
  expect(pending).toHaveLength(1);
  await expect(
    store.update(trigger, { shape: { ...inAll, target: { accountId: 'platform', scope: 'own' } } }),
  ).rejects.toThrow('resource.unknown');
  await removeAll();
});

test('triggers that are set while usage is stored lose none of it and count none twice', async () => {
  await removeAll();
  const store = triggerStore(prisma);
  const venus = { region: 'venus' };
  const ingesting = async () => {
    const writer = usageStore(pool);
    for (let index = 0; index < 60; index++)
      await writer.ingest([usageOf('leaf', { atMs: Date.now(), bytes: 1, more: venus })]);
  };
  const setting = async () => {
    const ids: string[] = [];
    for (let index = 0; index < 8; index++) {
      const made = await store.create({
        id: createId('trg'),
        accountId: 'top',
        name: 'While it runs',
        counter: { meter: 'relay.bytes', where: venus },
        target: { accountId: 'top', scope: 'descendants' },
        condition: { kind: 'recurring', limit: 100, per: 'month' },
        action: { kind: 'notify' },
        isShown: false,
        timeZone: 'UTC',
      });
      ids.push(made.id);
    }
    return ids;
  };
  const [, , ids] = await Promise.all([ingesting(), ingesting(), setting()]);
  const counted = await Promise.all(ids.map((triggerId) => store.find({ accountId: 'top', triggerId })));
  expect(counted.map((each) => each?.value)).toEqual(ids.map(() => '120'));
  expect((await firingsOf(ids)).length).toBe(ids.length);
});

test('an account that moved away is counted no more by a trigger that was set above it', async () => {
  await removeAll();
  const trigger = await put({
    accountId: 'a',
    condition: { kind: 'threshold', limit: 5 },
    target: { accountId: 'leaf', scope: 'own' },
  });
  const at = new Date(Date.now() - (Date.now() % MINUTE) - 2 * MINUTE);
  await asOwner(
    database.url,
    `UPDATE account_closure SET valid_to = $1 WHERE descendant_id = 'leaf' AND ancestor_id = 'a'`,
    [at],
  );
  await usageStore(pool).ingest([
    usageOf('leaf', { atMs: at.getTime() - 1, bytes: 4 }),
    usageOf('leaf', { atMs: at.getTime(), bytes: 100 }),
  ]);
  expect(await firingsOf([trigger.id])).toEqual([]);
  await asOwner(
    database.url,
    `UPDATE account_closure SET valid_to = 'infinity' WHERE descendant_id = 'leaf' AND ancestor_id = 'a'`,
  );
});

test('a record is tried against what counts its account, and not against the triggers of all others', async () => {
  await removeAll();
  const other = await put({
    target: { accountId: 'beside', scope: 'own' },
    condition: { kind: 'threshold', limit: 1e12 },
  });
  await asOwner(
    database.url,
    `INSERT INTO usage_trigger SELECT (jsonb_populate_record(t, jsonb_build_object('id', t.id || n))).*
     FROM usage_trigger t, generate_series(1, 200) AS n WHERE t.id = $1`,
    [other.id],
  );
  const own = await put({ condition: { kind: 'threshold', limit: 200 } });
  const one = applicationPool(database.applicationUrl, 1);
  const readCount = async () => {
    await one.query('SELECT pg_stat_force_next_flush()');
    const { rows } = await one.query<{ n: number }>(
      "SELECT (seq_tup_read + idx_tup_fetch)::int AS n FROM pg_stat_user_tables WHERE relname = 'usage_trigger'",
    );
    return rows[0]?.n ?? Number.NaN;
  };
  try {
    const before = await readCount();
    await usageStore(one).ingest(
      Array.from({ length: 200 }, () => usageOf('leaf', { atMs: start, bytes: 1 })),
    );
    // By each record, by each counter of a minute, and by what is fired: far from 200 × 200.
    expect((await readCount()) - before).toBeLessThan(300);
    expect(await firingsOf([own.id])).toHaveLength(1);
  } finally {
    await one.end();
    await removeAll();
  }
});

test('events are counted as they are written, by type and by what they say, once each', async () => {
  await removeAll();
  const failed = await put({
    counter: { event: 'signaling.session.ended', where: { code: 'signaling.node_lost' } },
    condition: { kind: 'threshold', limit: 2 },
  });
  const any = await put({
    counter: { event: 'signaling.session.ended' },
    condition: { kind: 'recurring', limit: 3, per: 'day' },
    target: { accountId: 'leaf', scope: 'own' },
  });
  const tell = (codes: readonly string[]) =>
    asOwner(
      database.url,
      `INSERT INTO platform_event (id, account_id, type, at, data)
       SELECT id, 'leaf', 'signaling.session.ended', $2, jsonb_build_object('code', code)
       FROM unnest($1::text[], $3::text[]) AS u(id, code)`,
      [codes.map(() => createId('evt')), new Date(start), codes],
    );
  await tell(['signaling.node_lost', 'call.hangup']);
  expect(await firingsOf([failed.id, any.id])).toEqual([]);
  await tell(['signaling.node_lost']);
  expect((await firingsOf([failed.id, any.id])).length).toBe(2);
  await tell(['signaling.node_lost']);
  expect((await firingsOf([failed.id, any.id])).length).toBe(2);
  const since = {
    accountId: 'top',
    type: 'signaling.session.ended',
    where: {},
    scope: 'descendants' as const,
  };
  expect(await triggerStore(prisma).countEvents({ ...since, sinceMs: start })).toBe(4n);
  expect(await triggerStore(prisma).countEvents({ ...since, accountId: 'beside', sinceMs: start })).toBe(0n);
});

test('counters that nothing can count in any more are forgotten, and others are not', async () => {
  const rate = await put({ condition: { kind: 'rate', limit: 1_000, seconds: 60 } });
  await usageStore(pool).ingest([usageOf('leaf', { atMs: start, bytes: 1 })]);
  const windows = () =>
    asOwner(database.url, 'SELECT 1 FROM trigger_counter WHERE trigger_id = $1', [rate.id]);
  const before = (await windows()).length;
  await pool.query('SELECT trigger_forget()');
  expect((await windows()).length).toBe(before);
  await asOwner(
    database.url,
    `UPDATE trigger_counter SET window_start = window_start - interval '2 days' WHERE trigger_id = $1`,
    [rate.id],
  );
  await pool.query('SELECT trigger_forget()');
  expect((await windows()).length).toBe(0);
  expect(start).toBeGreaterThan(Date.now() - DAY);
});
