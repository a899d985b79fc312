import { createId } from '@patchbay/kit/ids';
import { mint, prefixesOf } from '@patchbay/protocol/credential/credential';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type CredentialStore, credentialStore } from './credential-store.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let store: CredentialStore;
let accountId: string;
beforeAll(async () => {
  database = await createTenancyDatabase();
  store = credentialStore(database.prisma);
  accountId = (await database.signUp('Credentials')).accountId;
}, 120_000);
afterAll(() => database.close());

const later = async (prefixId: string, seconds: number) => {
  const owner = await connectAs(database.url);
  await owner.query(
    `UPDATE credential_use SET first_at = first_at - $2 * interval '1 second' WHERE prefix_id = $1`,
    [prefixId, seconds],
  );
  await owner.end();
};

test('one use is one client within 30 seconds; another client, or the same one later, is another (ACC-7)', async () => {
  const prefixId = createId('crd');
  const use = (clientKey: string, isRestart = false) =>
    store.admitUse({ accountId, prefixId, usesMax: 2, clientKey, isRestart });
  expect([await use('alice'), await use('alice'), await use('bob'), await use('carol')]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  await later(prefixId, 31);
  expect(await use('alice')).toBe(false);
  expect(await use('alice', true)).toBe(true);
  expect(await use('carol', true)).toBe(false);
});

test('a client that lost its relay goes on with its use, if it was using it until just now (ACC-7)', async () => {
  const prefixId = createId('crd');
  const use = (clientKey: string, restartsCredentialId?: string, usesMax = 1) =>
    store.admitUse({ accountId, prefixId, usesMax, clientKey, restartsCredentialId });
  expect(await use('192.0.2.1')).toBe(true);
  await later(prefixId, 600);
  const owner = await connectAs(database.url);
  const used = (secondsAgo: number) =>
    owner.query(
      `WITH source AS (
         INSERT INTO usage_source VALUES (1, $1, '', $2, '', '') ON CONFLICT DO NOTHING
       ), layout AS (
         INSERT INTO usage_layout VALUES (1, '{network-discovery.allocationMs}', '{1}') ON CONFLICT DO NOTHING
       )
       INSERT INTO usage_session_total (source_id, layout_id, part, account_id, first_at, last_at, v1)
       VALUES (1, 1, 0, $1, now(), now() - $3 * interval '1 second', 1)
       ON CONFLICT (source_id, layout_id, part) DO UPDATE SET last_at = excluded.last_at`,
      [accountId, prefixId, secondsAgo],
    );
  await used(31);
  expect(await use('192.0.2.1', prefixId)).toBe(false);
  await used(5);
  expect(await use('192.0.2.2', prefixId)).toBe(false);
  expect(await use('192.0.2.1')).toBe(false);
  expect(await use('192.0.2.1', prefixId)).toBe(true);
  // Its other allocations follow, and the use is still the only one.
  expect(await use('192.0.2.1')).toBe(true);
  expect(await use('192.0.2.2')).toBe(false);
  expect(await use('192.0.2.2', undefined, 2)).toBe(true);
  await owner.end();
});

test('of many clients that use a one-time credential at the same moment, one is let in', async () => {
  await database.warmUp();
  for (let round = 0; round < 10; round++) {
    const prefixId = createId('crd');
    const admitted = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        store.admitUse({ accountId, prefixId, usesMax: 1, clientKey: `client ${index}` }),
      ),
    );
    expect(admitted.filter((isAdmitted) => isAdmitted)).toHaveLength(1);
  }
});

test('a node reads every revocation since a time, of whichever account', async () => {
  const since = new Date(Date.now() - 1_000);
  const { key } = await database.ports.keys.create({
    accountId,
    name: 'k',
    mode: 'live',
    scopes: ['*'],
    createdBy: 'platform',
  });
  const prefixId = createId('crd');
  const revoke = (scope: string) => store.credentials.revoke({ accountId: scope, keyId: key.id, prefixId });
  expect(await revoke((await database.signUp('Stranger')).accountId)).toBe('unknown');
  expect(await store.revocationsSince(since)).toEqual([]);
  expect(await revoke(accountId)).toBe('revoked');
  expect(await revoke(accountId)).toBe('was_revoked');
  expect(await store.revocationsSince(since)).toEqual([
    { accountId, keyId: key.id, prefixId, revokedAt: expect.any(Date) },
  ]);
  expect(await store.revocationsSince(new Date(Date.now() + 60_000))).toEqual([]);
  await database.ports.keys.revoke({ accountId, keyId: key.id });
  expect(await store.revocationsSince(since)).toMatchObject([
    { prefixId },
    { keyId: key.id, prefixId: undefined },
  ]);
});

test('a revocation is told for as long as its credential could still be used, however old it is (ACC-7)', async () => {
  const { key } = await database.ports.keys.create({
    accountId,
    name: 'long',
    mode: 'live',
    scopes: ['*'],
    createdBy: 'platform',
  });
  const credential = mint({
    keyId: key.id,
    mintKey: new Uint8Array(32),
    caveats: [{ type: 'notAfter', atMs: Date.now() + 10 * 365 * 86_400_000 }],
    randomId: new Uint8Array(12),
  });
  const read = store.credentials.read(credential.username);
  expect(read?.prefixId).toBe(prefixesOf(credential.username).at(-1));
  expect(await store.credentials.revoke({ accountId, keyId: key.id, prefixId: '', ...read })).toBe('revoked');
  const owner = await connectAs(database.url);
  const age = (column: string) =>
    owner.query(
      `UPDATE credential_revocation SET ${column} = now() - interval '3 days' WHERE prefix_id = $1`,
      [read?.prefixId],
    );
  const told = async () =>
    (await store.revocationsSince(new Date(Date.now() - 172_800_000))).map(({ prefixId }) => prefixId);
  await age('revoked_at');
  expect(await told()).toContain(read?.prefixId);
  await age('expires_at');
  expect(await told()).not.toContain(read?.prefixId);
  await owner.end();
});

test('a call goes on with the use of its connection, and without one there is nothing to go on with (ACC-7)', async () => {
  const prefixId = createId('crd');
  const use = (clientKey: string, extra: { isContinuation?: boolean; isRestart?: boolean } = {}) =>
    store.admitUse({ accountId, prefixId, usesMax: 1, clientKey, ...extra });
  expect(await use('session:a', { isContinuation: true })).toBe(false);
  expect(await use('203.0.113.9')).toBe(true);
  expect(await use('session:a', { isContinuation: true })).toBe(true);
  expect(await use('session:a', { isRestart: true })).toBe(true);
  expect(await use('203.0.113.10')).toBe(false);
});
