import { retainedClassNames } from '@patchbay/domain/privacy/data-classes';
import type { RetentionLevel, RetentionWord } from '@patchbay/domain/privacy/retention';
import { createTenancyDatabase, type TenancyDatabase } from '@patchbay/testing/tenancy-database';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { auditStore } from '../prisma/audit-store.ts';
import { asApplication } from '../prisma/tenant-attack.ts';
import { ageAudit, ageUsage, fillAccount } from './full-account.testing.ts';
import { forgetRows, lastRound, removeOld, retentionStore } from './retention-store.ts';

vi.setConfig({ testTimeout: 120_000 });

const DAY_MS = 86_400_000;
let database: TenancyDatabase;
let owner: Client;
let pool: Pool;
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

const set = (accountId: string, word: RetentionWord) => retentionStore(pool).set({ accountId, word });
const remove = (sizes: { accountsAtOnce?: number; rowsAtOnce?: number; isStopped?: () => boolean } = {}) =>
  removeOld(pool, { defaults: {}, nowMs: Date.now(), ...sizes });
const daysAgo = (days: number) => Date.now() - days * DAY_MS;

const timed = {
  sessionLogs: ['session', 'session_leg', 'session_event'],
  refusedRequests: ['refused_request'],
  refusedUsage: ['usage_conflict'],
  events: ['platform_event'],
  notices: ['notice', 'notice_delivery'],
  speechFiles: ['stored_object', 'speech'],
  speechDetections: ['speech_detection_job'],
  transcodedFiles: ['transcoding_job'],
  webhookDeliveries: ['webhook_delivery', 'webhook_attempt'],
  triggerFirings: ['trigger_firing'],
  mails: ['mail'],
} as const;

async function countsOf(accountId: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const [name, tables] of Object.entries(timed))
    for (const table of tables) {
      const { rows } = await owner.query(`SELECT count(*)::int AS n FROM ${table} WHERE account_id = $1`, [
        accountId,
      ]);
      counts[`${name}.${table}`] = rows[0].n;
    }
  return counts;
}

test('each class of an account goes after the days that hold there, and a sibling keeps what it keeps (PRD-4)', async () => {
  const { accountId: short } = await database.signUp('Short');
  const child = await database.addChild(short, 'Below');
  const { accountId: long } = await database.signUp('Long');
  const days = {
    sessionLogs: 10,
    refusedRequests: 10,
    refusedUsage: 10,
    events: 10,
    notices: 10,
    speechFiles: 10,
    speechDetections: 10,
    transcodedFiles: 10,
    webhookDeliveries: 10,
    triggerFirings: 70,
  };
  await set(short, Object.fromEntries(Object.entries(days).map(([name, keepDays]) => [name, { keepDays }])));
  await set(long, Object.fromEntries(Object.keys(days).map((name) => [name, { keepDays: 365 }])));
  for (const accountId of [short, child, long]) {
    await fillAccount(owner, accountId, { atMs: daysAgo(80), identity: 'bob', mark: `old-${accountId}` });
    await fillAccount(owner, accountId, { atMs: daysAgo(1), identity: 'ann', mark: `new-${accountId}` });
  }
  const before = await countsOf(long);
  // Fewer rows at once than there are, so that several batches are needed.
  await remove({ rowsAtOnce: 1, accountsAtOnce: 2 });
  for (const accountId of [short, child])
    expect(await countsOf(accountId)).toEqual({
      'sessionLogs.session': 1,
      'sessionLogs.session_leg': 1,
      'sessionLogs.session_event': 3,
      'refusedRequests.refused_request': 1,
      'refusedUsage.usage_conflict': 1,
      'events.platform_event': 1,
      'notices.notice': 1,
      'notices.notice_delivery': 1,
      'speechFiles.stored_object': 1,
      'speechFiles.speech': 1,
      'speechDetections.speech_detection_job': 1,
      'transcodedFiles.transcoding_job': 1,
      'webhookDeliveries.webhook_delivery': 1,
      'webhookDeliveries.webhook_attempt': 1,
      'triggerFirings.trigger_firing': 1,
      'mails.mail': 1,
    });
  // Mails are kept for 30 days at most, whoever asks.
  expect({ ...(await countsOf(long)), 'mails.mail': 2 }).toEqual(before);
  const round = await lastRound(pool);
  expect(round).toMatchObject({ removed: { sessionLogs: 10, events: 2 }, finishedAt: expect.any(Date) });
  expect(round?.accountCount).toBeGreaterThanOrEqual(4);
});

