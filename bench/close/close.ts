/**
 * Closes a month of many usage records over 2,000 accounts five levels deep, and recomputes it from its records. It may be
 * stopped at any time, and goes on where it was when it is run again with the same number of records.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { accountAccrual, billingStore } from '@patchbay/adapters/billing/billing-store';
import { bookVerifier } from '@patchbay/adapters/billing/book-verifier';
import { closeMonths } from '@patchbay/adapters/billing/closing';
import { usageStore } from '@patchbay/adapters/metering/usage-store';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import { Client, Pool } from 'pg';
import { say } from '../figures.ts';
import { databaseMemoryBytes, databaseTimeMs } from '../process-time.ts';
import {
  BATCH_SIZE,
  batchCountOf,
  batchOf,
  catalogue,
  PLATFORM_ID,
  plantedAccounts,
} from './month-of-use.ts';

const RECORD_COUNT = 10_000_000;
const DAY_MS = 86_400_000;
const WRITER_COUNT = 2;
const LOOK_EVERY_MS = 1_000;
const TELL_EVERY_MS = 5_000;

export interface CloseOptions {
  readonly json: boolean;
  /** Ends the run after the batch or the account that is under way; what was done stays. */
  readonly signal: AbortSignal;
  readonly recordCount?: number;
  /** Where its database is until it has come to its end. */
  readonly folder?: string;
}

interface Bench {
  readonly signal: AbortSignal;
  readonly recordCount: number;
  readonly month: Period;
  readonly pool: Pool;
  readonly owner: Client;
  readonly directory: string;
  readonly json: boolean;
}

/** @throws when a recomputation finds a line that is not what the records say. */
export async function run({ json, signal, recordCount = RECORD_COUNT, folder }: CloseOptions): Promise<void> {
  const place = folder ?? path.join(tmpdir(), `patchbay-bench-close-${recordCount}`);
  const isResumed = existsSync(place);
  mkdirSync(place, { recursive: true, mode: 0o755 });
  const server = await startEmbeddedPostgres({ directory: path.join(place, 'postgres'), database: 'bench' });
  const owner = new Client({ connectionString: server.url });
  const pool = new Pool({
    connectionString: server.url,
    max: WRITER_COUNT + 1,
    options: '-c role=patchbay_app',
  });
  try {
    await deployMigrations(server.url);
    await owner.connect();
    const month = await planted(owner);
    const bench: Bench = { signal, recordCount, month, pool, owner, directory: server.directory, json };
    if (isResumed) process.stderr.write(`Going on with ${month.name} in ${place}.\n`);
    await measured(bench, 'use stored', use);
    await measured(bench, 'minutes folded', fold);
    await owner.query('VACUUM ANALYZE');
    await measured(bench, 'closed', close);
    await measured(bench, 'recomputed', recompute);
  } catch (cause) {
    if (signal.aborted)
      process.stderr.write(`Stopped. Run it again with --records ${recordCount} to go on in ${place}.\n`);
    throw cause;
  } finally {
    await pool.end();
    await owner.end();
    await server.stop();
  }
  for (const each of [server.directory, place]) rmSync(each, { recursive: true, force: true });
}

/** Accounts, prices and what was done already: kept with them, so that a run which goes on has the same month. */
async function planted(owner: Client): Promise<Period> {
  const { rows: known } = await owner.query<{ is_there: boolean }>(
    "SELECT to_regclass('close_bench') IS NOT NULL AS is_there",
  );
  if (known[0]?.is_there === true) {
    const { rows } = await owner.query<{ from_ms: string }>('SELECT from_ms FROM close_bench');
    return periodAt(Number(rows[0]?.from_ms));
  }
  const month = periodAt(periodAt(Date.now()).fromMs - 1);
  await owner.query('BEGIN');
  await owner.query('CREATE TABLE close_bench (from_ms bigint NOT NULL)');
  await owner.query('CREATE TABLE close_bench_batch (batch int PRIMARY KEY)');
  await owner.query('GRANT INSERT ON close_bench_batch TO patchbay_app');
  await owner.query('INSERT INTO close_bench VALUES ($1)', [month.fromMs]);
  for (const { id, parentId, nanoPerByte } of plantedAccounts()) {
    await owner.query(
      "INSERT INTO account (id, parent_id, root_id, name, currency) VALUES ($1, $2, $1, $1, 'EUR')",
      [id, parentId ?? null],
    );
    if (nanoPerByte > 0)
      await owner.query(
        `INSERT INTO price (id, account_id, service, meter, dimensions, amount, per, currency, effective_from)
         VALUES ('prc_' || $1, $1, 'network-discovery', 'bytes', '{}', $2, 1, 'EUR', '2020-01-01')`,
        [id, nanoPerByte],
      );
  }
  for (let atMs = month.fromMs; atMs < month.toMs; atMs += DAY_MS)
    await owner.query('SELECT usage_open_day($1)', [new Date(atMs).toISOString().slice(0, 10)]);
  await owner.query('COMMIT');
  await owner.query('ANALYZE');
  return month;
}

