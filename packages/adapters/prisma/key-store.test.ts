import { randomBytes } from 'node:crypto';
import { createId } from '@patchbay/kit/ids';
import { parseUsername, passwordOf } from '@patchbay/protocol/credential/credential';
import { mintBranch, parseSecret } from '@patchbay/protocol/credential/secret';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { mintBranchCipher, readMasterKey } from './mint-branch-cipher.ts';
import { minting } from './minting.ts';
import { snapshots } from './snapshots.ts';
import { connectAs } from './tenant-attack.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let accountId: string;

beforeAll(async () => {
  database = await createTenancyDatabase();
  accountId = (await database.signUp('Keys')).accountId;
}, 120_000);
afterAll(() => database.close());

const create = (fields: { mode?: 'live' | 'test'; expiresAt?: Date; accountId?: string } = {}) =>
  database.ports.keys.create({
    accountId,
    name: 'A key',
    mode: 'live',
    scopes: ['*'],
    createdBy: 'platform',
    ...fields,
  });

test('C7: a secret authenticates; no other text does, and none of it lies in the database (ACC-4)', async () => {
  const { key, secret } = await create();
  const chain = await database.chainOf(accountId);
  expect(await database.keys.authenticate(secret)).toEqual({
    keyId: key.id,
    accountId,
    name: 'A key',
    scopes: ['*'],
    standing: { chain: chain.map((id) => ({ id, state: 'active' })), policies: [] },
  });
  const { secret: other } = await create();
  const spliced = secret.slice(0, 40) + other.slice(40);
  for (const text of ['', 'pb_live_', secret.slice(0, -1), spliced, secret.replace('live', 'test')]) {
    expect(await database.keys.authenticate(text)).toBeUndefined();
  }
  const owner = await connectAs(database.url);
  const { rows } = await owner.query('SELECT row_to_json(k)::text AS text FROM api_key k');
  const dump = rows.map(({ text }) => text).join('\n');
  const [, , , secretPart = ''] = secret.split('_');
  const parsed = parseSecret(secret);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  expect(dump).not.toContain(secretPart);
  expect(dump).not.toContain(Buffer.from(mintBranch(parsed)).toString('hex'));
  expect(dump).toContain(secret.slice(0, 20));
  await owner.end();
});

test('C10: a revoked or expired key fails at once', async () => {
  const { key, secret } = await create();
  expect(await database.ports.keys.revoke({ accountId, keyId: key.id })).toMatchObject({
    revokedAt: expect.any(Date),
  });
  expect(await database.keys.authenticate(secret)).toBeUndefined();
  const expired = await create({ expiresAt: new Date(Date.now() - 1_000) });
  expect(await database.keys.authenticate(expired.secret)).toBeUndefined();
});

test('the last use is written, and at most once a minute', async () => {
  const { key, secret } = await create();
  await database.keys.authenticate(secret);
  const first = await database.ports.keys.find({ accountId, keyId: key.id });
  expect(first?.lastUsedAt).toBeInstanceOf(Date);
  await database.keys.authenticate(secret);
  expect((await database.ports.keys.find({ accountId, keyId: key.id }))?.lastUsedAt).toEqual(
    first?.lastUsedAt,
  );

  const owner = await connectAs(database.url);
  await owner.query(`UPDATE api_key SET last_used_at = now() - interval '61 seconds' WHERE id = $1`, [
    key.id,
  ]);
  await database.keys.authenticate(secret);
  const later = await database.ports.keys.find({ accountId, keyId: key.id });
  expect(later?.lastUsedAt?.getTime()).toBeGreaterThanOrEqual(first?.lastUsedAt?.getTime() ?? Number.NaN);
  await owner.end();
});

test('a snapshot holds what a relay needs to verify, and says what became of key and account', async () => {
  const { keySnapshot, accountSnapshot } = snapshots(database.prisma, database.cipher);
  const { key, secret } = await create({ expiresAt: new Date(Date.now() + 60_000) });
  const parsed = parseSecret(secret);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  expect(await keySnapshot(key.id)).toEqual({
    keyId: key.id,
    mode: 'live',
    mintKey: mintBranch(parsed),
    accountId,
    chain: [
      { id: database.platformId, state: 'active' },
      { id: accountId, state: 'active' },
    ],
    state: 'active',
    expiresAtMs: key.expiresAt?.getTime(),
    scopes: ['*'],
  });
  expect(await keySnapshot(createId('key'))).toBeUndefined();
  expect(await accountSnapshot(createId('acc'))).toBeUndefined();

  const childId = await database.addChild(accountId, 'Child');
  const ofChild = await create({ accountId: childId });
  await database.suspend(accountId);
  expect(await keySnapshot(ofChild.key.id)).toMatchObject({ state: 'suspended' });
  expect(await accountSnapshot(childId)).toMatchObject({ state: 'suspended', configs: {} });
  await database.ports.accounts.update({ accountId, change: { suspensions: [] } });
  await database.ports.keys.revoke({ accountId, keyId: key.id });
  expect(await keySnapshot(key.id)).toMatchObject({ state: 'revoked' });
});

test('a ciphertext opens for its own key and its own master key only', () => {
  const branch = randomBytes(32);
  const cipher = mintBranchCipher(randomBytes(32));
  const sealed = cipher.seal('key_a', branch);
  expect(Buffer.from(cipher.open('key_a', sealed))).toEqual(branch);
  expect(() => cipher.open('key_b', sealed)).toThrow();
  expect(() => mintBranchCipher(randomBytes(32)).open('key_a', sealed)).toThrow();
  expect(() => cipher.open('key_a', sealed.with(20, (sealed[20] ?? 0) ^ 1))).toThrow();
  expect(() => cipher.open('key_a', sealed.subarray(0, 20))).toThrow('unknown form');
  const text = randomBytes(32);
  expect(readMasterKey(text.toString('base64'))).toEqual(text);
  expect(readMasterKey(text.toString('hex'))).toEqual(text);
  expect(() => readMasterKey('short')).toThrow('needs 32');
});

test('the platform mints with the key of the account, or of the nearest above it restricted to the account', async () => {
  const { accountId: parentId } = await database.signUp('Minting');
  const childId = await database.addChild(parentId, 'Child');
  const { mint } = minting(database.prisma, database.cipher);
  await expect(mint({ accountId: childId, caveats: [] })).rejects.toThrow('live key');

  const { key, secret } = await create({ accountId: parentId });
  const parsed = parseSecret(secret);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const credential = await mint({ accountId: childId, caveats: [{ type: 'identity', identity: 'bob' }] });
  const read = parseUsername(credential.username);
  if (read.type === 'refusal') throw new Error(read.detail);
  expect(read.keyId).toBe(key.id);
  expect(passwordOf(mintBranch(parsed), read)).toBe(credential.password);
  expect(read.blocks[0]?.caveats).toEqual([
    { type: 'account', accountId: childId },
    { type: 'identity', identity: 'bob' },
  ]);

  const own = await create({ accountId: childId });
  const direct = parseUsername((await mint({ accountId: childId, caveats: [] })).username);
  expect(direct).toMatchObject({ keyId: own.key.id, blocks: [{ caveats: [] }] });
});

test('another master key cannot read the snapshot of a key', async () => {
  const { key } = await create();
  const stolen = snapshots(database.prisma, mintBranchCipher(randomBytes(32)));
  await expect(stolen.keySnapshot(key.id)).rejects.toThrow();
});