test('a session that goes on keeps its log, however old it is; a firing stays that holds a trigger in its window', async () => {
  const { accountId } = await database.signUp('Live');
  const filling = { identity: 'bob', mark: 'live', isLive: true };
  const { triggerId } = await fillAccount(owner, accountId, { atMs: daysAgo(400), ...filling });
  await owner.query(
    `INSERT INTO trigger_counter (trigger_id, window_start, account_id, value)
     SELECT trigger_id, window_start, account_id, 5 FROM trigger_firing WHERE trigger_id = $1`,
    [triggerId],
  );
  await remove();
  expect(await countsOf(accountId)).toMatchObject({
    'sessionLogs.session': 1,
    'sessionLogs.session_leg': 1,
    'sessionLogs.session_event': 3,
    'triggerFirings.trigger_firing': 1,
    'events.platform_event': 0,
  });
});

test('a round that is broken off goes on behind the last account that was done, and says how far it is', async () => {
  for (const name of ['A', 'B', 'C', 'D']) {
    const { accountId } = await database.signUp(name);
    await fillAccount(owner, accountId, { atMs: daysAgo(100), identity: 'bob', mark: `round-${name}` });
  }
  let asked = 0;
  const half = await remove({
    accountsAtOnce: 1,
    isStopped: () => {
      asked += 1;
      return asked > 2 * retainedClassNames.length;
    },
  });
  expect(half.finishedAt).toBeUndefined();
  expect(half.accountCount).toBeGreaterThan(0);
  const whole = await remove({ accountsAtOnce: 1 });
  const { rows } = await owner.query('SELECT count(*)::int AS n FROM account');
  // Neither begun anew nor done twice.
  expect(whole).toMatchObject({
    startedAt: half.startedAt,
    finishedAt: expect.any(Date),
    accountCount: rows[0].n,
  });
  const left =
    await owner.query(`SELECT 1 FROM session WHERE ended_at < now() - interval '90 days' AND id NOT IN
    (SELECT session_id FROM session_event) AND account_id IN (SELECT id FROM account WHERE name IN ('A', 'B', 'C', 'D'))`);
  expect(left.rowCount).toBe(0);
});

test('the audit log loses its oldest entries alone, and the chain of the others is whole; of the last year nothing goes (C53)', async () => {
  const { accountId } = await database.signUp('Audited');
  const audit = auditStore(database.prisma);
  const entry = {
    accountId,
    accountPath: [accountId],
    actorId: 'usr_1',
    actorName: 'Ann',
    action: 'a.b',
    target: 't',
  };
  for (let index = 0; index < 4; index++) await audit.append({ ...entry, requestId: `req_${index}` });
  await ageAudit(owner, accountId, 1_200);
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();
  for (let index = 4; index < 6; index++) await audit.append({ ...entry, requestId: `req_${index}` });
  await remove({ rowsAtOnce: 3 });
  const sequences = async () =>
    (
      await owner.query('SELECT sequence::int AS s FROM audit_entry WHERE account_id = $1 ORDER BY 1', [
        accountId,
      ])
    ).rows.map(({ s }) => s);
  expect(await sequences()).toEqual([5, 6]);
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();
  await audit.append({ ...entry, requestId: 'req_7' });
  expect((await audit.entries.verify(accountId)).brokenAt).toBeUndefined();
  const batch = { name: 'auditEntries' as const, ids: [accountId], rowsAtOnce: 10 };
  await expect(forgetRows(pool, { ...batch, befores: [new Date(daysAgo(300))] })).rejects.toThrow(
    'last year',
  );
  // One that goes without its base is noticed.
  await owner.query('DELETE FROM audit_entry WHERE account_id = $1 AND sequence = 5', [accountId]);
  expect((await audit.entries.verify(accountId)).brokenAt).toBe(5);
});

test('the application takes no entry out of the audit log, nor writes what is closed, by itself', async () => {
  const application = await asApplication(database);
  for (const sql of [
    'DELETE FROM audit_entry',
    'UPDATE audit_base SET sequence = 0',
    'DELETE FROM usage_record',
    'UPDATE usage_closed SET sum = 0',
    'DELETE FROM usage_closed',
  ])
    await expect(application.query(sql), sql).rejects.toThrow(/permission denied/);
  await application.end();
});

