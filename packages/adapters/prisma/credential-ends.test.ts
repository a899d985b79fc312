import { createId } from '@patchbay/kit/ids';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { placeEvents } from '../hooks/event-sequencer.ts';
import { type CredentialEnds, credentialEnds } from './credential-ends.ts';
import { credentialStore } from './credential-store.ts';
import { connectAs } from './tenant-attack.ts';

vi.setConfig({ testTimeout: 120_000 });

const event = 'signaling.session.ended';
const HOUR_MS = 3_600_000;

let database: TenancyDatabase;
let ends: CredentialEnds;
let accountId: string;
let childId: string;
let keyId: string;
let prefixId: string;
beforeAll(async () => {
  database = await createTenancyDatabase();
  ends = credentialEnds(database.prisma);
  accountId = (await database.signUp('Ends')).accountId;
  childId = await database.addChild(accountId, 'Below');
  const scopes = ['*'];
  ({
    key: { id: keyId },
  } = await database.ports.keys.create({
    accountId,
    name: 'k',
    mode: 'live',
    scopes,
    createdBy: 'platform',
  }));
}, 120_000);
afterAll(() => database.close());
beforeEach(() => {
  prefixId = createId('crd');
});

/** Something that happened at an account. */
async function happened(
  type: string,
  {
    at = accountId,
    sessionId = createId('ses'),
    data = {},
    agoMs = 0,
  }: { at?: string; sessionId?: string; data?: object; agoMs?: number } = {},
): Promise<string> {
  const owner = await connectAs(database.url);
  await owner.query(
    `INSERT INTO platform_event (id, account_id, type, at, session_id, data) VALUES ($1, $2, $3, $4, $5, $6)`,
    [createId('evt'), at, type, new Date(Date.now() - agoMs), sessionId, JSON.stringify(data)],
  );
  await owner.end();
  return sessionId;
}

const watch = (subject?: string, more: { accountId?: string; notBeforeMs?: number } = {}) =>
  ends.watch({
    accountId,
    keyId,
    expiresAtMs: Date.now() + HOUR_MS,
    ends: [{ prefixId, event, ...(subject === undefined ? {} : { subject }) }],
    ...more,
  });

test('an event ends a credential for all nodes, once, and from then on it is not good (ACC-7)', async () => {
  await happened(event);
  expect(await watch()).toBe(false);
  // What happened before it was first used is no end of it.
  expect(await ends.due()).toEqual([]);
  await happened('signaling.session.started');
  await happened(event, { at: childId });
  expect(await ends.due()).toEqual([]);
  await happened(event);
  const [one, other] = await Promise.all([ends.due(), ends.due()]);
  expect([...one, ...other]).toEqual([prefixId]);
  expect(await ends.due()).toEqual([]);
  const told = await credentialStore(database.prisma).revocationsSince(new Date(Date.now() - HOUR_MS));
  expect(told).toContainEqual(expect.objectContaining({ accountId, keyId, prefixId }));
  expect(await watch()).toBe(true);
});

test('with a subject it has to be about that: a session, or whoever its data names', async () => {
  const sessionId = createId('ses');
  await watch(sessionId);
  await happened(event);
  expect(await ends.due()).toEqual([]);
  await happened(event, { sessionId });
  expect(await ends.due()).toEqual([prefixId]);
  prefixId = createId('crd');
  await watch('leg_1');
  await happened(event, { data: { legId: 'leg_1' } });
  expect(await ends.due()).toEqual([prefixId]);
});

test('what happened since its start counts, though it is used only now', async () => {
  const sessionId = await happened(event, { agoMs: 60_000 });
  expect(await watch(sessionId, { notBeforeMs: Date.now() - 30_000 })).toBe(false);
  prefixId = createId('crd');
  expect(await watch(sessionId, { notBeforeMs: Date.now() - 90_000 })).toBe(true);
});

test('an event that has its place already ends it all the same, and one that is late does too', async () => {
  await watch('late');
  const pool = new Pool({ connectionString: database.applicationUrl, max: 1 });
  await placeEvents(pool);
  await happened(event, { sessionId: 'late', agoMs: 10 * HOUR_MS });
  await placeEvents(pool);
  await pool.end();
  expect(await ends.due()).toEqual([prefixId]);
});

test('an event that is on its way while a credential with a start is first used ends it', async () => {
  const owner = await connectAs(database.url);
  await owner.query('BEGIN');
  await owner.query(
    `INSERT INTO platform_event (id, account_id, type, at, session_id, data) VALUES ($1, $2, $3, now(), 'ses_1', '{}')`,
    [createId('evt'), accountId, event],
  );
  expect(await watch('ses_1', { notBeforeMs: Date.now() - 60_000 })).toBe(false);
  await owner.query('COMMIT');
  await owner.end();
  expect(await ends.due()).toEqual([prefixId]);
});

test('a credential of an account below ends by events of that account, by the key above it', async () => {
  await watch(undefined, { accountId: childId });
  await happened(event);
  expect(await ends.due()).toEqual([]);
  await happened(event, { at: childId });
  expect(await ends.due()).toEqual([prefixId]);
});
