import { ingestUsage } from '@patchbay/domain/metering/ingest';
import { rollUp } from '@patchbay/domain/metering/roll-up';
import { type UsageRecord, userEndpointId } from '@patchbay/domain/metering/usage-record';
import type { UsageQuery, UsageRow, UsageStore } from '@patchbay/domain/metering/usage-store';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { applicationPool, asOwner, plantTree, relayCatalogue, usageOf } from './tenants.testing.ts';
import { openUsageDays, usageStore } from './usage-store.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const today = Date.now() - (Date.now() % DAY);
const noon = today - DAY + 12 * 3_600_000;
const dayName = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const everything = [dayName(today - 60 * DAY), dayName(today + 2 * DAY)] as const;
const tree = { platform: undefined, top: 'platform', a: 'top', b: 'top', leaf: 'a', beside: 'platform' };
const edges = Object.entries(tree).flatMap(([buyerId, sellerId]) =>
  sellerId === undefined ? [] : [{ sellerId, buyerId, fromMs: -Infinity, toMs: Infinity }],
);

let database: TestDatabase;
let pool: pg.Pool;
let store: UsageStore;

const open = async () => {
  database = await createTestDatabase();
  await plantTree(database.url, tree);
  pool = applicationPool(database.applicationUrl);
  store = usageStore(pool);
};
const close = async () => {
  await pool.end();
  await database.drop();
};

const minuteRows = () =>
  asOwner<{ account_id: string; sum: string; n: string; self_sum: string }>(
    database.url,
    `SELECT account_id, sum(sum) AS sum, sum(n) AS n, sum(self_sum) AS self_sum FROM usage_minute
     GROUP BY account_id ORDER BY account_id`,
  );
const ask = (query: Partial<UsageQuery>) =>
  store.query({
    accountId: 'top',
    fromMs: noon - DAY,
    toMs: today + DAY,
    bucket: 'all',
    groupBy: [],
    scope: 'descendants',
    limit: 1000,
    ...query,
  });
const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
const inParts = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** Use of every account below the platform, over two days, in many minutes, dimensions and sessions. */
function manyRecords(count: number): UsageRecord[] {
  const accounts = ['top', 'a', 'b', 'leaf', 'beside'];
  return Array.from({ length: count }, (_, index) =>
    usageOf(accounts[index % accounts.length] ?? 'leaf', {
      atMs: noon + (index % 40) * MINUTE * 30 + index,
      bytes: index * 7,
      seconds: index % 3,
      dimensions: { direction: index % 2 === 0 ? 'in' : 'out' },
      more: { sessionId: `ses_${index % 13}`, modality: index % 4 === 0 ? 'video' : 'audio' },
    }),
  );
}

