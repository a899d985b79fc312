import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import { silent } from '@patchbay/domain/policy/policy-level';
import { createId } from '@patchbay/kit/ids';
import { mint, prefixesOf } from '@patchbay/protocol/credential/credential';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { auditStore } from '../prisma/audit-store.ts';
import { policyStore } from '../prisma/policy-store.ts';
import { erasureStore } from './erasure-store.ts';
import { expireErasures, workOnErasures } from './erasure-writer.ts';
import { exportStore, openExport } from './export-store.ts';
import { makeExports } from './export-writer.ts';
import { fillAccount } from './full-account.testing.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TenancyDatabase;
let owner: Client;
let pool: Pool;
const nowMs = () => Date.now();
beforeAll(async () => {
  database = await createTenancyDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  pool = new Pool({ connectionString: database.applicationUrl, max: 3, options: '-c role=patchbay_app' });
}, 120_000);
afterAll(async () => {
  await pool.end();
  await owner.end();
  await database.close();
});

const isEmpty = (value: object) => Object.keys(value).length === 0;

/** Everything that stands in the database, but for what says how far an erasure is. */
async function everything(of: readonly string[]): Promise<string> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await owner.query<{ text: string }>(
      `SELECT t::text AS text FROM ${name} t WHERE account_id = ANY ($1) ORDER BY 1`,
      [of],
    );
    texts.push(...rows.map(({ text }) => `${name}: ${text}`));
  }
  return texts.join('\n');
}

const totals = async () =>
  JSON.stringify([
    (await owner.query('SELECT * FROM usage_minute ORDER BY 1, 2, 3, 4, 5')).rows,
    (
      await owner.query(
        'SELECT account_id, session_id, meter, sum(sum) FROM usage_session GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
      )
    ).rows,
    (await owner.query('SELECT * FROM ledger_entry ORDER BY 1, 2, 3')).rows,
    (await owner.query(`SELECT usage_mismatches('2020-01-01', '2100-01-01') AS n`)).rows,
  ]);

async function erase(accountId: string, person: string) {
  const store = erasureStore(pool);
  const made = await store.create({ accountId, person, requestedBy: 'usr_x' });
  if (typeof made === 'string') throw new Error(made);
  await workOnErasures(pool, { nowMs });
  const counted = await store.find({ accountId, erasureId: made.id });
  const decided = await store.decide({ accountId, erasureId: made.id, state: 'running', by: 'usr_x' });
  expect(decided).toMatchObject({ state: 'running' });
  await workOnErasures(pool, { nowMs });
  return { erasureId: made.id, counted, done: await store.find({ accountId, erasureId: made.id }) };
}