test('usage records go by rows where an account keeps less and by the day where nobody keeps any, and every total is what it was (MET-2)', async () => {
  const usage = usageStore(pool);
  const { accountId: brief } = await database.signUp('Brief');
  const child = await database.addChild(brief, 'Below brief');
  const { accountId: other } = await database.signUp('Other');
  await set(brief, { usageRecords: { keepDays: 80 } });
  const records = (atMs: number) =>
    [brief, child, other].flatMap((accountId, place) =>
      Array.from({ length: 4 }, (_, index) =>
        usageOf(accountId, { atMs: atMs + index, bytes: 10 * (place + 1) + index, seconds: 3 }),
      ),
    );
  await usage.ingest(records(daysAgo(40)));
  await usage.ingest(records(daysAgo(50)));
  await ageUsage(owner, 60);
  await usage.ingest(records(daysAgo(1)));
  const from = new Date(daysAgo(900)).toISOString().slice(0, 10);
  const to = new Date(daysAgo(-2)).toISOString().slice(0, 10);
  const sums = async () =>
    JSON.stringify([
      (await owner.query('SELECT * FROM usage_minute ORDER BY 1, 2, 3, 4, 5')).rows,
      (await owner.query('SELECT * FROM usage_session ORDER BY 1, 2, 3, 4, 5, 6, 7')).rows,
      (await owner.query('SELECT * FROM ledger_entry ORDER BY 1, 2, 3')).rows,
    ]);
  const recomputed = async () =>
    Number((await pool.query('SELECT usage_closed_mismatches($1, $2) AS n', [from, to])).rows[0].n);
  const left = async () =>
    (await owner.query('SELECT account_id, count(*)::int AS n FROM usage_record GROUP BY 1')).rows.map(
      ({ account_id, n }) => [account_id, n],
    );
  const before = await sums();
  expect(await recomputed()).toBe(0);

  await remove({ rowsAtOnce: 3 });
  expect(Object.fromEntries(await left())).toEqual({ [brief]: 4, [child]: 4, [other]: 12 });
  const asked = {
    fromMs: daysAgo(120),
    toMs: daysAgo(-1),
    bucket: 'all',
    scope: 'descendants',
    limit: 10,
  } as const;
  const completeFrom = async (accountId: string, groupBy: readonly string[]) =>
    (await usage.query({ ...asked, accountId, groupBy })).completeFromMs;
  const { rows: gone } = await owner.query('SELECT max(day + 1)::text AS day FROM usage_closed');
  // Records that went are no use of nobody: the answer says from when on it has all (MET-5).
  expect(await completeFrom(brief, ['application'])).toBe(Date.parse(gone[0].day));
  expect(await completeFrom(child, ['session'])).toBe(Date.parse(gone[0].day));
  expect(await completeFrom(other, ['application'])).toBeUndefined();
  expect(await completeFrom(brief, ['account'])).toBeUndefined();
  expect(await recomputed()).toBe(0);

  // Now nobody keeps the older of the two days: it goes as a whole, with its partition.
  await set(other, { usageRecords: { keepDays: 105 } });
  await set(database.platformId, { usageRecords: { keepDaysMax: 105 } });
  const round = await remove();
  expect(round.removed).toMatchObject({ usageDays: 1 });
  expect(Object.fromEntries(await left())).toEqual({ [brief]: 4, [child]: 4, [other]: 8 });
  const day = new Date(daysAgo(110)).toISOString().slice(0, 10).replaceAll('-', '');
  expect((await owner.query(`SELECT to_regclass('usage_days.d${day}') AS found`)).rows[0].found).toBeNull();
  expect(await recomputed()).toBe(0);
  expect(await sums()).toBe(before);
  // A total that is not what it should be is still noticed, though its records are gone.
  await owner.query(
    `UPDATE usage_minute_total SET v1 = v1 + 1 WHERE is_own AND account_id = $1 AND minute < now() - interval '105 days'`,
    [other],
  );
  expect(await recomputed()).toBeGreaterThan(0);
});

test('a day whose totals are not what its records say keeps them', async () => {
  const day = (await owner.query('SELECT min(day)::text AS day FROM usage_record')).rows[0].day;
  await owner.query(
    'UPDATE usage_minute_total SET v1 = v1 + 1 WHERE is_own AND (minute AT TIME ZONE $1)::date = $2',
    ['UTC', day],
  );
  await expect(pool.query('SELECT usage_close_day($1)', [day])).rejects.toThrow('not what its records say');
});

