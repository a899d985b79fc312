import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dataClassNames, dataClassOf } from '@patchbay/domain/privacy/data-classes';
import { exportManifestSchema } from '@patchbay/domain/privacy/export-manifest';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { atomically } from '../prisma/unit-of-work.ts';
import { expireExports, exportStore, openExport } from './export-store.ts';
import { type ExportNotices, type FailedExport, makeExports } from './export-writer.ts';
import { fillAccount } from './full-account.testing.ts';

vi.setConfig({ testTimeout: 120_000 });

/** As the registry has them: one field that narrows, and one of which the nearest word holds. */
const services = [
  {
    name: 'signaling',
    config: z.object({ sessionSecondsMax: z.int().default(3600), mode: z.string().default('direct') }),
    merge: { sessionSecondsMax: 'narrowest', mode: 'nearest' },
  },
] as const;

let database: TenancyDatabase;
const told: FailedExport[] = [];
const notices: ExportNotices = {
  atomically: (work) => atomically(database.prisma, work),
  tell: async (failed) => void told.push(failed),
};
let owner: Client;
let pool: Pool;
let mineId: string;
let childId: string;
let siblingId: string;
const folders: string[] = [];
const nowMs = () => Date.now();

beforeAll(async () => {
  database = await createTenancyDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  pool = new Pool({ connectionString: database.applicationUrl, max: 3, options: '-c role=patchbay_app' });
  const parent = await database.signUp('zparent');
  mineId = await database.addChild(parent.accountId, 'mine');
  childId = await database.addChild(mineId, 'mine-child');
  siblingId = await database.addChild(parent.accountId, 'zsibling');
  const marks = {
    [mineId]: 'mine',
    [childId]: 'below',
    [siblingId]: 'zsibling',
    [parent.accountId]: 'zparent',
  };
  for (const [accountId, mark] of Object.entries(marks)) {
    await fillAccount(owner, accountId, { atMs: Date.now() - 1_000, identity: `${mark}-bob`, mark });
    await database.ports.keys.create({
      accountId,
      name: `${mark}-key`,
      mode: 'live',
      scopes: ['*'],
      createdBy: 'usr_x',
    });
    const at = { atMs: Date.now() - 60_000, bytes: 9_007_199_254_740 };
    await usageStore(pool).ingest([usageOf(accountId, at)]);
  }
}, 120_000);
afterAll(async () => {
  for (const folder of folders) rmSync(folder, { recursive: true });
  await pool.end();
  await owner.end();
  await database.close();
});

async function bytesOf(accountId: string, exportId: string, fromByte = 0): Promise<Buffer> {
  const archive = await openExport(pool, { accountId, id: exportId });
  if (archive === undefined) throw new Error('There is no archive.');
  const parts: Uint8Array[] = [];
  for await (const part of archive.read(fromByte)) parts.push(part);
  expect(Buffer.concat(parts).length).toBe(archive.sizeBytes - fromByte);
  return Buffer.concat(parts);
}

