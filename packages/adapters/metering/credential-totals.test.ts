import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { credentialTotals } from './credential-totals.ts';
import { applicationPool, asOwner, plantTree, usageOf } from './tenants.testing.ts';
import { usageStore } from './usage-store.ts';

const startMs = Date.now() - 3_600_000;
let database: TestDatabase;
let pool: pg.Pool;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, { platform: undefined, a: 'platform' });
  pool = applicationPool(database.url);
}, 120_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

interface Used {
  readonly credentialId: string;
  readonly sessionId?: string;
  /** Seconds after the start. */
  readonly from: number;
  readonly to: number;
  readonly bytes?: number;
}

/** What an allocation, or a leg, reports of a span: a record every five seconds, or every half. */
function records(meter: 'allocationMs' | 'connectedMs', used: Used): UsageRecord[] {
  const [service, stepMs] = meter === 'allocationMs' ? ['network-discovery', 2_000] : ['signaling', 500];
  const endMs = startMs + used.to * 1_000;
  const made: UsageRecord[] = [];
  for (let fromMs = startMs + used.from * 1_000; fromMs < endMs; fromMs += stepMs) {
    const toMs = Math.min(endMs, fromMs + stepMs);
    const quantities = [{ meter, quantity: toMs - fromMs, dimensions: {} }];
    const { sessionId: _, ...draft } = usageOf('a', { atMs: fromMs });
    const session = used.sessionId === undefined ? {} : { sessionId: used.sessionId };
    made.push({ ...draft, ...session, service, credentialId: used.credentialId, fromMs, toMs, quantities });
  }
  if (used.bytes !== undefined)
    made[0]?.quantities.push({ meter: 'bytes', quantity: used.bytes, dimensions: { direction: 'in' } });
  return made;
}
const relayed = (used: Used) => records('allocationMs', used);
const connected = (used: Used) => records('connectedMs', used);

/** Reports the use of credentials that were all narrowed from one, and asks what that one has used. */
async function totalOf(use: (own: (name: string) => string) => readonly UsageRecord[][]) {
  const root = `crd_root${count++}`;
  const own = (name: string) => `${root}.${name}`;
  const reported = use(own).flat();
  const ask = (credentialId: string) =>
    credentialTotals(pool, { accountId: 'a', credentialId, prefixIds: [root, credentialId] });
  for (const credentialId of new Set(reported.map((record) => record.credentialId ?? '')))
    await ask(credentialId);
  await usageStore(pool).ingest(reported);
  const totals = await ask(own('asked'));
  return totals.find(({ prefixId }) => prefixId === root);
}

test('a client that holds two allocations for 10 seconds has used 10 seconds, not 20 (ACC-7)', async () => {
  const total = await totalOf((own) => [
    relayed({ credentialId: own('ann'), from: 0, to: 10, bytes: 700 }),
    relayed({ credentialId: own('ann'), from: 0, to: 9.5, bytes: 300 }),
  ]);
  expect(total).toMatchObject({ milliseconds: 10_000, bytes: 1_000 });
});

test('time between two uses is nobody’s, and allocations that overlap in part count once where they do', async () => {
  const total = await totalOf((own) => [
    relayed({ credentialId: own('ann'), from: 0, to: 10 }),
    relayed({ credentialId: own('ann'), from: 7, to: 12 }),
    relayed({ credentialId: own('ann'), from: 300, to: 303 }),
  ]);
  expect(total?.milliseconds).toBe(15_000);
});

test('two clients with credentials of their own add up, at the level that they share', async () => {
  const total = await totalOf((own) => [
    relayed({ credentialId: own('ann'), from: 0, to: 10 }),
    relayed({ credentialId: own('bob'), from: 0, to: 10 }),
  ]);
  expect(total?.milliseconds).toBe(20_000);
});

test('a call of 20 seconds is 20 seconds, whatever its parties, generations, allocations and relays', async () => {
  const sessionId = `ses_${count}`;
  const total = await totalOf((own) => [
    connected({ credentialId: own('ann'), sessionId, from: 0, to: 20 }),
    connected({ credentialId: own('bob'), sessionId, from: 0, to: 20 }),
    relayed({ credentialId: own('ann.0'), sessionId, from: 1, to: 12 }),
    relayed({ credentialId: own('ann.0'), sessionId, from: 1, to: 12 }),
    relayed({ credentialId: own('ann.1'), sessionId, from: 11, to: 20 }),
    relayed({ credentialId: own('bob.0'), sessionId, from: 1, to: 20 }),
  ]);
  expect(total?.milliseconds).toBe(20_000);
});

test('a direct call counts like a relayed one; two calls add up', async () => {
  const total = await totalOf((own) => [
    connected({ credentialId: own('ann'), sessionId: `ses_${count}a`, from: 0, to: 8 }),
    connected({ credentialId: own('ann'), sessionId: `ses_${count}b`, from: 4, to: 10 }),
  ]);
  expect(total?.milliseconds).toBe(14_000);
});

test('a session that signaling knows nothing of took no longer than its allocations, nor than it lasted', async () => {
  const sessionId = `ses_${count}`;
  const total = await totalOf((own) => [
    relayed({ credentialId: own('ann'), sessionId, from: 0, to: 30 }),
    relayed({ credentialId: own('ann'), sessionId, from: 0, to: 30 }),
  ]);
  expect(total?.milliseconds).toBe(30_000);
  expect(
    (await totalOf((own) => [relayed({ credentialId: own('ann'), sessionId: 'ses_short', from: 0, to: 3 })]))
      ?.milliseconds,
  ).toBe(3_000);
});

/** As the relay reports it of a session of its own. */
async function atRelay(sessionId: string, { from, to }: { readonly from: number; readonly to: number }) {
  const at = (seconds: number) => new Date(startMs + seconds * 1_000);
  await asOwner(
    database.url,
    `INSERT INTO session (id, account_id, kind, started_at, ended_at) VALUES ($1, 'a', 'relay', $2, $3)`,
    [sessionId, at(from), at(to)],
  );
}

test('a session at a relay took from its start to its end, whatever allocations it held at once (ACC-7)', async () => {
  const sessionId = `ses_relay${count}`;
  await atRelay(sessionId, { from: 0, to: 10 });
  const total = await totalOf((own) => [
    relayed({ credentialId: own('ann'), sessionId, from: 0, to: 10 }),
    relayed({ credentialId: own('ann'), sessionId, from: 0, to: 9.5 }),
    relayed({ credentialId: own('ann'), sessionId, from: 0, to: 2 }),
  ]);
  expect(total?.milliseconds).toBe(10_000);
});

test('what one session used is told apart from what its credential used in all (ACC-7)', async () => {
  const root = `crd_root${count++}`;
  const [sessionId, otherId] = [`ses_a${count}`, `ses_b${count}`];
  const ask = (id?: string) =>
    credentialTotals(pool, { accountId: 'a', credentialId: root, prefixIds: [root], sessionId: id });
  await ask();
  await usageStore(pool).ingest([
    ...relayed({ credentialId: root, sessionId, from: 0, to: 4, bytes: 700 }),
    ...relayed({ credentialId: root, sessionId: otherId, from: 0, to: 9, bytes: 50 }),
  ]);
  expect(await ask(sessionId)).toEqual([
    { prefixId: root, bytes: 750, milliseconds: 13_000, ofSession: { bytes: 700, milliseconds: 4_000 } },
  ]);
  expect((await ask('ses_unknown'))[0]?.ofSession).toEqual({ bytes: 0, milliseconds: 0 });
  expect((await ask())[0]).not.toHaveProperty('ofSession');
});