describe('exactly once (MET-2)', () => {
  beforeEach(open);
  afterEach(close);

  test('F5: the same batch ten times, late, shuffled and by two writers at once leaves the sums of one pass', async () => {
    const records = manyRecords(1_200);
    const other = usageStore(applicationPoolOf());
    const passes = (writer: UsageStore, count: number) =>
      (async () => {
        for (let pass = 0; pass < count; pass++) {
          for (const part of inParts(shuffled(records), 300)) await writer.ingest(part);
        }
      })();
    await Promise.all([passes(store, 5), passes(other, 5)]);
    await expectExact(records);
    const again = await store.ingest(records);
    expect(again).toMatchObject({ freshCount: 0, repeatedCount: 1_200, conflicts: [], changes: [] });
    await expectExact(records);
  });

  test('the same record twice in one batch counts once', async () => {
    const record = usageOf('leaf', { atMs: noon, bytes: 5 });
    expect(await store.ingest([record, record])).toMatchObject({
      freshCount: 1,
      repeatedCount: 1,
      conflicts: [],
    });
    await expectExact([record]);
  });

  test('what was refused is listed page by page for its account and those above, and is an alarm for a day', async () => {
    const ports = { usage: store, catalogue: relayCatalogue, nowMs: () => noon };
    const refused = [1, 2, 3].map((bytes) =>
      usageOf('leaf', { atMs: noon, bytes, dimensions: { direction: 'outgoing' } }),
    );
    const strange = usageOf('nobody', { atMs: noon, bytes: 1 });
    await ingestUsage([...refused, strange, usageOf('leaf', { atMs: noon, bytes: 5 })], ports);
    const listed = async (accountId: string) => {
      const items = [];
      let cursor: string | undefined;
      do {
        const page = await store.listRefused({ accountId, limit: 2, cursor });
        items.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return items.map(({ reason, record }) => `${record.accountId} ${reason}`).sort();
    };
    const ofLeaf = Array.from({ length: 3 }, () => 'leaf value_undeclared');
    expect(await listed('leaf')).toEqual(ofLeaf);
    expect(await listed('a')).toEqual(ofLeaf);
    expect(await listed('platform')).toEqual([...ofLeaf, 'nobody account_unknown']);
    expect(await listed('beside')).toEqual([]);
    expect(await store.countRefused(Date.now() - 60_000)).toEqual(
      new Map([
        ['account_unknown', 1],
        ['value_undeclared', 3],
      ]),
    );
    expect(await store.countRefused(Date.now() + 60_000)).toEqual(new Map());
  });

  test('a known id with another body is kept as a conflict, once, and never summed', async () => {
    const record = usageOf('leaf', { atMs: noon, bytes: 5 });
    await store.ingest([record]);
    const changed = {
      ...record,
      quantities: [{ meter: 'bytes', quantity: 6, dimensions: { direction: 'in' } }],
    };
    for (let time = 0; time < 2; time++) {
      const receipt = await store.ingest([changed, record]);
      expect(receipt).toMatchObject({ freshCount: 0, repeatedCount: 1 });
      expect(receipt.conflicts).toEqual([{ record: changed, reason: 'body_changed' }]);
    }
    expect(await asOwner(database.url, 'SELECT account_id, reason, body FROM usage_conflict')).toEqual([
      { account_id: 'leaf', reason: 'body_changed', body: changed },
    ]);
    await expectExact([record]);
  });

  test('an id counts once whatever day its record says, in another batch and in the same one', async () => {
    const first = usageOf('leaf', { atMs: noon, bytes: 100 });
    const moved = { ...first, fromMs: noon - 3 * DAY, toMs: noon - 3 * DAY };
    await store.ingest([first]);
    const fresh = usageOf('leaf', { atMs: noon - 3 * DAY, bytes: 1 });
    const receipt = await store.ingest([moved, fresh]);
    expect(receipt).toMatchObject({ freshCount: 1, repeatedCount: 0 });
    expect(receipt.conflicts.map(({ record, reason }) => [record, reason])).toEqual([
      [moved, 'body_changed'],
    ]);
    expect(await store.ingest([first, fresh])).toMatchObject({ freshCount: 0, repeatedCount: 2 });
    const both = usageOf('leaf', { atMs: noon, bytes: 10 });
    const later = { ...both, fromMs: noon - DAY, toMs: noon - DAY };
    expect(await store.ingest([both, later])).toMatchObject({
      freshCount: 1,
      conflicts: [{ record: later }],
    });
    expect((await ask({ fromMs: noon - 9 * DAY })).rows.map(({ quantity }) => quantity)).toEqual([111n]);
    expect(await store.countMismatches(...everything)).toBe(0);
  });

  test('use of an account that nobody knows is kept, and does not hold up the rest', async () => {
    const stranger = usageOf('acc_unknown', { atMs: noon, bytes: 1 });
    const known = usageOf('leaf', { atMs: noon, bytes: 2 });
    const receipt = await store.ingest([stranger, known]);
    expect(receipt).toMatchObject({
      freshCount: 1,
      conflicts: [{ record: stranger, reason: 'account_unknown' }],
    });
    await expectExact([known]);
  });

  test('a record that cannot be stored is kept apart, and the rest of its batch is counted', async () => {
    const ports = { usage: store, catalogue: relayCatalogue, nowMs: () => Date.now() };
    const good = [1, 2, 3].map((bytes) => usageOf('leaf', { atMs: noon, bytes }));
    const wrong = ['ses_\0', 'ses_\uD800'].map((sessionId) =>
      usageOf('leaf', { atMs: noon, bytes: 7, more: { sessionId } }),
    );
    const receipt = await ingestUsage([...wrong, ...good], ports);
    expect(receipt).toMatchObject({ freshCount: 3, repeatedCount: 0 });
    expect(receipt.conflicts.map(({ record, reason }) => [record, reason])).toEqual(
      wrong.map((record) => [record, 'text_invalid']),
    );
    // The store alone, without the check before it, finds the record too.
    const [poison] = wrong;
    const more = [4, 5].map((bytes) => usageOf('leaf', { atMs: noon, bytes }));
    if (poison === undefined) throw new Error('There are two.');
    expect(await store.ingest([more, poison].flat())).toMatchObject({
      freshCount: 2,
      conflicts: [{ record: poison, reason: 'not_storable' }],
    });
    await expectExact([...good, ...more]);
    expect(await asOwner(database.url, 'SELECT count(*)::int AS count FROM usage_conflict')).toEqual([
      { count: 2 },
    ]);
  });

  test('a minute whose sum would pass what a total holds loses only the record that is too much', async () => {
    const huge = Number.MAX_SAFE_INTEGER;
    await store.ingest([usageOf('leaf', { atMs: noon, bytes: 1 })]);
    // Whichever rows the next batch adds to: those of another batch that is counted at one time are its own.
    await asOwner(
      database.url,
      `INSERT INTO usage_minute_total SELECT (jsonb_populate_record(t, jsonb_build_object('shard', s))).*
       FROM usage_minute_total t CROSS JOIN generate_series(0, 15) AS s ON CONFLICT DO NOTHING`,
    );
    await asOwner(database.url, 'UPDATE usage_minute_total SET v1 = 9223372036854775807 - 10');
    const receipt = await store.ingest([
      usageOf('leaf', { atMs: noon, bytes: 3 }),
      usageOf('leaf', { atMs: noon, bytes: huge }),
      usageOf('leaf', { atMs: noon - MINUTE, bytes: huge }),
      usageOf('leaf', { atMs: noon, bytes: 4 }),
    ]);
    expect(receipt).toMatchObject({
      freshCount: 3,
      repeatedCount: 0,
      conflicts: [{ reason: 'not_storable' }],
    });
    expect(receipt.conflicts[0]?.record.quantities[0]?.quantity).toBe(huge);
  });

  test('what no service declares is kept and named (MET-1)', async () => {
    const undeclared = usageOf('leaf', {
      atMs: noon,
      more: { quantities: [{ meter: 'smells', quantity: 1, dimensions: {} }] },
    });
    const ports = { usage: store, catalogue: relayCatalogue, nowMs: () => Date.now() };
    const receipt = await ingestUsage([undeclared, usageOf('leaf', { atMs: noon, bytes: 1 })], ports);
    expect(receipt).toMatchObject({ freshCount: 1, conflicts: [{ reason: 'meter_undeclared' }] });
    expect(receipt.changes).toEqual([{ accountId: 'leaf', sessionId: 'ses_leaf' }]);
  });

  test('a recomputation notices a total that somebody changed', async () => {
    await store.ingest([usageOf('leaf', { atMs: noon, bytes: 5 })]);
    await asOwner(database.url, "UPDATE usage_minute_total SET v1 = v1 + 1 WHERE account_id = 'top'");
    await asOwner(database.url, 'UPDATE usage_session_total SET v1 = v1 - 1');
    expect(await store.countMismatches(...everything)).toBe(2);
  });

  test('an account that moves takes its use along from that minute on', async () => {
    const before = usageOf('leaf', { atMs: noon - 1, bytes: 3 });
    const after = usageOf('leaf', { atMs: noon, bytes: 4 });
    await asOwner(
      database.url,
      `UPDATE account_closure SET valid_to = $1 WHERE descendant_id = 'leaf' AND ancestor_id = 'a'`,
      [new Date(noon)],
    );
    await asOwner(database.url, `INSERT INTO account_closure VALUES ('leaf', 'b', 1, $1)`, [new Date(noon)]);
    await store.ingest([before, after]);
    const sums = Object.fromEntries((await minuteRows()).map(({ account_id, sum }) => [account_id, sum]));
    expect(sums).toEqual({ leaf: '7', a: '3', b: '4', top: '7', platform: '7' });
    expect(await store.countMismatches(...everything)).toBe(0);
  });

  const applicationPoolOf = () => applicationPool(database.applicationUrl, 1);

  async function expectExact(records: readonly UsageRecord[]) {
    const wanted = new Map<string, { sum: bigint; self: bigint }>();
    for (const { accountId, inclusive, own } of rollUp(records, edges).cells) {
      const { sum, self } = wanted.get(accountId) ?? { sum: 0n, self: 0n };
      wanted.set(accountId, { sum: sum + inclusive, self: self + own });
    }
    const found = (await minuteRows()).map(
      (row) => [row.account_id, { sum: BigInt(row.sum), self: BigInt(row.self_sum) }] as const,
    );
    expect(new Map(found)).toEqual(new Map([...wanted].sort()));
    expect(await store.countMismatches(...everything)).toBe(0);
  }
});

describe('partitions', () => {
  beforeAll(open);
  afterAll(close);

  test('ten who open a day at once open one, while others write', async () => {
    const pools = Array.from({ length: 10 }, () => applicationPool(database.applicationUrl, 1));
    const writing = (async () => {
      for (let index = 0; index < 20; index++)
        await store.ingest([usageOf('leaf', { atMs: noon, bytes: 1 })]);
    })();
    await Promise.all(pools.map((each) => openUsageDays(each, Date.now())));
    await writing;
    await Promise.all(pools.map((each) => each.end()));
    const days = await asOwner<{ relname: string }>(
      database.url,
      "SELECT relname FROM pg_class WHERE relnamespace = 'usage_days'::regnamespace AND relkind = 'r' ORDER BY 1",
    );
    expect(days.map(({ relname }) => relname)).toEqual(
      [noon, today, today + DAY].map((ms) => `d${dayName(ms).replaceAll('-', '')}`),
    );
  });

  test('a clock from another year makes no partition', async () => {
    await expect(store.ingest([usageOf('leaf', { atMs: Date.UTC(2500, 0), bytes: 1 })])).rejects.toThrow(
      'No usage is taken',
    );
  });
});

describe('reading (MET-5)', () => {
  beforeAll(async () => {
    await open();
    await store.ingest([
      usageOf('leaf', { atMs: noon, bytes: 10, seconds: 1 }),
      usageOf('leaf', {
        atMs: noon + 61 * MINUTE,
        bytes: 20,
        dimensions: { direction: 'out' },
        more: {
          id: { nodeId: 'nod_other', boot: 1, sequence: 1 },
          sessionId: 'ses_2',
          applicationId: 'app_1',
          endpointId: userEndpointId('bob'),
        },
      }),
      usageOf('a', { atMs: noon + DAY / 2, bytes: 40, more: { modality: 'video' } }),
      usageOf('beside', { atMs: noon, bytes: 1000 }),
    ]);
  });
  afterAll(close);

  const bytes = { meter: 'relay.bytes' };
  const plain = (rows: Awaited<ReturnType<typeof ask>>) =>
    rows.rows.map(({ group, quantity, recordCount }) => [...Object.values(group), quantity, recordCount]);

  test('an account with all below it, and alone', async () => {
    expect(plain(await ask(bytes))).toEqual([[70n, 3]]);
    expect(plain(await ask({ ...bytes, scope: 'own' }))).toEqual([]);
    expect(plain(await ask({ ...bytes, accountId: 'a', scope: 'own' }))).toEqual([[40n, 1]]);
    expect(plain(await ask({ ...bytes, accountId: 'platform' }))).toEqual([[1070n, 4]]);
    expect((await ask({})).rows.map(({ meter }) => meter)).toEqual(['relay.bytes', 'relay.seconds']);
  });

  test('of one endpoint, by its identifier, and of no other', async () => {
    expect(plain(await ask({ ...bytes, endpoint: 'user:bob' }))).toEqual([[20n, 1]]);
    expect(plain(await ask({ ...bytes, endpoint: 'user:eve' }))).toEqual([]);
  });

  test('of one application, and of one credential, and of both alone', async () => {
    expect(plain(await ask({ ...bytes, application: 'app_1' }))).toEqual([[20n, 1]]);
    expect(plain(await ask({ ...bytes, credential: 'key_leaf' }))).toEqual([[30n, 2]]);
    expect(plain(await ask({ ...bytes, application: 'app_1', credential: 'key_a' }))).toEqual([]);
  });

  test('by minute, hour and UTC day', async () => {
    const starts = async (bucket: UsageQuery['bucket']) =>
      (await ask({ ...bytes, bucket })).rows.map(({ atMs, quantity }) => [atMs, quantity]);
    expect(await starts('minute')).toEqual([
      [noon, 10n],
      [noon + 61 * MINUTE, 20n],
      [noon + DAY / 2, 40n],
    ]);
    expect(await starts('hour')).toEqual([
      [noon, 10n],
      [noon + 60 * MINUTE, 20n],
      [noon + DAY / 2, 40n],
    ]);
    expect(await starts('day')).toEqual([
      [today - DAY, 30n],
      [today, 40n],
    ]);
  });

  test('by the hours, days and months of a time zone, of a half-hour one too (MET-5)', async () => {
    const starts = async (bucket: UsageQuery['bucket'], timeZone: string, groupBy: readonly string[] = []) =>
      (await ask({ ...bytes, bucket, timeZone, groupBy })).rows.map(({ atMs, quantity }) => [atMs, quantity]);
    const zone = 'Asia/Kolkata';
    const aheadMs = 5.5 * 60 * MINUTE;
    const dayOf = (atMs: number) => Math.floor((atMs + aheadMs) / DAY) * DAY - aheadMs;
    const wanted = new Map<number, bigint>();
    for (const [atMs, quantity] of [
      [noon, 10n],
      [noon + 61 * MINUTE, 20n],
      [noon + DAY / 2, 40n],
    ] as const)
      wanted.set(dayOf(atMs), (wanted.get(dayOf(atMs)) ?? 0n) + quantity);
    expect(await starts('day', zone)).toEqual([...wanted]);
    // Minute totals and raw records cut time alike.
    expect(await starts('day', zone, ['account'])).toHaveLength(
      (await starts('day', zone, ['session'])).length - 1,
    );
    expect((await starts('hour', zone)).every(([atMs]) => Number(atMs) % (60 * MINUTE) === 30 * MINUTE)).toBe(
      true,
    );
    const months = await starts('month', 'UTC');
    expect(months.reduce((sum, [, quantity]) => sum + BigInt(quantity ?? 0), 0n)).toBe(70n);
    expect(new Date(Number(months[0]?.[0])).toISOString()).toMatch(/-01T00:00:00.000Z$/);
  });

  test('page by page the same rows in the same order, each once, and the sum is the same', async () => {
    const question = { ...bytes, bucket: 'hour', groupBy: ['direction', 'session'] } as const;
    const whole = (await ask(question)).rows;
    const paged: UsageRow[] = [];
    for (let isTruncated = true; isTruncated; ) {
      const after = paged.at(-1);
      const page = await ask({ ...question, limit: 1, ...(after === undefined ? {} : { after }) });
      paged.push(...page.rows);
      isTruncated = page.isTruncated;
    }
    expect(whole.length).toBeGreaterThan(1);
    expect(paged).toEqual(whole);
  });

  test('the segments of a session, for its account and those above, and nobody else (MET-3, MET-4)', async () => {
    const segments = await store.sessionSegments('top', 'ses_2');
    expect(segments).toMatchObject([
      { segment: 0, modality: 'audio', meter: 'relay.bytes', quantity: 20n, toMs: noon + 61 * MINUTE },
    ]);
    expect(await store.sessionSegments('leaf', 'ses_2')).toEqual(segments);
    expect(await store.sessionSegments('beside', 'ses_2')).toEqual([]);
  });

  test('any cut of a range sums to the range, from totals of minutes and from raw records alike (MET-5)', async () => {
    const fromMs = noon - 90_000;
    const lengthMs = 3 * 3_600_000 + 12_345;
    const sumsOf = async (range: { fromMs: number; toMs: number }, groupBy: readonly string[]) => {
      const { rows } = await ask({ ...bytes, ...range, groupBy });
      return rows.map(({ group, quantity }) => [Object.values(group).join(), quantity] as const);
    };
    const added = (sums: readonly (readonly [string, bigint])[]) => {
      const of: Record<string, bigint> = {};
      for (const [group, quantity] of sums) of[group] = (of[group] ?? 0n) + quantity;
      return of;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: lengthMs }), { maxLength: 3 }),
        fc.constantFrom([], ['account'], ['application'], ['session']),
        async (cuts, groupBy) => {
          // Inside the minute that was used is where a cut once counted twice.
          const ends = [0, 90_000 + 30_000, ...cuts, lengthMs].sort((one, other) => one - other);
          const parts = ends.slice(1).map((end, index) => ({
            fromMs: fromMs + (ends[index] ?? 0),
            toMs: fromMs + end,
          }));
          const whole = await sumsOf({ fromMs, toMs: fromMs + lengthMs }, groupBy);
          const cut = (await Promise.all(parts.map((part) => sumsOf(part, groupBy)))).flat();
          expect(added(cut)).toEqual(added(whole));
          expect(whole.reduce((sum, [, quantity]) => sum + quantity, 0n)).toBe(30n);
        },
      ),
      { numRuns: 24 },
    );
  });

  test('by any dimension, and by account', async () => {
    expect(plain(await ask({ ...bytes, groupBy: ['direction', 'modality'] }))).toEqual([
      ['in', 'audio', 10n, 1],
      ['in', 'video', 40n, 1],
      ['out', 'audio', 20n, 1],
    ]);
    expect(plain(await ask({ ...bytes, groupBy: ['account'] }))).toEqual([
      ['a', 40n, 1],
      ['leaf', 30n, 2],
    ]);
    expect(plain(await ask({ ...bytes, where: { direction: 'out' } }))).toEqual([[20n, 1]]);
  });

  test('by application, session, node and what that ran, which only raw records know', async () => {
    expect(plain(await ask({ ...bytes, groupBy: ['endpoint'] }))).toEqual([
      ['', 50n, 2],
      ['user:bob', 20n, 1],
    ]);
    expect(plain(await ask({ ...bytes, groupBy: ['session'] }))).toEqual([
      ['ses_2', 20n, 1],
      ['ses_a', 40n, 1],
      ['ses_leaf', 10n, 1],
    ]);
    expect(plain(await ask({ ...bytes, groupBy: ['node'] }))).toEqual([
      ['nod_other', 20n, 1],
      ['nod_test', 50n, 2],
    ]);
    // What the node ran is that of the boot of the record: from the row before it on, and not that of a later one.
    await asOwner(
      database.url,
      `INSERT INTO node_software (node_id, boot, implementation, version) VALUES
         ('nod_test', 1, 'patchbay', '1.0.0'), ('nod_test', 9000000000000, 'patchbay', '2.0.0'),
         ('nod_other', 0, 'other', '1.0.0'), ('nod_else', 1, 'other', '3.0.0')`,
    );
    expect(plain(await ask({ ...bytes, groupBy: ['implementation'] }))).toEqual([
      ['other', 20n, 1],
      ['patchbay', 50n, 2],
    ]);
    expect(plain(await ask({ ...bytes, groupBy: ['version', 'node'], accountId: 'leaf' }))).toEqual([
      ['1.0.0', 'nod_other', 20n, 1],
      ['1.0.0', 'nod_test', 10n, 1],
    ]);
    expect(plain(await ask({ ...bytes, groupBy: ['application', 'account'] }))).toEqual([
      ['', 'a', 40n, 1],
      ['', 'leaf', 10n, 1],
      ['app_1', 'leaf', 20n, 1],
    ]);
    expect(plain(await ask({ ...bytes, sessionId: 'ses_2', accountId: 'leaf', scope: 'own' }))).toEqual([
      [20n, 1],
    ]);
    expect(await store.sessionTotals('leaf', 'ses_2')).toEqual([
      {
        meter: 'relay.bytes',
        dimensions: { direction: 'out', modality: 'audio', region: 'eu' },
        quantity: 20n,
        firstMs: noon + 61 * MINUTE,
        lastMs: noon + 61 * MINUTE,
      },
    ]);
  });

  test('a range ends where it says, and an answer says that it was cut', async () => {
    expect(plain(await ask({ ...bytes, toMs: noon + MINUTE }))).toEqual([[10n, 1]]);
    expect(await ask({ ...bytes, groupBy: ['account'], limit: 1 })).toMatchObject({
      isTruncated: true,
      rows: [{}],
    });
  });

  test('a name that is no dimension groups all together, and is no SQL', async () => {
    expect(plain(await ask({ ...bytes, groupBy: ["x') OR true --"] }))).toEqual([['', 70n, 3]]);
  });

  test('nothing of another tenant: neither its rows, nor through a query for its id', async () => {
    expect((await ask({ accountId: 'beside', groupBy: ['session'] })).rows).toHaveLength(1);
    const seen = await scoped('leaf', 'SELECT DISTINCT account_id FROM usage_minute');
    expect(seen).toEqual([{ account_id: 'leaf' }]);
    for (const table of [
      'usage_record',
      'usage_session',
      'usage_source',
      'usage_session_total',
      'usage_minute',
      'usage_minute_total',
      'usage_conflict',
    ]) {
      const readBy = (accountId: string) =>
        scoped(accountId, `SELECT 1 FROM ${table} WHERE account_id = 'beside' OR account_id = 'a'`);
      expect(await readBy('leaf'), table).toEqual([]);
      if (table !== 'usage_conflict') expect(await readBy('a'), table).not.toEqual([]);
    }
    for (const reader of ['usage_of_account', 'usage_below_account']) {
      const sql = `SELECT * FROM ${reader}('a', '-infinity', 'infinity', 'all', NULL)`;
      expect(await scoped('leaf', sql)).toEqual([]);
      expect(await scoped('a', sql)).not.toEqual([]);
    }
    expect(await scoped('', 'SELECT 1 FROM usage_minute')).toEqual([]);
  });

  test('the application writes no usage but through ingest, and cannot reach a partition', async () => {
    for (const sql of [
      "INSERT INTO usage_minute_total VALUES ('leaf', now(), 1, 0, true, 0, 1, 1)",
      'UPDATE usage_minute_total SET v1 = 0',
      'UPDATE usage_session_total SET v1 = 0',
      "INSERT INTO usage_source VALUES (1, 'leaf', '', '', '', '')",
      "INSERT INTO usage_layout VALUES (1, '{}', '{}')",
      'DELETE FROM usage_record',
      'UPDATE usage_record SET account_id = account_id',
      `SELECT 1 FROM usage_days.d${dayName(noon).replaceAll('-', '')}`,
      "SET session_replication_role = 'replica'",
    ]) {
      await expect(scoped('leaf', sql), sql).rejects.toThrow(/permission denied/);
    }
  });

  async function scoped(accountId: string, sql: string): Promise<unknown[]> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query("SELECT set_config('patchbay.account_id', $1, true)", [accountId]);
      return (await client.query(sql)).rows;
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }
});
