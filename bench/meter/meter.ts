/**
 * Events a second, exactly once, with five ancestors and their dimensions, against COPY of the same records into the
 * same keyed table. One event is one record of one node: 1 or 6 metered values. 1 % come twice, 0.5 % a day late.
 * Both ways pay for their encoding, their commits and fsync; rounds alternate. COPY neither dedupes nor rolls up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DimensionSets } from '@patchbay/adapters/metering/dimension-sets';
import { columnsOf } from '@patchbay/adapters/metering/ingest-batch';
import { openUsageDays, usageStore } from '@patchbay/adapters/metering/usage-store';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { Client, Pool } from 'pg';
import { copyIn } from './copy-in.ts';
import { accounts, workload } from './workload.ts';

const ROUND_COUNT = 5;
const BATCH_COUNT = 6;
const DAY_MS = 86_400_000;

const cases = [
  { entryCount: 1, batchSize: 1_000 },
  { entryCount: 1, batchSize: 5_000 },
  { entryCount: 6, batchSize: 1_000 },
  { entryCount: 6, batchSize: 5_000 },
] as const;

const copySql = `COPY meter_bench_copy (day, node_id, boot, sequence, account_id, application_id, endpoint_id,
  credential_id, session_id, segment, from_at, to_at, meters, dimension_set_ids, quantities) FROM STDIN`;

interface Bench {
  readonly signal: AbortSignal;
  readonly pool: Pool;
  readonly owner: Client;
  readonly nowMs: number;
}

interface Options {
  readonly json: boolean;
  /** Ends the run before its next batch; the server is stopped all the same. */
  readonly signal: AbortSignal;
}

/** @throws when a recomputation from raw records finds a total that is not exact. */
export async function run({ json, signal }: Options): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), database: 'bench' });
  const owner = new Client({ connectionString: server.url });
  const pool = new Pool({ connectionString: server.url, max: 2, options: '-c role=patchbay_app' });
  try {
    await deployMigrations(server.url);
    await owner.connect();
    const nowMs = Date.now();
    await plant(owner);
    for (const atMs of [nowMs - 2 * DAY_MS, nowMs - DAY_MS]) await openUsageDays(pool, atMs);
    for (const each of cases) say(await measure({ signal, pool, owner, nowMs }, each), json);
    const mismatches = await usageStore(pool).countMismatches(
      dayName(nowMs - 4 * DAY_MS),
      dayName(nowMs + 2 * DAY_MS),
    );
    say({ bench: 'meter', case: 'recomputation from raw records', mismatches }, json);
    if (mismatches !== 0) throw new Error(`${mismatches} totals are not what the raw records say.`);
  } finally {
    await pool.end();
    await owner.end();
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

async function measure(bench: Bench, { entryCount, batchSize }: (typeof cases)[number]) {
  const { nowMs } = bench;
  const boot = nowMs + 2 * batchSize + 2 * entryCount;
  const ours = workload({ entryCount, nowMs, boot, repeatedShare: 0.01 });
  // COPY fails at the first repeated key, so it gets each record once.
  const peer = workload({ entryCount, nowMs, boot: boot + 1, repeatedShare: 0 });
  const [store, sets] = [usageStore(bench.pool), new DimensionSets(bench.pool)];
  const ingest = async (records: UsageRecord[]) => {
    bench.signal.throwIfAborted();
    await store.ingest(records);
  };
  const copy = (records: UsageRecord[]) => copyIn(bench.owner, copySql, copyRows(records, sets));
  // One pass that is not timed: plans, caches and the just-in-time compiler.
  await ingest(ours.batch(batchSize));
  await copy(peer.batch(batchSize));
  const rates: { ours: number; peer: number }[] = [];
  for (let round = 0; round < ROUND_COUNT; round++) {
    await bench.owner.query('TRUNCATE meter_bench_copy');
    rates.push({
      ours: await rateOf(
        ingest,
        Array.from({ length: BATCH_COUNT }, () => ours.batch(batchSize)),
      ),
      peer: await rateOf(
        copy,
        Array.from({ length: BATCH_COUNT }, () => peer.batch(batchSize)),
      ),
    });
  }
  const ratios = rates.map((rate) => rate.ours / rate.peer).sort((one, other) => one - other);
  return {
    bench: 'meter',
    case: `${entryCount} ${entryCount === 1 ? 'value' : 'values'} a record, batches of ${batchSize}`,
    peer: 'COPY into the same keyed table',
    ratio: rounded(median(ratios)),
    ratioMin: rounded(ratios[0] ?? Number.NaN),
    ratioMax: rounded(ratios.at(-1) ?? Number.NaN),
    rounds: ROUND_COUNT,
    eventsPerSecond: Math.round(median(rates.map((rate) => rate.ours))),
    valuesPerSecond: Math.round(median(rates.map((rate) => rate.ours)) * entryCount),
    peerEventsPerSecond: Math.round(median(rates.map((rate) => rate.peer))),
  };
}

async function rateOf(send: (records: UsageRecord[]) => Promise<void>, batches: readonly UsageRecord[][]) {
  const startedAt = performance.now();
  for (const batch of batches) await send(batch);
  return (batches.reduce((count, batch) => count + batch.length, 0) / (performance.now() - startedAt)) * 1000;
}

/** The rows as COPY's text format has them. */
function copyRows(records: readonly UsageRecord[], sets: DimensionSets): Buffer {
  const columns = columnsOf(records, sets) as (string | number | null)[][];
  const lines = records.map(({ fromMs, toMs }, row) =>
    columns
      .map((column, index) => {
        if (index === 10) return new Date(fromMs).toISOString();
        if (index === 11) return new Date(toMs).toISOString();
        return column[row] ?? '\\N';
      })
      .join('\t'),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
const dayName = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function say(result: Readonly<Record<string, string | number>>, json: boolean): void {
  const text = json
    ? JSON.stringify(result)
    : Object.entries(result)
        .map(([name, value]) => `${name}: ${value}`)
        .join('  ');
  process.stdout.write(`${text}\n`);
}