type Told = (said: string) => void;
type Phase = (bench: Bench, tell: Told) => Promise<Readonly<Record<string, number>>>;

/** Runs one phase, says how far it is, and what it took of time and memory at most. */
async function measured(bench: Bench, name: string, phase: Phase): Promise<void> {
  const { directory, recordCount, json } = bench;
  let [workerBytes, databaseBytes, lookingMs] = [0, 0, 0];
  const cpuMs = (since?: NodeJS.CpuUsage) => {
    const { user, system } = process.cpuUsage(since);
    return (user + system) / 1_000;
  };
  const look = () => {
    const before = process.cpuUsage();
    workerBytes = Math.max(workerBytes, process.memoryUsage.rss());
    databaseBytes = Math.max(databaseBytes, databaseMemoryBytes(directory));
    // The memory of a database is a long list to read: that is no part of what is measured.
    lookingMs += cpuMs(before);
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  let toldAt = 0;
  const tell: Told = (said) => {
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    process.stderr.write(`${name}: ${said}\n`);
  };
  const [startedAt, databaseAt, workerAt] = [
    performance.now(),
    databaseTimeMs(directory),
    process.cpuUsage(),
  ];
  const sayFigures = (found: Readonly<Record<string, number>>) => {
    look();
    const seconds = (ms: number) => Math.round(ms / 100) / 10;
    say(
      {
        bench: 'close',
        case: name,
        records: recordCount,
        ...found,
        seconds: seconds(performance.now() - startedAt),
        workerCpuSeconds: seconds(cpuMs(workerAt) - lookingMs),
        databaseCpuSeconds: seconds(databaseTimeMs(directory) - databaseAt),
        workerPeakMb: Math.round(workerBytes / 1_048_576),
        databasePeakMb: Math.round(databaseBytes / 1_048_576),
        loadAverage: Math.round((loadavg()[1] ?? 0) * 10) / 10,
      },
      json,
    );
  };
  try {
    sayFigures(await phase(bench, tell));
  } catch (cause) {
    // What it took up to there is a part of the whole.
    if (bench.signal.aborted) sayFigures({ stopped: 1 });
    throw cause;
  } finally {
    clearInterval(looking);
  }
}

const use: Phase = async ({ pool, owner, signal, recordCount, month }, tell) => {
  const { rows } = await owner.query<{ batch: number }>('SELECT batch FROM close_bench_batch');
  const done = new Set(rows.map(({ batch }) => batch));
  const batchCount = batchCountOf(recordCount);
  const waiting = Array.from({ length: batchCount }, (_, batch) => batch).filter((batch) => !done.has(batch));
  const storedCount = waiting.length;
  const store = usageStore(pool);
  await Promise.all(
    Array.from({ length: WRITER_COUNT }, async () => {
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        signal.throwIfAborted();
        await store.ingest(batchOf(batch, recordCount, month));
        await pool.query('INSERT INTO close_bench_batch VALUES ($1)', [batch]);
        tell(`${(batchCount - waiting.length) * BATCH_SIZE} of ${recordCount} records`);
      }
    }),
  );
  return { batches: storedCount };
};

const fold: Phase = async ({ pool, signal, month }, tell) => {
  const store = usageStore(pool);
  let rowCount = 0;
  for (let isDone = false; !isDone; ) {
    signal.throwIfAborted();
    const folded = await store.foldMinutes(month.toMs + DAY_MS);
    rowCount += folded.foldedCount;
    isDone = folded.isDone;
    tell(`${rowCount} rows`);
  }
  return { rows: rowCount };
};

const platformAccount = async () => PLATFORM_ID;