/** Unpacks an archive with the tar of this machine: not with anything of ours. */
function unpack(bytes: Buffer) {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-export-'));
  folders.push(folder);
  writeFileSync(path.join(folder, 'export.tar.gz'), bytes);
  execFileSync('tar', ['-xzf', 'export.tar.gz'], { cwd: folder });
  rmSync(path.join(folder, 'export.tar.gz'));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(folder, name)).isFile(),
  );
  return new Map(files.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

/** Its account is told that it is ready, once; what it is told is taken away, so that no later export has it (HKS-2). */
async function toldOf(exportId: string): Promise<void> {
  const { rows } = await owner.query(
    `DELETE FROM platform_event WHERE type = 'privacy.export.ready' RETURNING account_id, data`,
  );
  const { account_id, expires_at } = (
    await owner.query('SELECT account_id, expires_at FROM account_export WHERE id = $1', [exportId])
  ).rows[0];
  const data = { exportId, scope: 'account', expiresAt: expires_at.toISOString() };
  expect(rows.filter(({ data: { exportId: id } }) => id === exportId)).toEqual([{ account_id, data }]);
}

async function exportOf(accountId: string, options: { rowsPerFile?: number } = {}) {
  const made = await exportStore(pool).create({ accountId, requestedBy: 'usr_x' });
  if (made === undefined) throw new Error('One is at work.');
  expect(await makeExports(pool, { nowMs, notices, services, ...options })).toBe(1);
  await toldOf(made.id);
  const bytes = await bytesOf(accountId, made.id);
  const files = unpack(bytes);
  const manifest = exportManifestSchema.parse(JSON.parse(files.get('manifest.json') ?? ''));
  return { exportId: made.id, bytes, files, manifest };
}

test('an export has every class of data that the account and those below it own, with counts and hashes that hold', async () => {
  const { files, manifest } = await exportOf(mineId);
  for (const { name, rows, sha256, sizeBytes } of manifest.files) {
    const content = files.get(name) ?? '';
    expect(createHash('sha256').update(content).digest('hex'), name).toBe(sha256);
    expect(Buffer.byteLength(content)).toBe(sizeBytes);
    const lines = content.trimEnd().split('\n');
    expect(lines).toHaveLength(rows);
    for (const line of lines) JSON.parse(line);
  }
  expect(files.size).toBe(manifest.files.length + 1);
  const inExport = dataClassNames.filter((name) => dataClassOf(name).notExportedWhy === undefined);
  expect(Object.keys(manifest.rows).sort()).toEqual([...inExport].sort());
  // There is something of each class to prove it with, but of what an account below has none of.
  const empty = Object.entries(manifest.rows).filter(([, rows]) => rows === 0);
  expect(empty.map(([name]) => name)).toEqual(['credentialUse', 'team']);
  expect(manifest.leftOut.map(({ dataClass }) => dataClass)).toContain('idempotencyAnswers');
  expect(new Set(manifest.files.map(({ accountId }) => accountId))).toEqual(new Set([mineId, childId]));
  const usage = [...files].find(([name]) => name.includes('usage_record'))?.[1] ?? '';
  expect(JSON.parse(usage)).toMatchObject({
    quantities: ['9007199254740'],
    dimensions: [{ direction: 'in' }],
  });
});

test('an export holds no row and no name of a sibling or of the account above, and no secret (C1, C45)', async () => {
  const above = await owner.query<{ path: string[] }>(
    `SELECT array_agg(c.ancestor_id ORDER BY c.depth DESC) AS path FROM account_closure c
     WHERE c.descendant_id = $1 AND c.valid_to = 'infinity'`,
    [mineId],
  );
  const chain = above.rows[0]?.path ?? [];
  const parentId = chain.at(-2) ?? '';
  await owner.query(
    `INSERT INTO audit_entry (id, account_id, actor_id, actor_name, action, target, request_id, before, account_path, actor_account_id)
     VALUES ('aud_by_parent', $1, 'key_of_zparent', 'zparent key', 'accounts.update', $1, 'req_by_parent', $2, $3, $4)`,
    [mineId, JSON.stringify({ parentId, name: 'mine' }), chain, parentId],
  );
  // A plan of it, written down with whose it is and, as before, without; and what a trigger of it did.
  const plan = { planId: 'pln_zparent', name: 'zparent plan' };
  await owner.query(
    `INSERT INTO audit_entry (id, account_id, actor_id, actor_name, action, target, request_id, before, after, account_path, actor_account_id)
     VALUES ('aud_of_plan', $1, 'key_of_zparent', 'zparent key', 'plans.assign', $2, 'req_of_plan', $3, $4, $6, $7),
       ('aud_of_firing', $1, 'trg_zparent', 'zparent trigger', 'triggers.suspend', $1, 'req_of_firing', $8, $5, $6, $7)`,
    [
      ...[mineId, `${mineId}/plan`, JSON.stringify(plan), JSON.stringify({ ...plan, ownerId: parentId })],
      ...[JSON.stringify({ state: 'suspended', firingId: 'fir_zparent' }), chain, parentId],
      JSON.stringify([parentId]),
    ],
  );
  // What was bought of the account above, and its line.
  const bought = {
    sellerId: parentId,
    seller: { accountId: parentId },
    lines: [{ key: `${parentId} relay.bytes` }],
  };
  await owner.query(
    `INSERT INTO document (id, account_id, seller_id, period, kind, sequence, number, currency, total_minor_units, by_period,
       issued_at, content)
     VALUES ('doc_of_parent', $1, $2, '2026-10', 'invoice', 77, 'Z-77', 'EUR', 1, '{}', now(), $3)`,
    [mineId, parentId, JSON.stringify({ number: 'Z-77', ...bought })],
  );
  await owner.query(
    `INSERT INTO policy (account_id, by, set_by, word) VALUES ($1, 'above', $2, '{"values": {"participantsMax": 17}}')`,
    [mineId, parentId],
  );
  // Words of those above, beside the account's own.
  await owner.query(
    `INSERT INTO service_access (account_id, set_by, service, state, uses) VALUES
       ($1, '', 'signaling', 'enabled', '{}'), ($1, $2, 'signaling', 'disabled', '{}'), ($1, $3, 'signaling', 'enabled', '{}')`,
    [mineId, parentId, database.platformId],
  );
  await owner.query(
    `INSERT INTO allow_list_entry (account_id, set_by, purpose, network, label) VALUES
       ($1, '', 'keys', '203.0.113.0/24', 'mine'), ($1, $2, 'keys', '203.0.113.0/24', 'theirs'),
       ($1, $3, 'keys', '203.0.113.0/24', 'theirs')`,
    [mineId, parentId, database.platformId],
  );
  await owner.query(
    `INSERT INTO service_config (account_id, set_by, service, config) VALUES
       ($1, $2, 'signaling', '{"sessionSecondsMax": 90, "mode": "relay"}'), ($1, $3, 'signaling', '{"sessionSecondsMax": 60, "mode": "direct"}'),
       ($1, $3, 'presence', '{"note": "far"}')`,
    [mineId, parentId, database.platformId],
  );
  await owner.query(
    `INSERT INTO retention_word (account_id, set_by, word) VALUES
       ($1, $3, '{"events": {"keepDays": 9}}'), ($1, $2, '{"events": {"keepDays": 12}, "sessionLogs": {"keepDaysMin": 8}}')`,
    [mineId, parentId, database.platformId],
  );
  const off = { state: 'disabled', uses: ['audio'] };
  const lifted = [off, { from: parentId, ...off }, { from: database.platformId, ...off, uses: ['video'] }];
  await owner.query(
    `INSERT INTO audit_entry (id, account_id, actor_id, actor_name, action, target, request_id, before, account_path, actor_account_id)
     VALUES ('aud_lifted', $1, 'key_of_zparent', 'zparent key', 'services.enable', 'signaling', 'req_lifted', $2, $3, $4)`,
    [mineId, JSON.stringify({ lifted }), chain, parentId],
  );
  const { files } = await exportOf(mineId);
  const linesOf = (table: string) =>
    [...files]
      .filter(([name]) => name.includes(`/${table}-`))
      .flatMap(([, text]) => text.trim().split('\n'))
      .map((line) => JSON.parse(line));
  // One row of all that spoke above: nobody counts them (decision 0021).
  expect(linesOf('service_access')).toMatchObject([
    { set_by: null, state: 'enabled' },
    { set_by: 'above', state: 'disabled' },
  ]);
  expect(linesOf('allow_list_entry')).toMatchObject([
    { set_by: null, label: 'mine' },
    { set_by: 'above', label: 'theirs' },
  ]);
  // What they come to: the least of what narrows, and the nearest word of what does not.
  expect(linesOf('service_config').filter(({ set_by }) => set_by !== null)).toMatchObject([
    { set_by: 'above', service: 'presence', config: { note: 'far' } },
    { set_by: 'above', service: 'signaling', config: { sessionSecondsMax: 60, mode: 'relay' } },
  ]);
  expect(linesOf('retention_word').filter(({ set_by }) => set_by !== null)).toEqual([
    expect.objectContaining({
      set_by: 'above',
      word: { events: { keepDays: 9, keepDaysMax: 9 }, sessionLogs: { keepDaysMin: 8 } },
    }),
  ]);
  const [taken] = linesOf('audit_entry').filter(({ request_id }) => request_id === 'req_lifted');
  expect(taken.before.lifted).toHaveLength(2);
  expect(taken.before.lifted).toEqual(
    expect.arrayContaining([off, { from: 'an account above', state: 'disabled' }]),
  );
  const whole = [...files.values()].join('\n');
  expect(whole).toContain('Z-77');
  const { rows } = await owner.query<{ parent: string }>(
    'SELECT parent_id AS parent FROM account WHERE id = $1',
    [mineId],
  );
  for (const foreign of [siblingId, rows[0]?.parent ?? '', database.platformId, 'zsibling', 'zparent'])
    expect(whole.includes(foreign), foreign).toBe(false);
  const secrets = await owner.query<{ hash: Buffer; mint: Buffer }>(
    'SELECT api_hash AS hash, mint_ciphertext AS mint FROM api_key',
  );
  for (const { hash, mint } of secrets.rows)
    for (const secret of [hash, mint])
      for (const form of ['hex', 'base64'] as const) expect(whole).not.toContain(secret.toString(form));
  expect(whole).not.toContain(Buffer.from('secret-mine').toString('hex'));
  expect(whole).toContain('mine-bob');
  // What was done from above is there, without who did it.
  for (const request of ['req_by_parent', 'req_of_plan', 'req_of_firing']) expect(whole).toContain(request);
  expect(whole).toContain('an account above');
  // What was set from above, too: it is the account's to know.
  expect(whole).toContain('"participantsMax": 17');
});

test('an export that is broken off behind any file goes on there, and is the same archive', async () => {
  const whole = await exportOf(childId, { rowsPerFile: 1 });
  const made = await exportStore(pool).create({ accountId: childId, requestedBy: 'usr_x' });
  for (let rounds = 0; rounds < 1_000; rounds++) {
    let asked = 0;
    const isStopped = () => {
      asked += 1;
      return asked > 2;
    };
    await makeExports(pool, { nowMs, notices, services, rowsPerFile: 1, isStopped });
    if ((await exportStore(pool).find({ accountId: childId, exportId: made?.id ?? '' }))?.state === 'ready')
      break;
  }
  const files = unpack(await bytesOf(childId, made?.id ?? ''));
  const without = (all: ReadonlyMap<string, string>) =>
    [...all].filter(([name]) => name !== 'manifest.json').sort();
  expect(without(files)).toEqual(without(whole.files));
});

test('a download that broke off goes on from any byte', async () => {
  const { exportId, bytes } = await exportOf(childId, { rowsPerFile: 1 });
  for (const fromByte of [1, 700, bytes.length - 1])
    expect((await bytesOf(childId, exportId, fromByte)).equals(bytes.subarray(fromByte))).toBe(true);
});

test('one export of an account is at work at a time; a removed one is not made, and an expired one has no files', async () => {
  const store = exportStore(pool);
  const first = await store.create({ accountId: mineId, requestedBy: 'usr_x' });
  expect(await store.create({ accountId: mineId, requestedBy: 'usr_x' })).toBeUndefined();
  expect(await store.create({ accountId: siblingId, requestedBy: 'usr_x' })).toBeDefined();
  const exportId = first?.id ?? '';
  expect(await store.remove({ accountId: siblingId, exportId })).toBeUndefined();
  expect(await store.remove({ accountId: mineId, exportId })).toMatchObject({ state: 'pending' });
  expect(await makeExports(pool, { nowMs, notices, services })).toBe(1);
  const { exportId: ready } = await exportOf(mineId);
  expect(await openExport(pool, { accountId: siblingId, id: ready })).toBeUndefined();
  expect(await expireExports(pool, Date.now() + 8 * 86_400_000)).toBeGreaterThan(0);
  expect(await openExport(pool, { accountId: mineId, id: ready })).toBeUndefined();
  expect(await store.find({ accountId: mineId, exportId: ready })).toMatchObject({ state: 'expired' });
  expect((await owner.query('SELECT 1 FROM account_export_part')).rowCount).toBe(0);
});

/** A disk that is full: the database refuses each file behind the first ones. */
async function fillDisk(fileCountMax: number): Promise<void> {
  await owner.query(`CREATE OR REPLACE FUNCTION refuse_part() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.number > ${fileCountMax} THEN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END IF;
    RETURN NEW; END $$`);
  await owner.query(
    'CREATE OR REPLACE TRIGGER full_disk BEFORE INSERT ON account_export_part FOR EACH ROW EXECUTE FUNCTION refuse_part()',
  );
}
const emptyDisk = () => owner.query('DROP TRIGGER full_disk ON account_export_part');
/** As if the time until the next try were over. */
const waitOver = (exportId: string | undefined) =>
  owner.query(`UPDATE account_export SET next_at = now() - interval '1 second' WHERE id = $1`, [exportId]);

async function failOnce(): Promise<void> {
  await expect(makeExports(pool, { nowMs, notices, services, rowsPerFile: 1 })).rejects.toThrow(
    'No space left',
  );
}

test('an export whose disk is full is tried again, from behind the last file that it wrote, and nobody is told', async () => {
  const whole = await exportOf(childId, { rowsPerFile: 1 });
  const store = exportStore(pool);
  const made = await store.create({ accountId: childId, requestedBy: 'usr_x' });
  const at = { accountId: childId, exportId: made?.id ?? '' };
  await fillDisk(2);
  await failOnce();
  expect(await store.find(at)).toMatchObject({ state: 'running', failedCount: 1, fileCount: 2 });
  // Not before its time: others have theirs meanwhile.
  expect(await makeExports(pool, { nowMs, notices, services })).toBe(0);
  await emptyDisk();
  await waitOver(made?.id);
  expect(await makeExports(pool, { nowMs, notices, services, rowsPerFile: 1 })).toBe(1);
  await toldOf(at.exportId);
  const without = (all: ReadonlyMap<string, string>) =>
    [...all].filter(([name]) => name !== 'manifest.json').sort();
  expect(without(unpack(await bytesOf(childId, at.exportId)))).toEqual(without(whole.files));
  expect(told).toEqual([]);
});

test('an export that fails five times is given up: it is told once, and no file of it is left', async () => {
  const store = exportStore(pool);
  const made = await store.create({ accountId: childId, requestedBy: 'usr_x' });
  const at = { accountId: childId, exportId: made?.id ?? '' };
  await fillDisk(2);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await waitOver(made?.id);
    await failOnce();
  }
  await emptyDisk();
  expect(await store.find(at)).toMatchObject({ state: 'failed', failedCount: 5, fileCount: 0, rowCount: 0 });
  const parts = await owner.query('SELECT 1 FROM account_export_part WHERE export_id = $1', [made?.id]);
  expect(parts.rowCount).toBe(0);
  const events = await owner.query(
    `DELETE FROM platform_event WHERE type = 'privacy.export.failed' RETURNING account_id, data`,
  );
  expect(events.rows).toEqual([{ account_id: childId, data: { exportId: made?.id } }]);
  expect(told).toEqual([{ ...at, requestedBy: 'usr_x' }]);
  await waitOver(made?.id);
  expect(await makeExports(pool, { nowMs, notices, services })).toBe(0);
  // It stands in nobody's way.
  expect(await store.create({ accountId: childId, requestedBy: 'usr_x' })).toBeDefined();
  await owner.query(`DELETE FROM account_export WHERE account_id = $1`, [childId]);
});
