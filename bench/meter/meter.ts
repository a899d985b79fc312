/**
 * Events a second, exactly once, with five ancestors and their dimensions, against COPY of the same records into the
 * same keyed table. One event is one metered value of one report, as in a roll-up by meter; records of 1 value, where an
 * event and a record are the same, and of 6 are measured. 1 % come twice, 0.5 % a day late. Both ways pay for their
 * encoding, their commits and fsync; rounds alternate. COPY neither dedupes nor rolls up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DimensionSets } from '@patchbay/adapters/metering/dimension-sets';
import { UsageLayouts } from '@patchbay/adapters/metering/usage-layouts';
import { openUsageDays, usageStore } from '@patchbay/adapters/metering/usage-store';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { Client, Pool } from 'pg';
import { median, quantile, type Result, rounded, say } from '../figures.ts';
import { copyIn } from './copy-in.ts';
import { COPY_COLUMNS, copyRows } from './copy-rows.ts';
import { measureReads } from './reads.ts';
import { runUpload } from './upload.ts';
import { accounts, plantTriggers, workload } from './workload.ts';

const ROUND_COUNT = 5;
const BATCH_COUNT = 6;
const SESSION_COUNT = 5_000;
const DAY_MS = 86_400_000;
const PEER = 'COPY into the same keyed table';

const cases = [
  { entryCount: 1, batchSize: 1_000 },
  { entryCount: 1, batchSize: 5_000 },
  { entryCount: 6, batchSize: 1_000 },
  { entryCount: 6, batchSize: 5_000 },
  { entryCount: 1, batchSize: 5_000, hasTriggers: true },
  { entryCount: 6, batchSize: 5_000, hasTriggers: true },
] as const;

/** As many sessions as make the rate of the target, each reporting every five seconds. */
const sustained = {
  sessionCount: 100_000,
  batchSize: 5_000,
  batchCount: 20,
  copyBatchCount: 10,
  writerCount: 2,
};

interface Bench {
  readonly signal: AbortSignal;
  readonly pool: Pool;
  readonly copiers: readonly Client[];
  readonly owner: Client;
  readonly nowMs: number;
}

export interface MeterOptions {
  readonly json: boolean;
  /** Ends the run before its next batch; the server is stopped all the same. */
  readonly signal: AbortSignal;
  /** Runs only that long, with two writers, instead of the short cases. */
  readonly sustainSeconds?: number;
  /** Values of a record in such a run. Default 1. */
  readonly valueCount?: number;
  /** Over HTTP, through the control plane, instead of all that. */
  readonly isUpload?: boolean;
}

/** @throws when a recomputation from raw records finds a total that is not exact. */
export async function run(options: MeterOptions): Promise<void> {
  const { json, signal, sustainSeconds, valueCount = 1 } = options;
  if (options.isUpload === true) return await runUpload(options);
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), database: 'bench' });
  const [owner, ...copiers] = Array.from(
    { length: 1 + sustained.writerCount },
    () => new Client({ connectionString: server.url }),
  );
  const pool = new Pool({ connectionString: server.url, max: 2, options: '-c role=patchbay_app' });
  if (owner === undefined) throw new Error('A bench has an owner.');
  try {
    await deployMigrations(server.url);
    for (const client of [owner, ...copiers]) await client.connect();
    const nowMs = Date.now();
    await plant(owner);
    for (const atMs of [nowMs - 2 * DAY_MS, nowMs - DAY_MS]) await openUsageDays(pool, atMs);
    const bench = { signal, pool, copiers, owner, nowMs };
    if (sustainSeconds === undefined) for (const each of cases) say(await measure(bench, each), json);
    else say(await sustain(bench, { entryCount: valueCount, sustainSeconds }), json);
    const mismatches = await usageStore(pool).countMismatches(
      dayName(nowMs - 4 * DAY_MS),
      dayName(nowMs + 2 * DAY_MS),
    );
    say({ bench: 'meter', case: 'recomputation from raw records', mismatches }, json);
    if (mismatches !== 0) throw new Error(`${mismatches} totals are not what the raw records say.`);
    if (sustainSeconds !== undefined)
      for (const read of await measureReads(usageStore(pool), bench)) say(read, json);
  } finally {
    await pool.end();
    for (const client of [owner, ...copiers]) await client.end();
    await server.stop();
    for (const place of [server.directory, folder]) rmSync(place, { recursive: true, force: true });
  }
}

async function plant(owner: Client): Promise<void> {
  await owner.query('BEGIN');
  for (const [id, parent] of accounts()) {
    await owner.query(
      "INSERT INTO account (id, parent_id, root_id, name, currency) VALUES ($1, $2, $1, $1, 'EUR')",
      [id, parent ?? null],
    );
  }
  await owner.query('COMMIT');
  await owner.query('ANALYZE account_closure');
  // The same columns, key and index as one day of usage_record.
  await owner.query('CREATE TABLE meter_bench_copy (LIKE usage_record INCLUDING ALL)');
}

interface Case {
  readonly entryCount: number;
  readonly batchSize: number;
  /** Of each account of the batch, and one above that counts them all. */
  readonly hasTriggers?: boolean;
}