test('usage is taken in while a day is taken away, and a table that others hold is tried again later', async () => {
  const holder = new Client({ connectionString: database.url });
  await holder.connect();
  const day = (await owner.query('SELECT min(day)::text AS day FROM usage_record')).rows[0].day;
  await owner.query(
    'UPDATE usage_minute_total SET v1 = v1 - 1 WHERE is_own AND (minute AT TIME ZONE $1)::date = $2',
    ['UTC', day],
  );
  await holder.query('BEGIN; LOCK TABLE usage_record IN ROW EXCLUSIVE MODE');
  expect((await pool.query('SELECT usage_close_day($1) AS n', [day])).rows[0].n).toBe('-1');
  const { accountId } = await database.signUp('Ingesting');
  await usageStore(pool).ingest([usageOf(accountId, { atMs: Date.now(), bytes: 1 })]);
  await owner.query("INSERT INTO usage_node_mark VALUES ('nod_gone', 1, 9)");
  await holder.query('COMMIT');
  await holder.end();
  expect(Number((await pool.query('SELECT usage_close_day($1) AS n', [day])).rows[0].n)).toBeGreaterThan(0);
  // Nothing is left of what this boot reported, and of the other one there is.
  const { rows: marks } = await owner.query('SELECT DISTINCT node_id FROM usage_node_mark');
  expect(marks).toEqual([{ node_id: 'nod_test' }]);
});

test('sign-ins go after the platform’s own days, and refused usage of nobody too', async () => {
  const { userId } = await database.signUp('Signed in');
  const session = (id: string, days: number) =>
    owner.query(
      `INSERT INTO sign_in_session (id, user_id, expires_at) VALUES ($1, $2, now() - $3 * interval '1 day')`,
      [id, userId, days],
    );
  await session('sin_old', 100);
  await session('sin_new', 80);
  await owner.query(
    `INSERT INTO usage_conflict (node_id, boot, sequence, body_hash, account_id, reason, body, seen_at)
     VALUES ('n', 1, 1, 'x', 'acc_nobody', 'account_unknown', '{}', now() - interval '100 days')`,
  );
  await remove();
  expect((await owner.query('SELECT id FROM sign_in_session')).rows).toEqual([{ id: 'sin_new' }]);
  expect((await owner.query(`SELECT 1 FROM usage_conflict WHERE account_id = 'acc_nobody'`)).rowCount).toBe(
    0,
  );
});

test('what a level says is set one at a time, read by those below it, and seen by no sibling', async () => {
  const { accountId } = await database.signUp('Saying');
  const child = await database.addChild(accountId, 'Hearing');
  const { accountId: sibling } = await database.signUp('Sibling');
  expect(await set(accountId, { events: { keepDays: 9 } })).toEqual({});
  expect(await set(accountId, { events: { keepDays: 8 } })).toEqual({ events: { keepDays: 9 } });
  const words = retentionStore(pool);
  const ofAccounts = async (id: string) =>
    (await words.chain(id)).filter((level) => level.accountId !== database.platformId);
  expect(await ofAccounts(child)).toEqual([{ accountId, word: { events: { keepDays: 8 } } }]);
  expect(await ofAccounts(sibling)).toEqual([]);
  await set(accountId, {});
  expect(await ofAccounts(child)).toEqual([]);
});

test('what a parent sets for an account is not taken back by it, and holds for what is removed (ACC-2, PRD-4)', async () => {
  const { accountId: topId } = await database.signUp('Top');
  const parentId = await database.addChild(topId, 'Parent');
  const accountId = await database.addChild(parentId, 'Kept');
  const store = retentionStore(pool);
  const said = (setById: string, keepDays: number) => ({
    accountId,
    setById,
    word: { events: { keepDays } },
  });
  const [ofTop, ofParent, own] = [
    said(topId, 20),
    said(parentId, 9),
    { accountId, word: { events: { keepDays: 3 } } },
  ];
  for (const one of [own, ofParent, ofTop]) expect(await store.set(one)).toEqual({});
  // The platform has a word of its own by now.
  const ofAccount = (levels: readonly RetentionLevel[]) =>
    levels.filter((one) => one.accountId === accountId);
  expect(ofAccount(await store.chain(accountId))).toEqual([ofTop, ofParent, own]);
  expect(await store.set({ accountId, word: {} })).toEqual(own.word);
  const read = await pool.query<{ levels: RetentionLevel[] }>(
    'SELECT levels FROM retention_levels_after($1, 1)',
    [accountId.slice(0, -1)],
  );
  expect(ofAccount(read.rows[0]?.levels ?? [])).toEqual([ofTop, ofParent]);
  expect(await store.set({ ...ofParent, word: {} })).toEqual(ofParent.word);
  expect(ofAccount(await store.chain(accountId))).toEqual([ofTop]);
  const { accountId: strangerId } = await database.signUp('Stranger');
  for (const setById of [strangerId, accountId]) expect(await store.set(said(setById, 5))).toBe('not_above');
});