test('a dry run counts, and changes nothing; erased is what it counted, and of the person nothing is left but sums (PRD-4)', async () => {
  const { accountId } = await database.signUp('Erasing');
  const child = await database.addChild(accountId, 'Below');
  const { accountId: stranger } = await database.signUp('Stranger');
  for (const id of [accountId, child, stranger]) {
    await fillAccount(owner, id, {
      atMs: Date.now() - 5_000,
      identity: 'bob.q-zq',
      mark: `m${id.slice(-6)}`,
    });
    await fillAccount(owner, id, { atMs: Date.now() - 4_000, identity: 'bob', mark: `n${id.slice(-6)}` });
    for (const identity of ['bob.q-zq', 'bob'])
      await usageStore(pool).ingest([
        usageOf(id, { atMs: Date.now() - 60_000, bytes: 7, more: { endpointId: userEndpointId(identity) } }),
      ]);
  }
  // What an account below says of this very person.
  const line = { identity: `bob.q-zq@${accountId}`, to: `user:bob.q-zq@${accountId}` };
  const { rows } = await owner.query(
    'SELECT session_id AS id FROM session_event WHERE account_id = $1 LIMIT 1',
    [child],
  );
  await owner.query(
    `INSERT INTO session_event (session_id, sequence, account_id, at, kind, data) VALUES ($1, 90, $2, now(), 'session.created', $3)`,
    [rows[0].id, child, line],
  );
  const sumsBefore = await totals();
  const strangersBefore = await everything([stranger]);
  const store = erasureStore(pool);
  const made = await store.create({ accountId, person: 'user:bob.q-zq', requestedBy: 'usr_x' });
  if (typeof made === 'string') throw new Error(made);
  expect(await store.create({ accountId, person: 'user:x', requestedBy: 'usr_x' })).toBe('at_work');
  const before = (await everything([accountId, child])).replace(/^erasure: .*$/gm, '');
  await workOnErasures(pool, { nowMs });
  expect((await everything([accountId, child])).replace(/^erasure: .*$/gm, '')).toBe(before);
  const counted = await store.find({ accountId, erasureId: made.id });
  expect(counted).toMatchObject({
    state: 'counted',
    liveCount: 0,
    found: {
      sessionLogs: 7,
      refusedRequests: 1,
      usageRecords: 1,
      refusedUsage: 1,
      events: 1,
      webhookDeliveries: 1,
      usageTotals: 1,
      configuration: 7,
      notices: 1,
      auditEntries: 1,
    },
  });
  await store.decide({ accountId, erasureId: made.id, state: 'running', by: 'usr_x' });
  await workOnErasures(pool, { nowMs });
  const done = await store.find({ accountId, erasureId: made.id });
  expect(done).toMatchObject({ state: 'done', person: undefined, doneAt: expect.any(Date) });
  // Whoever is told of it learns how much, and of nobody (HKS-2).
  const { rows: told } = await owner.query(
    `SELECT data FROM platform_event WHERE account_id = $1 AND type = 'privacy.erasure.done'`,
    [accountId],
  );
  expect(told).toEqual([{ data: { erasureId: made.id, erased: done?.erased } }]);
  // The session itself has no name in it: it was counted, and stays.
  expect(done?.erased).toEqual({ ...counted?.found, sessionLogs: 6 });

  const after = await everything([accountId]);
  expect(after).not.toMatch(/bob\.q-zq/);
  // Somebody with the same beginning of a name, and somebody of the same name in another account, are other persons.
  expect(after).toContain('user:bob');
  const below = await everything([child]);
  expect(below).toContain('user:bob.q-zq');
  expect(below).not.toContain(`bob.q-zq@${accountId}`);
  expect(await everything([stranger])).toBe(strangersBefore);
  expect(await totals()).toBe(sumsBefore);
  // The two sides of a call are still told apart, under one name in all rows.
  const { rows: legs } = await owner.query<{ identity: string }>(
    'SELECT identity FROM session_leg WHERE account_id = $1',
    [accountId],
  );
  const pseudonym = legs.find(({ identity }) => identity !== 'bob')?.identity ?? '';
  expect(pseudonym).toMatch(/^erased-/);
  expect(after).toContain(`user:${pseudonym}`);
  expect(JSON.stringify(done)).not.toContain(pseudonym);
});

test('the chain of the audit log is whole after an erasure, and broken when an entry says anything else (C53)', async () => {
  const { accountId } = await database.signUp('Chained');
  await fillAccount(owner, accountId, { atMs: Date.now(), identity: 'zoe', mark: 'chain' });
  const audit = auditStore(database.prisma);
  await erase(accountId, 'user:zoe');
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();
  const entries = (await audit.entries.list({ accountId, scope: 'own', limit: 10 })).items;
  expect(entries.filter(({ action }) => action === 'erasures.complete')).toHaveLength(2);
  expect(JSON.stringify(entries)).not.toContain('zoe');
  // Names are taken out again: an entry may be about several persons.
  await fillAccount(owner, accountId, { atMs: Date.now() + 1, identity: 'ann', mark: 'chain2' });
  await erase(accountId, 'user:ann');
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();
  const broken = async (sql: string) => {
    await owner.query('BEGIN');
    await owner.query(sql, [accountId]);
    const { rows } = await owner.query('SELECT audit_broken_at($1) AS at', [accountId]);
    await owner.query('ROLLBACK');
    return rows[0].at;
  };
  const first = `account_id = $1 AND sequence = (SELECT min(sequence) FROM audit_entry WHERE erased_by IS NOT NULL AND account_id = $1)`;
  expect(await broken(`UPDATE audit_entry SET after = '{}' WHERE ${first}`)).toBe('1');
  expect(
    await broken(
      `UPDATE audit_entry e SET after = '{}', erased_hash = sha256(e.hash || audit_hash(e)) WHERE ${first}`,
    ),
  ).toBe('1');
  const forged = `UPDATE audit_entry e SET actor_name = 'Other', erased_by = 'ers_forged', erased_hash = '\\x00' WHERE account_id = $1 AND sequence = (SELECT max(sequence) FROM audit_entry WHERE account_id = $1)`;
  expect(await broken(forged)).toBe(String(entries.length + 3));
});