async function measure(bench: Bench, { entryCount, batchSize, hasTriggers = false }: Case): Promise<Result> {
  const { nowMs } = bench;
  const boot = nowMs + 2 * batchSize + 2 * entryCount + (hasTriggers ? 100 : 0);
  const { ours, peer } = workloads({ entryCount, sessionCount: SESSION_COUNT, nowMs, boot });
  if (hasTriggers) await plantTriggers(bench.owner);
  const { ingest, copy } = writers(bench);
  // One pass that is not timed: plans, caches and the just-in-time compiler.
  await ingest(ours.batch(batchSize));
  await copy(peer.batch(batchSize));
  const rates: { ours: number; peer: number }[] = [];
  for (let round = 0; round < ROUND_COUNT; round++) {
    await bench.owner.query('TRUNCATE meter_bench_copy');
    const batches = (of: typeof ours) => Array.from({ length: BATCH_COUNT }, () => of.batch(batchSize));
    rates.push({
      ours: (await send([ingest], batches(ours))).rate,
      peer: (await send([copy], batches(peer))).rate,
    });
  }
  if (hasTriggers) await bench.owner.query('UPDATE usage_trigger SET removed_at = now()');
  const values = `${entryCount} ${entryCount === 1 ? 'value' : 'values'} a record, batches of ${batchSize}`;
  return {
    bench: 'meter',
    case: hasTriggers ? `${values}, every account with triggers` : values,
    peer: PEER,
    ...ratiosOf(rates),
    rounds: ROUND_COUNT,
    recordsPerSecond: Math.round(median(rates.map((rate) => rate.ours))),
    eventsPerSecond: Math.round(median(rates.map((rate) => rate.ours)) * entryCount),
    peerRecordsPerSecond: Math.round(median(rates.map((rate) => rate.peer))),
  };
}

/**
 * Slices of one after the other until ours have taken the time asked for; the batches of a slice are made before it. The
 * totals grow all the while, sessions end and others begin.
 */
async function sustain(
  bench: Bench,
  options: { entryCount: number; sustainSeconds: number },
): Promise<Result> {
  const { entryCount, sustainSeconds } = options;
  const { sessionCount, batchSize, batchCount, copyBatchCount, writerCount } = sustained;
  const { ours, peer } = workloads({
    entryCount,
    sessionCount,
    nowMs: bench.nowMs,
    boot: bench.nowMs + 10 * entryCount,
  });
  const { ingest } = writers(bench);
  const copies = bench.copiers.map((client) => writers({ ...bench, owner: client }).copy);
  const rates: { ours: number; peer: number }[] = [];
  const batchesMs: number[] = [];
  let [recordCount, elapsedMs] = [0, 0];
  while (elapsedMs < sustainSeconds * 1000) {
    await bench.owner.query('TRUNCATE meter_bench_copy');
    const own = await send(
      Array.from({ length: writerCount }, () => ingest),
      Array.from({ length: batchCount }, () => ours.batch(batchSize)),
    );
    const theirs = await send(
      copies,
      Array.from({ length: copyBatchCount }, () => peer.batch(batchSize)),
    );
    rates.push({ ours: own.rate, peer: theirs.rate });
    batchesMs.push(...own.batchesMs);
    recordCount += batchCount * batchSize;
    elapsedMs += own.elapsedMs;
  }
  return {
    bench: 'meter',
    case: `sustained, ${entryCount} ${entryCount === 1 ? 'value' : 'values'} a record, batches of ${batchSize}, ${writerCount} writers`,
    peer: `${PEER}, as many writers`,
    ...ratiosOf(rates),
    seconds: Math.round(elapsedMs / 1000),
    records: recordCount,
    recordsPerSecond: Math.round((recordCount / elapsedMs) * 1000),
    eventsPerSecond: Math.round((recordCount / elapsedMs) * 1000 * entryCount),
    recordsPerSecondOfWorstSlice: Math.round(Math.min(...rates.map((rate) => rate.ours))),
    batchMsP50: Math.round(quantile(batchesMs, 0.5)),
    batchMsP99: Math.round(quantile(batchesMs, 0.99)),
    peerRecordsPerSecond: Math.round(median(rates.map((rate) => rate.peer))),
  };
}

function workloads(options: { entryCount: number; sessionCount: number; nowMs: number; boot: number }) {
  return {
    ours: workload({ ...options, repeatedShare: 0.01 }),
    // COPY fails at the first repeated key, so it gets each record once.
    peer: workload({ ...options, boot: options.boot + 1, repeatedShare: 0 }),
  };
}

type Writer = (records: readonly UsageRecord[]) => Promise<void>;

function writers(bench: Bench): { readonly ingest: Writer; readonly copy: Writer } {
  const store = usageStore(bench.pool);
  const layouts = new UsageLayouts(bench.pool, new DimensionSets(bench.pool));
  return {
    ingest: async (records) => {
      bench.signal.throwIfAborted();
      await store.ingest(records);
    },
    copy: (records) =>
      copyIn(bench.owner, `COPY meter_bench_copy (${COPY_COLUMNS}) FROM STDIN`, copyRows(records, layouts)),
  };
}

/** Each writer takes the next batch when it is done with one. */
async function send(through: readonly Writer[], batches: readonly (readonly UsageRecord[])[]) {
  const waiting = [...batches];
  const batchesMs: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    through.map(async (write) => {
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        const sentAt = performance.now();
        await write(batch);
        batchesMs.push(performance.now() - sentAt);
      }
    }),
  );
  const elapsedMs = performance.now() - startedAt;
  const recordCount = batches.reduce((count, batch) => count + batch.length, 0);
  return { elapsedMs, batchesMs, rate: (recordCount / elapsedMs) * 1000 };
}

function ratiosOf(rates: readonly { readonly ours: number; readonly peer: number }[]) {
  const ratios = rates.map((rate) => rate.ours / rate.peer).sort((one, other) => one - other);
  return {
    ratio: rounded(median(ratios)),
    ratioMin: rounded(ratios[0] ?? Number.NaN),
    ratioMax: rounded(ratios.at(-1) ?? Number.NaN),
  };
}

const dayName = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
