import type { BillingStore } from '@patchbay/domain/billing/billing-store';
import { parseDecimal } from '@patchbay/domain/billing/money';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import type { Tariff } from '@patchbay/domain/billing/price';
import type {
  AccountVerification,
  BookVerifier,
  MonthRecount,
  VerificationRun,
} from '@patchbay/domain/billing/verification';
import type { UsageStore } from '@patchbay/domain/metering/usage-store';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inAccountScope, inAccountSnapshot } from '../metering/account-scope.ts';
import { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { applicationPool, asOwner, plantTree, relayCatalogue, usageOf } from '../metering/tenants.testing.ts';
import { usageStore } from '../metering/usage-store.ts';
import { usedByRecords, usedByRecount, verifyOne } from './account-verification.ts';
import { accountAccrual, billingStore } from './billing-store.ts';
import { bookVerifier, type VerificationLog } from './book-verifier.ts';
import { closeMonths } from './closing.ts';
import { documentStore } from './document-store.ts';
import { ledgerReader } from './ledger-reader.ts';

const MINUTE = 60_000;
const period: Period = periodAt(Date.now() - 35 * 24 * 60 * MINUTE);
const [usedMs, laterMs] = [period.fromMs + 10 * MINUTE, period.fromMs + 26 * 60 * MINUTE];
const accounts = ['leaf', 'parent', 'sibling', 'top'];

let database: TestDatabase;
let pool: pg.Pool;
let billing: BillingStore;
let usage: UsageStore;
let verifier: BookVerifier & MonthRecount & VerificationLog;
/** As the clock of whoever closes. */
const nowMs = () => Date.now();

beforeAll(async () => {
  database = await createTestDatabase();
  await plantTree(database.url, {
    ...{ platform: undefined, top: 'platform', parent: 'top', leaf: 'parent', sibling: 'parent' },
  });
  pool = applicationPool(database.applicationUrl, 3);
  usage = usageStore(pool);
  billing = billingStore({ pool, catalogue: relayCatalogue, nowMs });
  verifier = bookVerifier({ pool, catalogue: relayCatalogue, nowMs });
  await setPrice('platform', 'bytes', { kind: 'per-unit', amount: parseDecimal('1'), per: 3n });
  await setPrice('parent', 'bytes', {
    ...{ kind: 'per-unit', amount: parseDecimal('2'), per: 3n, free: 5n },
    tiers: [{ after: 20n, amount: parseDecimal('1.5') }],
  });
  await setPrice('parent', 'seconds', {
    ...{ kind: 'per-unit', amount: parseDecimal('0.01'), per: 1_000n, accounting: 'binary' },
  });
  // Between the two times of use, far above: it is in no price of the accounts that used.
  await billing.setPrices({
    ...{ accountId: 'platform', service: 'relay', currency: 'EUR', fromMs: laterMs - 60 * MINUTE },
    prices: [
      { meter: 'bytes', where: {}, tariff: { kind: 'per-unit', amount: parseDecimal('1.1'), per: 3n } },
    ],
  });
  await usage.ingest([
    usageOf('leaf', { atMs: usedMs, bytes: 10, seconds: 2, more: { sessionId: 'ses_a' } }),
    usageOf('leaf', { atMs: laterMs, bytes: 31, more: { sessionId: 'ses_a' } }),
    usageOf('sibling', { atMs: laterMs, bytes: 7, more: { sessionId: 'ses_b' } }),
    usageOf('top', { atMs: usedMs, bytes: 100, more: { sessionId: 'ses_c' } }),
    // The same on two days, with one price.
    usageOf('top', { atMs: laterMs, bytes: 5, more: { sessionId: 'ses_c' } }),
    usageOf('top', { atMs: laterMs + 24 * 60 * MINUTE, bytes: 6, more: { sessionId: 'ses_c' } }),
  ]);
  await documentStore({ pool, platformAccount: async () => 'platform' }).askClosing(period.name);
  const accrual = accountAccrual({ pool, catalogue: relayCatalogue, nowMs });
  await closeMonths({ pool, accrual, nowMs, platformAccount: async () => 'platform', isCollecting: false });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function setPrice(accountId: string, meter: string, tariff: Tariff) {
  const { prices } = await billing.chainPrices(accountId, period.fromMs);
  const kept = prices
    .filter((price) => price.accountId === accountId)
    .map((price) => ({ meter: price.meter, where: price.where, tariff: price.tariff }));
  await billing.setPrices({
    ...{ accountId, service: 'relay', currency: 'EUR', fromMs: period.fromMs },
    prices: [...kept, { meter, where: {}, tariff }],
  });
}

async function verifyAll(): Promise<ReadonlyMap<string, AccountVerification>> {
  const page = { scope: 'descendants', limit: 50 } as const;
  const ids = await verifier.closedAccounts('platform', period, page);
  const found = new Map<string, AccountVerification>();
  for (const id of ids) found.set(id, await verifier.verify(id, period));
  expect(await recounted()).toMatchObject(countsOf([...found.values()]));
  return found;
}

const countsOf = (found: readonly AccountVerification[]) => ({
  accountCount: found.length,
  lineCount: found.flatMap(({ lines }) => lines).length,
  differingCount: found.flatMap(differing).length,
  goneCount: found.filter(({ outcome }) => outcome === 'gone').length,
});

/** The whole month at once, each record read once. */
async function recounted(): Promise<VerificationRun | undefined> {
  const run = await verifier.recount('platform', period, { isStopped: () => false });
  if (run !== undefined) await verifier.keep('platform', run);
  return run;
}

const outcomes = async () => [...(await verifyAll())].map(([id, { outcome }]) => `${id} ${outcome}`);
const differing = ({ lines }: AccountVerification) => lines.filter(({ state }) => state === 'disagrees');

/** Changes something past every guard, looks, and puts it back. */
async function whileChanged(change: string, back: string, look: () => Promise<void>): Promise<void> {
  const past = (sql: string) =>
    asOwner(
      database.url,
      `SET session_replication_role = replica; ${sql}; SET session_replication_role = DEFAULT`,
    );
  await past(change);
  try {
    await look();
  } finally {
    await past(back);
  }
}

describe('a closed month, recomputed from raw records (BIL-3)', () => {
  test('agrees line by line, with tiers, allowances and the time of sessions, at every level', async () => {
    const found = await verifyAll();
    expect([...found.keys()].sort()).toEqual([...accounts, 'platform'].sort());
    for (const { outcome, lines } of found.values()) {
      expect(lines.filter(({ state }) => state !== 'agrees')).toEqual([]);
      expect(outcome).toBe('agrees');
    }
    const kinds = new Set(found.get('leaf')?.lines.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['use', 'charged', 'carried', 'entries', 'closed']));
    const { lines = [] } = found.get('leaf') ?? {};
    const owed = lines.filter(({ kind }) => kind === 'use').reduce((sum, line) => sum + line.recomputed, 0n);
    expect(owed).toBe((await billing.read('leaf', period)).statement.payable);
  });

  test('disagrees where one raw record is another: at its account and all above, and nowhere else', async () => {
    const where = "WHERE account_id = 'sibling'";
    await whileChanged(
      `UPDATE usage_record SET quantities = ARRAY(SELECT q + 1 FROM unnest(quantities) q) ${where}`,
      `UPDATE usage_record SET quantities = ARRAY(SELECT q - 1 FROM unnest(quantities) q) ${where}`,
      async () => {
        const found = await verifyAll();
        expect(
          [...found.values()].filter(({ outcome }) => outcome === 'disagrees').map((of) => of.accountId),
        ).toEqual(['parent', 'sibling', 'top']);
        const sibling = found.get('sibling');
        const line = sibling && differing(sibling).find(({ kind }) => kind === 'use');
        expect(line?.recomputed).not.toBe(line?.booked);
        expect(line?.key).toContain('relay.bytes');
      },
    );
    expect(await outcomes()).toEqual([...accounts, 'platform'].sort().map((id) => `${id} agrees`));
  });

  test('disagrees where one line of the ledger, one entry or a closed statement is another', async () => {
    const changes = [
      [
        'ledger_position',
        'posted = posted + 1',
        'posted = posted - 1',
        "buyer_id = 'leaf' AND book = 'receivable'",
      ],
      [
        'ledger_entry',
        'amount = amount - 1',
        'amount = amount + 1',
        "account_id = 'leaf' AND book = 'payable'",
      ],
    ] as const;
    for (const [table, change, back, where] of changes) {
      const at = `WHERE period = '${period.name}' AND ${where}`;
      await whileChanged(
        `UPDATE ${table} SET ${change} ${at}`,
        `UPDATE ${table} SET ${back} ${at}`,
        async () => {
          expect((await verifier.verify('leaf', period)).outcome, table).toBe('disagrees');
          expect((await verifier.verify('sibling', period)).outcome, table).toBe('agrees');
        },
      );
    }
    const content = `jsonb_set(content, '{charge,bigint}', to_jsonb(((content #>> '{charge,bigint}')::numeric`;
    const set = (sign: string) =>
      `UPDATE closed_statement SET content = ${content} ${sign} 1)::text)) WHERE account_id = 'leaf'`;
    await whileChanged(set('+'), set('-'), async () => {
      const { outcome, lines } = await verifier.verify('leaf', period);
      // The ledger is right: as of a statement that was closed before late use came, a document to come says the difference.
      expect([outcome, lines.find(({ kind }) => kind === 'closed')?.state]).toEqual(['agrees', 'corrected']);
    });
  });

  test('use that comes late is a correction of what was closed, and no disagreement once it is booked', async () => {
    await usage.ingest([usageOf('leaf', { atMs: laterMs, bytes: 9, more: { sessionId: 'ses_a' } })]);
    expect((await verifier.verify('leaf', period)).outcome).toBe('disagrees');
    await billing.accrueAll(period);
    const { outcome, lines } = await verifier.verify('leaf', period);
    expect(outcome).toBe('agrees');
    expect(lines.filter(({ state }) => state === 'corrected').map(({ key }) => key)).toEqual(['charge']);
  });

  test('at once it is what it is account by account, where a price changed far above too', async () => {
    await verifier.recount('platform', period, { isStopped: () => false });
    const sets = new KnownDimensionSets();
    for (const accountId of [...accounts, 'platform']) {
      const request = { accountId, period, catalogue: relayCatalogue, nowMs: nowMs() };
      const [once, each] = await inAccountSnapshot(pool, accountId, async (client) => [
        await verifyOne(client, { ...request, use: usedByRecount(sets) }),
        await verifyOne(client, { ...request, use: usedByRecords(sets) }),
      ]);
      expect(once).toEqual(each);
      expect(once?.outcome).toBe('agrees');
    }
  });

  test('stopped at any day or account it goes on from there, and comes to the same', async () => {
    const whole = await recounted();
    const progress: string[] = [];
    let run: VerificationRun | undefined;
    const compared: string[] = [];
    for (let leftCount = 0; run === undefined; ) {
      let asked = 0;
      run = await verifier.recount('platform', period, {
        isStopped: () => asked++ === 2,
        onProgress: (at) => progress.push(`${at.readDayCount} ${at.run.accountCount}`),
        onVerified: ({ accountId }) => compared.push(accountId),
      });
      expect(leftCount++).toBeLessThan(100);
    }
    expect({ ...run, startedAtMs: 0, finishedAtMs: 0 }).toEqual({
      ...whole,
      startedAtMs: 0,
      finishedAtMs: 0,
    });
    // No day is read twice, and no account compared twice.
    expect(new Set(progress).size).toBe(progress.length);
    const page = { scope: 'descendants', limit: 50 } as const;
    expect(compared).toEqual(await verifier.closedAccounts('platform', period, page));
    await verifier.forget('platform', period);
    for (const table of ['billing_recount', 'billing_recounted_use', 'billing_recounted_session'])
      expect(await asOwner(database.url, `SELECT FROM ${table}`), table).toEqual([]);
  });

  test('what was read half a day ago is read anew, and of a month that nobody recomputes any more forgotten', async () => {
    const ended = { isStopped: () => true };
    const kept = () =>
      asOwner<{ period: string; days: number }>(
        database.url,
        'SELECT period, next_day - first_day AS days FROM billing_recount ORDER BY 1',
      );
    const before = periodAt(period.fromMs - 1);
    expect(await verifier.recount('platform', before, ended)).toBeUndefined();
    let asked = 0;
    expect(await verifier.recount('platform', period, { isStopped: () => asked++ > 0 })).toBeUndefined();
    expect((await kept()).map((of) => of.period)).toEqual([before.name, period.name]);
    const later = { pool, catalogue: relayCatalogue, nowMs: () => Date.now() + 12 * 60 * MINUTE };
    expect(await bookVerifier(later).recount('platform', period, ended)).toBeUndefined();
    expect(await kept()).toEqual([{ period: period.name, days: 0 }]);
    await asOwner(database.url, 'DELETE FROM billing_recount');
  });

  test('use that comes and is booked after its day was read is no disagreement', async () => {
    let isRead = false;
    let hasCome = false;
    const watch = {
      isStopped: () => isRead && !hasCome,
      onProgress: ({ readDayCount, dayCount }: { readDayCount: number; dayCount: number }) => {
        isRead = readDayCount === dayCount;
      },
    };
    expect(await verifier.recount('platform', period, watch)).toBeUndefined();
    await usage.ingest([usageOf('sibling', { atMs: laterMs, bytes: 3, more: { sessionId: 'ses_b' } })]);
    await billing.accrueAll(period);
    hasCome = true;
    const run = await verifier.recount('platform', period, watch);
    expect(run?.differences).toEqual([]);
    if (run !== undefined) await verifier.keep('platform', run);
  });

  test('nobody verifies a neighbour, and a run is kept for the platform alone', async () => {
    for (const ask of [
      `billing_recount_forget('${period.name}')`,
      `billing_recount_day('${period.name}', now()::date, now()::date)`,
    ])
      await expect(
        inAccountScope(pool, 'top', (client) => client.query(`SELECT ${ask}`)),
        ask,
      ).rejects.toThrow();

    expect(await verifier.closedAccounts('sibling', period, { scope: 'descendants', limit: 5 })).toEqual([
      'sibling',
    ]);
    expect(await verifier.closedSince('platform', Date.now() - 24 * 60 * MINUTE)).toEqual([period.name]);
    const counts = { accountCount: 5, lineCount: 20, differingCount: 0, goneCount: 0, differences: [] };
    const startMs = Date.now();
    for (const startedAtMs of [startMs + 1_000, startMs + 2_000])
      await verifier.keep('platform', {
        period: period.name,
        startedAtMs,
        finishedAtMs: startedAtMs,
        ...counts,
      });
    expect(await verifier.runs('platform')).toMatchObject([{ startedAtMs: startMs + 2_000, lineCount: 20 }]);
    expect(await verifier.runs('leaf')).toEqual([]);
  });

  test('where records are not kept any more nothing is recomputed, and nothing is said to agree', async () => {
    const day = new Date(laterMs).toISOString().slice(0, 10);
    await asOwner(
      database.url,
      `INSERT INTO usage_closed (account_id, day, meter, dimension_set_id, sum, n) VALUES ('sibling', '${day}', 'relay.bytes', 1, 7, 1)`,
    );
    const found = await verifyAll();
    expect(
      [...found.values()].map(({ accountId, outcome, goneDayCount }) => [accountId, outcome, goneDayCount]),
    ).toEqual([
      ['leaf', 'agrees', 0],
      ['parent', 'gone', 1],
      ['platform', 'gone', 1],
      ['sibling', 'gone', 1],
      ['top', 'gone', 1],
    ]);
  });
});

test('the ledger is exported whole in whatever parts it is read, of an account or of all below it, and of no neighbour', async () => {
  const ledger = ledgerReader(pool);
  const all = async (accountId: string, scope: 'own' | 'descendants', limit: number) => {
    const entries = [];
    for (
      let after: readonly string[] | undefined, isFirst = true;
      isFirst || after !== undefined;
      isFirst = false
    ) {
      const range = { from: period.name, to: period.name, scope, limit };
      const part = await ledger.entries(accountId, { ...range, after });
      expect(part.entries.length).toBeLessThanOrEqual(limit);
      entries.push(...part.entries);
      after = part.nextAfter;
    }
    return entries;
  };
  const whole = await all('platform', 'descendants', 1_000);
  expect(await all('platform', 'descendants', 3)).toEqual(whole);
  expect(whole.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n);
  expect(new Set(whole.map(({ accountId }) => accountId))).toEqual(new Set([...accounts, 'platform']));
  const own = await all('leaf', 'descendants', 2);
  expect(new Set(own.map(({ accountId }) => accountId))).toEqual(new Set(['leaf']));
  expect(own).toEqual(whole.filter(({ accountId }) => accountId === 'leaf'));
  expect(await all('parent', 'own', 2)).toEqual(whole.filter(({ accountId }) => accountId === 'parent'));
  expect(new Set((await all('parent', 'descendants', 4)).map(({ accountId }) => accountId))).toEqual(
    new Set(['parent', 'leaf', 'sibling']),
  );
});
