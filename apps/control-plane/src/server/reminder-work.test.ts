import { billingStore } from '@patchbay/adapters/billing/billing-store';
import { reminderBook } from '@patchbay/adapters/billing/reminder-book';
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { openClient } from '@patchbay/adapters/prisma/client';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { nano } from '@patchbay/domain/billing/money';
import type { OverdueAction } from '@patchbay/domain/billing/reminders';
import { meterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import { createId } from '@patchbay/kit/ids';
import { meterCatalogue as declaredMeters } from '@patchbay/services/meters.generated';
import { addDocuments } from '@patchbay/testing/dashboard-documents';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ReminderPorts, reminderJob } from './reminder-work.ts';

const DAY = 86_400_000;
const catalogue = meterCatalogue(declaredMeters);
const issuedMs = Date.parse('2026-11-02T03:00:00Z');
const dueMs = issuedMs + 14 * DAY;

let database: TestDatabase;
let owner: pg.Client;
let prisma: ReturnType<typeof openClient>;
let pool: ReturnType<typeof createApplicationPool>;
let documentId: string;
let nowIs: number;
let mailed: string[];
let emitted: string[];
let told: string[];
/** Fails as a process does that is killed before it commits. */
let dies: boolean;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  for (const [id, parent] of [
    ['platform', null],
    ['top', 'platform'],
    ['leaf', 'top'],
    ['aside', 'platform'],
  ])
    await owner.query(
      "INSERT INTO account (id, parent_id, root_id, name, currency) VALUES ($1, $2, $1, $1, 'EUR')",
      [id, parent],
    );
  prisma = openClient(database.applicationUrl);
  pool = createApplicationPool(database.applicationUrl, () => undefined);
  documentId = await addDocuments({
    ...{ databaseUrl: database.applicationUrl, accountId: 'top', childId: 'leaf' },
    nowMs: Date.parse('2026-11-20T00:00:00Z'),
  });
});
afterAll(async () => {
  await prisma.$disconnect();
  await pool.end();
  await owner.end();
  await database.drop();
});
beforeEach(async () => {
  [mailed, emitted, told, dies, nowIs] = [[], [], [], false, dueMs];
  await owner.query(
    "TRUNCATE reminder, overdue_account, reminder_terms, account_suspension; UPDATE account SET state = 'active'",
  );
  await become('open');
});

const rounds = () => reminderBook({ pool, platformAccount: async () => 'platform', nowMs: () => nowIs });
const become = (state: string, of = documentId) =>
  owner.query(
    "UPDATE collection SET state = jsonb_set(state, '{state}', to_jsonb($2::text)) WHERE document_id = $1",
    [of, state],
  );