/** As the jobs role does it; how far it is stands where an operator reads it. */
const close: Phase = async ({ pool, owner, signal, month }, tell) => {
  const nowMs = () => month.toMs + 64 * DAY_MS;
  // Nothing of the month was rated before, as regular accrual would have: all of it is done here.
  await pool.query('INSERT INTO billing_closing (period) VALUES ($1) ON CONFLICT DO NOTHING', [month.name]);
  const looking = setInterval(() => {
    owner
      .query<{ said: string }>(
        `SELECT kept_count || ' of ' || account_count || ' statements, documents of ' || issued_count || ' accounts' AS said
         FROM billing_closing WHERE period = $1`,
        [month.name],
      )
      .then(
        ({ rows }) => tell(rows[0]?.said ?? 'begins'),
        () => undefined,
      );
  }, LOOK_EVERY_MS);
  try {
    const [closed] = await closeMonths({
      ...{ pool, platformAccount, nowMs },
      accrual: accountAccrual({ pool, catalogue, nowMs }),
      isCollecting: false,
      isStopped: () => signal.aborted,
    });
    signal.throwIfAborted();
    return { accounts: closed?.accountCount ?? 0, documents: closed?.documentCount ?? 0 };
  } finally {
    clearInterval(looking);
  }
};

const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);

/** As the nightly check looks at a few days, but day by day, so that it can be stopped: what was looked at is kept. */
async function countWrongTotals(
  { pool, owner, signal, month }: Pick<Bench, 'pool' | 'owner' | 'signal' | 'month'>,
  tell: Told,
): Promise<number> {
  await owner.query(
    'CREATE TABLE IF NOT EXISTS close_bench_checked (sql text, from_day date, wrong bigint NOT NULL, PRIMARY KEY (sql, from_day))',
  );
  const count = async (sql: string, fromMs: number, toMs: number): Promise<number> => {
    signal.throwIfAborted();
    const checked = 'SELECT wrong FROM close_bench_checked WHERE sql = $1 AND from_day = $2';
    const known = await owner.query<{ wrong: string }>(checked, [sql, dayOf(fromMs)]);
    if (known.rows[0] !== undefined) return Number(known.rows[0].wrong);
    const { rows } = await pool.query<{ count: string }>(sql, [dayOf(fromMs), dayOf(toMs)]);
    const wrong = Number(rows[0]?.count ?? Number.NaN);
    await owner.query('INSERT INTO close_bench_checked VALUES ($1, $2, $3)', [sql, dayOf(fromMs), wrong]);
    return wrong;
  };
  let wrongCount = 0;
  for (let atMs = month.fromMs; atMs < month.toMs; atMs += DAY_MS) {
    wrongCount += await count('SELECT usage_minute_mismatches($1, $2) AS count', atMs, atMs + DAY_MS);
    tell(`totals of minutes up to ${dayOf(atMs)}, ${wrongCount} differ`);
  }
  return (
    wrongCount + (await count('SELECT usage_whole_mismatches($1, $2) AS count', month.fromMs, month.toMs))
  );
}

/** All totals from raw records, the ledger against itself, and every line of every account. */
const recompute: Phase = async ({ pool, owner, signal, month }, tell) => {
  const nowMs = () => month.toMs + 65 * DAY_MS;
  const wrongTotals = await countWrongTotals({ pool, owner, signal, month }, tell);
  const wrongEdges = await billingStore({ pool, catalogue, nowMs }).countMismatches();
  const unequal = await owner.query(
    'SELECT transaction_id FROM ledger_entry GROUP BY transaction_id HAVING sum(amount) <> 0',
  );
  const verifier = bookVerifier({ pool, catalogue, nowMs });
  const run = await verifier.recount(PLATFORM_ID, month, {
    isStopped: () => signal.aborted,
    onProgress: ({ readDayCount, dayCount, run: { accountCount, lineCount, differingCount } }) =>
      tell(
        `records of ${readDayCount} of ${dayCount} days read, ${accountCount} accounts, ${lineCount} lines, ${differingCount} of them differ`,
      ),
  });
  signal.throwIfAborted();
  if (run === undefined) throw new Error('The recomputation was stopped.');
  await verifier.keep(PLATFORM_ID, run);
  const { accountCount, lineCount, differingCount } = run;
  const wrong = wrongTotals + wrongEdges + (unequal.rowCount ?? 0) + differingCount;
  if (wrong > 0) throw new Error(`${wrong} totals, transactions or lines are not what the records say.`);
  return { accounts: accountCount, lines: lineCount, wrong };
};