test('each place in which a person is looked for has a number of its own, so that none hides another (PRD-4)', async () => {
  const { rows } = await owner.query<{ number: number }>('SELECT * FROM person_places()');
  const numbers = rows.map((row) => Object.values(row)[0]);
  expect(numbers.length).toBeGreaterThan(20);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('a person goes from what the platform itself wrote of them: what an entry is about, what came of a trigger, channels of theirs (PRD-4)', async () => {
  const { accountId } = await database.signUp('Written');
  const audit = auditStore(database.prisma);
  const entry = { accountId, accountPath: [accountId], requestId: 'req_1', actorId: 'key_x', actorName: 'K' };
  await audit.append({ ...entry, action: 'policy.set', target: `${accountId}/user:zeb/policy` });
  await audit.append({ ...entry, action: 'policy.set', target: `${accountId}/user:zebra/policy` });
  const put = (table: string, row: Readonly<Record<string, unknown>>) => {
    const names = Object.keys(row);
    return owner.query(
      `INSERT INTO ${table} (account_id, ${names.join(', ')}) VALUES ($1, ${names.map((_, at) => `$${at + 2}`).join(', ')})`,
      [accountId, ...Object.values(row)],
    );
  };
  const at = new Date();
  for (const [index, channel] of ['inbox:zeb', 'dm@zeb', 'inbox:zebra'].entries()) {
    await put('channel', { name: channel, epoch: 'e', head_offset: 1, published_at: at });
    const said = {
      channel,
      message_offset: 1,
      epoch: 'e',
      id: `msg_${index}`,
      published_at: at,
      publisher: 'ann',
    };
    await put('channel_message', { ...said, encoding: 'json', data: '"hello"', forget_at: at });
    const there = {
      channel,
      connection_id: 'c',
      identity: 'ann',
      node_id: 'nod_x',
      boot: '1',
      joined_at: at,
    };
    await put('channel_member', there);
    const data = { channel, publisher: index === 0 ? 'zeb' : 'ann' };
    await put('platform_event', { id: `evt_of${index}`, type: 'notification.message.published', at, data });
  }
  const fired = {
    generation: 1,
    window_start: at,
    target_id: accountId,
    value: 1,
    limit_value: 1,
    action: {},
  };
  const outcome = 'It is held to 800000 bit/s for user:zeb.';
  await put('trigger_firing', { id: 'trf_one', trigger_id: 'trg_one', ...fired, state: 'done', outcome });
  const { counted, done } = await erase(accountId, 'user:zeb');
  const found = { auditEntries: 1, channelMessages: 6, events: 2, triggerFirings: 1 };
  expect(counted?.found).toEqual(found);
  expect(done).toMatchObject({ state: 'done', erased: found });
  const left = await everything([accountId]);
  expect(left).not.toMatch(/zeb\b/);
  expect(left.match(/(inbox:|dm@)erased-[0-9a-f]{18}/g)).toHaveLength(8);
  for (const kept of [`${accountId}/user:zebra/policy`, 'inbox:zebra']) expect(left).toContain(kept);
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();
});

/** What was minted for somebody, as the audit log kept it once: by the username, which says for whom. */
const mintedFor = (identity: string) =>
  mint({
    keyId: createId('key'),
    mintKey: new Uint8Array(32),
    caveats: [{ type: 'identity', identity }],
    randomId: randomBytes(12),
  }).username;

const bytesOfAll = (text: string) =>
  (text.match(/[A-Za-z0-9_-]{40,}/g) ?? []).map((word) => Buffer.from(word, 'base64url').toString('latin1'));

test('no credential says for whom it was minted after their erasure, nor who called with one (PRD-4)', async () => {
  const { accountId } = await database.signUp('Minted');
  const audit = auditStore(database.prisma);
  const [usernames, other] = [[mintedFor('evelyn.q'), mintedFor('evelyn.q')], mintedFor('evelyn.qu')];
  const entry = { accountId, accountPath: [accountId], requestId: 'req_1', actorId: 'key_x', actorName: 'K' };
  const action = 'networkDiscovery.createIceServers';
  const append = (target: string, identity: string) =>
    audit.append({ ...entry, action, target, after: { identity } });
  const targets = async () =>
    (
      await audit.entries.list({ accountId, scope: 'own', filter: { visibleIds: [], action }, limit: 9 })
    ).items
      .map(({ target }) => target)
      .reverse();
  const [first = '', second = ''] = usernames;
  await append(first, 'evelyn.q');
  await append(other, 'evelyn.qu');
  await owner.query(
    `INSERT INTO refused_request (id, account_id, at, actor_id, actor_name, operation, code, status, detail, known)
     VALUES ('req_evelyn', $1, now(), 'crd_1', 'evelyn.q', 'x.y', 'access.scope', 403, '', '{}')`,
    [accountId],
  );
  await audit.append({ ...entry, actorId: 'crd_1', actorName: 'evelyn.q', action: 'x.y', target: 't' });
  expect((await erase(accountId, 'user:evelyn.q')).done).toMatchObject({
    erased: { auditEntries: 2, refusedRequests: 1 },
  });
  expect(await targets()).toEqual([prefixesOf(first).at(-1), other]);
  const left = await everything([accountId]);
  expect(left).not.toMatch(/evelyn\.q\b/);
  expect(bytesOfAll(left).join('\n')).not.toMatch(/evelyn\.q\b/);
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();

  // What a release before left in an entry goes with the migration, and the chain says so.
  const { rows } = await owner.query(
    "SELECT pg_get_functiondef('credential_target(text)'::regprocedure) AS is",
  );
  await owner.query(
    `CREATE OR REPLACE FUNCTION credential_target(said text) RETURNS text LANGUAGE sql AS 'SELECT said'`,
  );
  await append(second, 'evelyn.q');
  await erase(accountId, 'user:evelyn.q');
  await owner.query(rows[0].is);
  expect((await targets()).at(-1)).toBe(second);
  const migration = await readFile(
    new URL('../../../prisma/migrations/20261201007000_credentials_by_id/migration.sql', import.meta.url),
    'utf8',
  );
  await owner.query(/DO \$again\$.*END \$again\$;/s.exec(migration)?.[0] ?? '');
  expect(await targets()).toEqual([prefixesOf(first).at(-1), other, prefixesOf(second).at(-1)]);
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();
});

test('while the person is in a session the erasure waits, and takes what comes meanwhile with it', async () => {
  const { accountId } = await database.signUp('Live');
  const { sessionId, legId } = await fillAccount(owner, accountId, {
    atMs: Date.now(),
    identity: 'liv',
    mark: 'live',
    isLive: true,
  });
  const store = erasureStore(pool);
  const { erasureId, counted, done } = await erase(accountId, 'user:liv');
  expect(counted).toMatchObject({ liveCount: 1 });
  expect(done).toMatchObject({ state: 'running', liveCount: 1, person: 'user:liv' });
  await owner.query(
    `INSERT INTO session_event (session_id, sequence, account_id, leg_id, at, kind, data)
     VALUES ($1, 9, $2, $3, now(), 'leg.joined', '{"identity": "liv"}')`,
    [sessionId, accountId, legId],
  );
  await owner.query(`UPDATE session SET ended_at = now(), state = 'ended' WHERE id = $1`, [sessionId]);
  await workOnErasures(pool, { nowMs });
  expect(await store.find({ accountId, erasureId })).toMatchObject({ state: 'running' });
  await workOnErasures(pool, { nowMs: () => Date.now() + 61_000 });
  expect(await store.find({ accountId, erasureId })).toMatchObject({ state: 'done', liveCount: 0 });
  expect(await everything([accountId])).not.toContain('"liv"');
});

test('what those above say about an endpoint stays under its name, and the receipt says that it does, not whose it is (POL-2, PRD-4)', async () => {
  const above = await database.signUp('Above');
  const accountId = await database.addChild(above.accountId, 'Erases');
  const store = policyStore(database.prisma);
  const banned = { ...silent, values: { services: [] } };
  const at = { accountId, endpoint: 'user:carl' };
  await store.set({ ...at, by: 'self', word: { ...silent, values: { participantsMax: 2 } } });
  await store.set({ ...at, by: 'above', setById: above.accountId, word: banned });
  const words = async () =>
    (await owner.query('SELECT by, endpoint FROM policy WHERE account_id = $1 ORDER BY by', [accountId]))
      .rows;
  const { counted, done } = await erase(accountId, 'user:carl');
  expect(counted).toMatchObject({ found: { configuration: 1 }, wordsAboveCount: 1 });
  expect(done).toMatchObject({ state: 'done', erased: { configuration: 1 }, wordsAboveCount: 1 });
  expect(JSON.stringify(done)).not.toContain(above.accountId);
  expect(await words()).toEqual([
    { by: 'above', endpoint: 'user:carl' },
    { by: 'self', endpoint: expect.stringMatching(/^user:erased-/) },
  ]);
  // Whoever said it can take it back.
  await store.set({ ...at, by: 'above', setById: above.accountId, word: silent });
  expect(await words()).toMatchObject([{ by: 'self' }]);
  expect((await erase(accountId, 'user:carl')).done).toMatchObject({ wordsAboveCount: 0 });
});

test('a user of the team goes from this account and below; elsewhere they stay who they are, and nowhere else they are gone', async () => {
  const here = await database.signUp('Here');
  const child = await database.addChild(here.accountId, 'Here below');
  const elsewhere = await database.signUp('Elsewhere');
  const nowhere = await database.signUp('Nowhere');
  const grant = (userId: string, accountId: string) =>
    owner.query(`INSERT INTO role_grant (user_id, account_id, role) VALUES ($1, $2, 'viewer')`, [
      userId,
      accountId,
    ]);
  await grant(elsewhere.userId, child);
  await grant(nowhere.userId, here.accountId);
  await owner.query('DELETE FROM role_grant WHERE user_id = $1 AND account_id = $2', [
    nowhere.userId,
    nowhere.accountId,
  ]);
  const audit = auditStore(database.prisma);
  for (const { userId, email } of [elsewhere, nowhere]) {
    const { rows } = await owner.query('SELECT name FROM app_user WHERE id = $1', [userId]);
    const entry = {
      accountId: here.accountId,
      accountPath: [here.accountId],
      actorId: userId,
      actorName: rows[0].name,
    };
    await audit.append({ ...entry, address: '192.0.2.9', action: 'x.y', target: 't', requestId: 'req_1' });
    await audit.append({
      ...entry,
      actorId: 'usr_o',
      actorName: 'O',
      action: 'team.add',
      target: userId,
      requestId: 'req_2',
      after: { email, name: rows[0].name },
    });
    await owner.query(
      `INSERT INTO sign_in_session (id, user_id, expires_at) VALUES ($1, $1, now() + interval '1 day')`,
      [userId],
    );
  }
  const store = erasureStore(pool);
  const create = (person: string) =>
    store.create({ accountId: here.accountId, person, requestedBy: 'usr_x' });
  expect(await create(here.userId)).toBe('last_owner');
  expect(await create((await database.signUp('Unknown')).userId)).toBe('unknown');
  for (const { userId } of [elsewhere, nowhere])
    expect((await erase(here.accountId, userId)).done).toMatchObject({
      state: 'done',
      erased: { auditEntries: 2, team: 1 },
    });
  const left = await everything([here.accountId, child]);
  for (const { email } of [elsewhere, nowhere]) expect(left).not.toContain(email);
  expect(left).not.toContain('192.0.2.9');
  expect((await audit.entries.verify(here.accountId)).brokenAt).toBeUndefined();
  const person = async (userId: string) =>
    (
      await owner.query(
        'SELECT u.email, u.name, (SELECT count(*)::int FROM sign_in_session s WHERE s.user_id = u.id) AS sign_ins FROM app_user u WHERE id = $1',
        [userId],
      )
    ).rows[0];
  expect(await person(elsewhere.userId)).toMatchObject({ email: elsewhere.email, sign_ins: 1 });
  expect(await person(nowhere.userId)).toMatchObject({ name: 'Erased person', sign_ins: 0 });
  expect((await person(nowhere.userId)).email).toMatch(/@erased\.invalid$/);
});

test('who left the team is erased all the same, before it was asked for or meanwhile (PRD-4)', async () => {
  const here = await database.signUp('Left');
  const audit = auditStore(database.prisma);
  const join = async (name: string) => {
    const { userId, email } = await database.signUp(name);
    await owner.query('DELETE FROM role_grant WHERE user_id = $1', [userId]);
    await owner.query(
      `INSERT INTO role_grant (user_id, account_id, role, accepted_at) VALUES ($1, $2, 'admin', now())`,
      [userId, here.accountId],
    );
    const { rows } = await owner.query<{ name: string }>('SELECT name FROM app_user WHERE id = $1', [userId]);
    const member = { email, name: rows[0]?.name ?? '' };
    const entry = { accountId: here.accountId, accountPath: [here.accountId], requestId: 'req_1' };
    await audit.append({
      ...entry,
      actorId: 'usr_o',
      actorName: 'O',
      action: 'team.add',
      target: userId,
      after: member,
    });
    await audit.append({ ...entry, actorId: userId, actorName: member.name, action: 'x.y', target: 't' });
    const leave = () =>
      owner.query('DELETE FROM role_grant WHERE user_id = $1 AND account_id = $2', [userId, here.accountId]);
    return { userId, email, name: member.name, leave };
  };
  const [before, meanwhile] = [await join('Beforehand'), await join('Midway')];
  await before.leave();
  expect((await erase(here.accountId, before.userId)).done).toMatchObject({
    state: 'done',
    erased: { auditEntries: 2 },
  });
  const store = erasureStore(pool);
  const made = await store.create({ accountId: here.accountId, person: meanwhile.userId, requestedBy: 'u' });
  if (typeof made === 'string') throw new Error(made);
  await workOnErasures(pool, { nowMs });
  await store.decide({ accountId: here.accountId, erasureId: made.id, state: 'running', by: 'u' });
  await meanwhile.leave();
  await workOnErasures(pool, { nowMs });
  expect(await store.find({ accountId: here.accountId, erasureId: made.id })).toMatchObject({
    state: 'done',
    person: undefined,
    erased: { auditEntries: 2 },
  });
  const left = await everything([here.accountId]);
  for (const { email, name, userId } of [before, meanwhile]) {
    for (const said of [email, name]) expect(left).not.toContain(said);
    const { rows } = await owner.query('SELECT name FROM app_user WHERE id = $1', [userId]);
    expect(rows).toEqual([{ name: 'Erased person' }]);
  }
  expect(await store.create({ accountId: here.accountId, person: before.userId, requestedBy: 'u' })).toBe(
    'unknown',
  );
});

test('no account is left without an owner: an erasure that would waits for another one (ACC-3, PRD-4)', async () => {
  const here = await database.signUp('Owned');
  const child = await database.addChild(here.accountId, 'Owned below');
  const [leaving, heir] = [await database.signUp('Leaver'), await database.signUp('Heir')];
  const own = (userId: string, accountId: string) =>
    owner.query(
      `INSERT INTO role_grant (user_id, account_id, role, accepted_at) VALUES ($1, $2, 'owner', now())`,
      [userId, accountId],
    );
  const unown = (userId: string) => owner.query('DELETE FROM role_grant WHERE user_id = $1', [userId]);
  await unown(leaving.userId);
  await own(leaving.userId, child);
  await unown(here.userId);
  const store = erasureStore(pool);
  const { accountId } = here;
  const create = () => store.create({ accountId, person: leaving.userId, requestedBy: 'u' });
  // An owner below is one whom an erasure here unmakes; one elsewhere is nobody here.
  expect(await store.rolesOf({ accountId, person: leaving.userId })).toEqual([{ role: 'owner' }]);
  expect(await store.rolesOf({ accountId, person: heir.userId })).not.toContainEqual({ role: 'owner' });
  // The only owner of an account below, with none above.
  expect(await create()).toBe('last_owner');
  await own(heir.userId, accountId);
  await auditStore(database.prisma).append({
    accountId: child,
    accountPath: [accountId, child],
    actorId: leaving.userId,
    actorName: 'Leaver',
    action: 'x.y',
    target: 't',
    requestId: 'req_1',
  });
  const made = await create();
  if (typeof made === 'string') throw new Error(made);
  await workOnErasures(pool, { nowMs });
  await store.decide({ accountId, erasureId: made.id, state: 'running', by: 'u' });
  await unown(heir.userId);
  await workOnErasures(pool, { nowMs });
  // Nothing of them is touched before they can go.
  const waiting = { state: 'running', waitsFor: 'another_owner', erased: expect.toSatisfy(isEmpty) };
  expect(await store.find({ accountId, erasureId: made.id })).toMatchObject(waiting);
  // Nor where the others leave in the middle of the last pass.
  await expect(
    owner.query(`SELECT set_config('patchbay.account_id', $1, true), person_leave($1, $2)`, [
      accountId,
      leaving.userId,
    ]),
  ).rejects.toMatchObject({ code: 'PB409' });
  await own(here.userId, child);
  await workOnErasures(pool, { nowMs: () => Date.now() + 3_600_000 });
  expect(await store.find({ accountId, erasureId: made.id })).toMatchObject({
    state: 'done',
    waitsFor: undefined,
    erased: { auditEntries: 1, team: 1 },
  });
});

test('an export of a person has what an erasure would take, and nothing of anybody else; an erasure takes copies along', async () => {
  const { accountId } = await database.signUp('Copy');
  await fillAccount(owner, accountId, { atMs: Date.now() - 10, identity: 'cat', mark: 'copy' });
  await fillAccount(owner, accountId, { atMs: Date.now() - 5, identity: 'dog', mark: 'copied' });
  const exports = exportStore(pool);
  const made = await exports.create({ accountId, person: 'user:cat', requestedBy: 'usr_x' });
  await makeExports(pool, {
    nowMs,
    services: [],
    notices: { atomically: (work) => work(), tell: async () => {} },
  });
  const exportId = made?.id ?? '';
  expect(await exports.find({ accountId, exportId })).toMatchObject({ state: 'ready', scope: 'person' });
  const { rows } = await owner.query<{ file: { table?: string; rows?: number } }>(
    'SELECT file FROM account_export_part WHERE export_id = $1 ORDER BY number',
    [exportId],
  );
  const byTable = Object.fromEntries(
    rows.flatMap(({ file }) => (file.table === undefined ? [] : [[file.table, file.rows]])),
  );
  expect(byTable).toMatchObject({
    session: 1,
    session_leg: 1,
    session_event: 3,
    platform_event: 1,
    audit_entry: 1,
    policy: 1,
  });
  expect(byTable).not.toHaveProperty('price');
  await erase(accountId, 'user:cat');
  expect(await openExport(pool, { accountId, id: exportId })).toBeUndefined();
  expect(await exports.find({ accountId, exportId })).toMatchObject({ state: 'expired' });
});

test('one that nobody confirms in a day forgets whom it was about, and what is cancelled does so at once', async () => {
  const { accountId } = await database.signUp('Undecided');
  const store = erasureStore(pool);
  const create = () => store.create({ accountId, person: 'user:eve', requestedBy: 'usr_x' });
  const first = await create();
  await workOnErasures(pool, { nowMs });
  expect(await expireErasures(pool, Date.now() + 86_400_000 * 2)).toBe(1);
  const second = await create();
  if (typeof first === 'string' || typeof second === 'string') throw new Error('One is at work.');
  const decided = { accountId, by: 'usr_x', erasureId: second.id };
  expect(await store.decide({ ...decided, state: 'running' })).toBeUndefined();
  expect(await store.decide({ ...decided, state: 'cancelled' })).toMatchObject({
    state: 'cancelled',
    person: undefined,
  });
  expect(await store.find({ accountId, erasureId: first.id })).toMatchObject({
    state: 'cancelled',
    person: undefined,
  });
  expect(await everything([accountId])).not.toContain('user:eve');
});

test('one that fails waits, and those of everybody else are done; nobody takes the address of an erased user beforehand', async () => {
  const [failing, other] = [await database.signUp('Failing'), await database.signUp('Beside')];
  const store = erasureStore(pool);
  const at = Date.now() - 10;
  const ask = async (accountId: string, person: string) => {
    const made = await store.create({ accountId, person, requestedBy: 'usr_x' });
    if (typeof made === 'string') throw new Error(made);
    return made.id;
  };
  await fillAccount(owner, failing.accountId, { atMs: at, identity: 'dora', mark: 'fail' });
  const failingId = await ask(failing.accountId, 'user:dora');
  const leaving = await database.signUp('Leaving');
  await owner.query(`INSERT INTO role_grant (user_id, account_id, role) VALUES ($1, $2, 'viewer')`, [
    leaving.userId,
    other.accountId,
  ]);
  await owner.query('DELETE FROM role_grant WHERE user_id = $1 AND account_id = $2', [
    leaving.userId,
    leaving.accountId,
  ]);
  await owner.query(`INSERT INTO app_user (id, email, name) VALUES ('usr_squatter', $1, 'Squatter')`, [
    `${leaving.userId.toLowerCase()}@erased.invalid`,
  ]);
  const otherId = await ask(other.accountId, leaving.userId);
  await workOnErasures(pool, { nowMs });
  for (const [{ accountId }, erasureId] of [
    [failing, failingId],
    [other, otherId],
  ] as const)
    await store.decide({ accountId, erasureId, state: 'running', by: 'usr_x' });
  await owner.query(`CREATE FUNCTION refuse_leg() RETURNS trigger LANGUAGE plpgsql AS
    $f$ BEGIN RAISE EXCEPTION 'No.'; END $f$`);
  await owner.query(`CREATE TRIGGER refuse_leg BEFORE UPDATE ON session_leg FOR EACH ROW
    WHEN (NEW.account_id = '${failing.accountId}') EXECUTE FUNCTION refuse_leg()`);
  const stateOf = async (accountId: string, erasureId: string) =>
    (await store.find({ accountId, erasureId }))?.state;
  await expect(workOnErasures(pool, { nowMs })).rejects.toThrow('1 erasures failed.');
  expect(await stateOf(failing.accountId, failingId)).toBe('running');
  expect(await stateOf(other.accountId, otherId)).toBe('done');
  await owner.query('DROP TRIGGER refuse_leg ON session_leg; DROP FUNCTION refuse_leg()');
  await workOnErasures(pool, { nowMs: () => Date.now() + 3_600_000 });
  expect(await stateOf(failing.accountId, failingId)).toBe('done');
});

test('an account that came a moment ago is in the subtree of an erasure', async () => {
  const { accountId } = await database.signUp('Moving');
  const [from, to] = [await database.addChild(accountId, 'From'), await database.addChild(accountId, 'To')];
  const moved = await database.addChild(from, 'Moved');
  await fillAccount(owner, moved, { atMs: Date.now() - 10, identity: 'eve', mark: 'moved' });
  const said = { identity: `eve@${to}` };
  await owner.query(
    `UPDATE session_event SET data = data || $2 WHERE account_id = $1 AND kind = 'session.created'`,
    [moved, said],
  );
  expect(await everything([moved])).toContain(`eve@${to}`);
  const ported = await database.ports.moves.move({
    accountId,
    movedId: moved,
    parentId: to,
    moverId: accountId,
  });
  expect(ported).toMatchObject({ oldParentId: from });
  expect((await erase(to, 'user:eve')).done?.state).toBe('done');
  expect(await everything([moved])).not.toContain(`eve@${to}`);
});