/** Another invoice, of which the same is asked as of the first. */
async function secondInvoice(): Promise<string> {
  const id = createId('doc');
  for (const [table, key] of [
    ['document', 'id'],
    ['collection', 'document_id'],
  ])
    await owner.query(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(NULL::${table}, to_jsonb(t) || jsonb_build_object(
         '${key}', $2::text, 'number', $2::text, 'period', '2020-01', 'sequence', (to_jsonb(t) ->> 'sequence')::int + 1000))).* FROM ${table} t WHERE ${key} = $1`,
      [documentId, id],
    );
  return id;
}
const stateOf = async (id: string) =>
  (await owner.query<{ state: string }>('SELECT state FROM account WHERE id = $1', [id])).rows[0]?.state;

function jobOf(of: Partial<ReminderPorts> = {}) {
  return reminderJob({
    ...{ rounds: rounds(), catalogue, serviceNames: ['network-discovery', 'signaling'] },
    billing: billingStore({ pool, catalogue, nowMs: () => nowIs }),
    atomically: (work) => atomically(prisma, work),
    emit: async (accountId, type) => {
      emitted.push(`${accountId} ${type}`);
    },
    publish: async (message) => {
      told.push(message.type);
    },
    mails: {
      send: async ({ to, subject }) => {
        if (dies) throw new Error('killed');
        mailed.push(`${to}: ${subject}`);
      },
    },
    peopleOf: async (accountId) => [{ userId: 'usr_1', email: `money@${accountId}.test`, name: 'Money' }],
    nameOf: async (accountId) => accountId,
    isStopped: () => false,
    nowMs: () => nowIs,
    ...of,
  });
}
async function runAt(days: number) {
  nowIs = dueMs + days * DAY;
  return await jobOf().run();
}
const say = (lastAction: OverdueAction) =>
  rounds().setTerms('platform', undefined, { beforeDays: 3, afterDays: [3, 10], lastAction });

test('each reminder is sent once, with two processes at it, and after one that was killed before it was done', async () => {
  await runAt(-5);
  expect(mailed).toEqual([]);
  await runAt(-3);
  await runAt(-1);
  expect(mailed).toEqual(['money@top.test: Invoice D-I00004 is due on 2026-11-16']);
  dies = true;
  await expect(runAt(3)).rejects.toThrow('killed');
  dies = false;
  await Promise.all([jobOf().run(), jobOf().run()]);
  await runAt(4);
  expect(mailed).toHaveLength(2);
  expect(emitted.filter((event) => event.endsWith('billing.reminded'))).toHaveLength(2);
  const { items } = await rounds().sent('top', { limit: 1 });
  const [invoice] = await rounds().asked({ limit: 1 });
  if (invoice === undefined) throw new Error('Nothing is asked for.');
  const note = () => rounds().note(invoice, { offsetDays: 40, isLast: false });
  expect((await Promise.all([note(), note(), note()])).filter(Boolean)).toHaveLength(1);
  expect(items).toMatchObject([{ documentId, offsetDays: 3, isLast: false }]);
  expect((await rounds().sent('aside', { limit: 5 })).items).toEqual([]);
});

test('an invoice that is paid is not reminded of, and a customer with words of its own is asked by those', async () => {
  await become('paid');
  await runAt(30);
  await become('open');
  await rounds().setTerms('platform', 'top', { afterDays: [], lastAction: 'suspend' });
  await runAt(30);
  expect(mailed).toEqual([]);
  await rounds().setTerms('platform', 'top', undefined);
  await runAt(30);
  expect(mailed).toHaveLength(1);
});

test('the last reminder suspends where the seller chose so, and who has paid is active again (POL-4)', async () => {
  await say('suspend');
  await runAt(12);
  expect([await stateOf('top'), told]).toEqual(['suspended', ['account.changed']]);
  expect(await rounds().overdue('top')).toMatchObject([{ accountId: 'top', documentId, action: 'suspend' }]);
  expect(await rounds().overdue('aside')).toEqual([]);
  await runAt(13);
  expect(emitted.filter((event) => event.endsWith('billing.overdue'))).toHaveLength(1);
  await become('paid');
  await runAt(14);
  expect([await stateOf('top'), await rounds().overdue('top')]).toEqual(['active', []]);
  expect(emitted.at(-2)).toBe('top billing.overdue-ended');
});

test('who was suspended for another reason stays so when it has paid', async () => {
  await say('suspend');
  await owner.query("UPDATE account SET state = 'suspended' WHERE id = 'top'");
  await runAt(12);
  await become('paid');
  await runAt(14);
  expect([await stateOf('top'), await rounds().overdue('top')]).toEqual(['suspended', []]);
});

test('what a seller said itself stands beside what is overdue: paying takes away the one, and no word of it is told', async () => {
  await say('suspend');
  await runAt(12);
  await owner.query(
    "INSERT INTO account_suspension (account_id, by_id, reason) VALUES ('top', 'platform', 'said')",
  );
  await become('paid');
  await runAt(14);
  expect([await stateOf('top'), await rounds().overdue('top')]).toEqual(['suspended', []]);
  expect(emitted.at(-1)).toBe('top billing.overdue-ended');
  const { rows } = await owner.query('SELECT by_id, reason FROM account_suspension');
  expect(rows).toEqual([{ by_id: 'platform', reason: 'said' }]);
});

test('an account that is overdue with two invoices is overdue until both are paid, whoever sells by them (BIL-6)', async () => {
  const second = await secondInvoice();
  const suspensions = async () =>
    (
      await owner.query("SELECT by_id FROM account_suspension WHERE account_id = 'leaf' ORDER BY by_id")
    ).rows.map(({ by_id }) => by_id);
  for (const [firstSeller, secondSeller] of [
    ['platform', 'top'],
    ['top', 'top'],
  ] as const) {
    const invoices = [
      { accountId: 'leaf', documentId, sellerId: firstSeller },
      { accountId: 'leaf', documentId: second, sellerId: secondSeller },
    ];
    const marked = [];
    for (const invoice of invoices) marked.push(await rounds().markOverdue(invoice, { action: 'suspend' }));
    expect(marked).toEqual([
      { isNew: true, isSuspended: true },
      { isNew: true, isSuspended: false },
    ]);
    expect(await rounds().overdue('top')).toMatchObject([{ documentId }, { documentId: second }]);
    await become('paid');
    await runAt(-10);
    expect([await stateOf('leaf'), await suspensions()]).toEqual(['suspended', [secondSeller]]);
    expect(await rounds().overdue('top')).toMatchObject([{ documentId: second }]);
    await become('paid', second);
    await runAt(-10);
    expect([await stateOf('leaf'), await rounds().overdue('top')]).toEqual(['active', []]);
    expect(emitted).toEqual([
      'leaf billing.overdue-ended',
      'leaf billing.overdue-ended',
      'leaf tenancy.account.state-changed',
    ]);
    emitted = [];
    for (const id of [documentId, second]) await become('open', id);
  }
  await owner.query('DELETE FROM collection WHERE document_id = $1', [second]);
});

test('what follows on the last reminder waits for a move before it holds anything that the move may wait for (C44)', async () => {
  await say('suspend');
  const mover = new pg.Client({ connectionString: database.url });
  await mover.connect();
  await mover.query('BEGIN');
  await mover.query("SELECT pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0))");
  const running = runAt(12);
  await until(async () => (await owner.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount !== 0, {
    what: 'the job to wait',
  });
  expect(mailed).toEqual([]);
  await mover.query('SELECT 1 FROM collection WHERE document_id = $1 FOR UPDATE NOWAIT', [documentId]);
  await mover.query("SELECT 1 FROM account WHERE id = 'top' FOR UPDATE NOWAIT");
  await mover.query('COMMIT');
  await mover.end();
  await running;
  expect(await stateOf('top')).toBe('suspended');
});

test('a seller that the account has moved away from has no word on what it may use', async () => {
  await say('suspend');
  const invoice = { accountId: 'top', documentId, sellerId: 'aside' };
  await rounds().markOverdue(invoice, { action: 'suspend' });
  expect([await stateOf('top'), (await rounds().overdue('top'))[0]?.action]).toEqual(['active', 'mark']);
});

test('the last reminder refuses the services that have a monthly fee, and no other, until it is paid', async () => {
  await say('refuse');
  await billingStore({ pool, catalogue, nowMs: () => nowIs }).setPrices({
    ...{ accountId: 'platform', service: 'signaling', currency: 'EUR', fromMs: issuedMs },
    prices: [{ meter: 'connectedMs', where: {}, tariff: { kind: 'fee', amount: nano(1n) } }],
  });
  const refused = async () =>
    (await owner.query<{ word: unknown }>("SELECT word FROM policy_chain('leaf')")).rows.map(
      ({ word }) => word,
    );
  await runAt(12);
  expect(await refused()).toEqual([
    {
      values: { services: ['network-discovery'] },
      locked: [],
      overridable: {},
      isHeld: true,
      heldBy: { kind: 'overdue' },
    },
  ]);
  await become('paid');
  await runAt(13);
  expect(await refused()).toEqual([]);
});
