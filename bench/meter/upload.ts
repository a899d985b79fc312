/**
 * Usage as nodes bring it: signed batches of 1,000 records as JSON over HTTP, to the control plane that `patchbay up`
 * starts, checked, stored, counted and rolled up. Four nodes send one batch after the other. The sender makes and signs its
 * batches before they are timed; that it sends them is in the time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import { pidOf } from '@patchbay/testing/platform-processes';
import { startPlatform } from '@patchbay/testing/running-platform';
import { Client } from 'pg';
import { ControlPlaneClient } from '../../apps/media-node/src/platform/control-plane-client.ts';
import { NodeIdentity } from '../../apps/media-node/src/platform/node-identity.ts';
import { quantile, type Result, rounded, say } from '../figures.ts';
import { databaseTimeMs, processTimeMs } from '../process-time.ts';
import { accounts, NODE_IDS, workload } from './workload.ts';

/** What fits in a body of a megabyte. */
const BATCH_SIZES = { 1: 1_000, 6: 750 } as const;
const SESSION_COUNT = 20_000;
const WARM_BATCH_COUNT = 8;
const BATCH_COUNT = 80;
const TIMEOUT_MS = 60_000;

export interface UploadOptions {
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** @throws when a record is refused, repeated, or not counted. */
export async function runUpload({ json, signal }: UploadOptions): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), database: 'bench' });
  const owner = new Client({ connectionString: server.url });
  try {
    const platform = await startPlatform({ databaseUrl: server.url });
    try {
      await owner.connect();
      await plantAccounts(owner);
      const senders = await plantNodes(owner, { folder, url: platform.env.PATCHBAY_URL ?? '' });
      const controlPid = (await pidOf(platform, 'control plane')) ?? Number.NaN;
      const timesMs = () => ({
        controlMs: processTimeMs(controlPid),
        databaseMs: databaseTimeMs(server.directory),
      });
      for (const valueCount of [1, 6] as const) {
        say(await measureUpload({ senders, valueCount, timesMs, signal }), json);
      }
    } finally {
      await platform.stop();
    }
  } finally {
    await owner.end();
    await server.stop();
    for (const place of [server.directory, folder]) rmSync(place, { recursive: true, force: true });
  }
}

/** Those of the bench, below the platform that there is. */
async function plantAccounts(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ id: string }>(
    'SELECT id FROM account WHERE parent_id IS NULL AND NOT is_test',
  );
  const [[benchId] = [], ...below] = accounts();
  const idOf = (id: string | undefined) => (id === benchId ? rows[0]?.id : id);
  await owner.query('BEGIN');
  for (const [id, parent] of below) {
    await owner.query(
      "INSERT INTO account (id, parent_id, root_id, name, currency) VALUES ($1, $2, $1, $1, 'EUR')",
      [id, idOf(parent)],
    );
  }
  await owner.query('COMMIT');
  await owner.query('ANALYZE account_closure');
}

async function plantNodes(owner: Client, { folder, url }: { readonly folder: string; readonly url: string }) {
  const senders = new Map<string, ControlPlaneClient>();
  for (const nodeId of NODE_IDS) {
    const identity = NodeIdentity.open(path.join(folder, nodeId));
    identity.enrolled(nodeId);
    await owner.query(
      "INSERT INTO node (id, name, roles, region, public_key) VALUES ($1, $1, '{relay}', 'eu', $2)",
      [nodeId, Buffer.from(identity.publicKey, 'base64url')],
    );
    senders.set(nodeId, new ControlPlaneClient({ url, identity, timeoutMs: TIMEOUT_MS }));
  }
  return senders;
}

interface Measured {
  readonly senders: ReadonlyMap<string, ControlPlaneClient>;
  readonly valueCount: keyof typeof BATCH_SIZES;
  readonly timesMs: () => { readonly controlMs: number; readonly databaseMs: number };
  readonly signal: AbortSignal;
}

async function measureUpload({ senders, valueCount, timesMs, signal }: Measured): Promise<Result> {
  const nowMs = Date.now();
  const options = { entryCount: valueCount, sessionCount: SESSION_COUNT, repeatedShare: 0 };
  const { batch } = workload({ ...options, nowMs, boot: nowMs + valueCount });
  const batchSize = BATCH_SIZES[valueCount];
  const batchesMs: number[] = [];
  const upload = async (records: UsageRecord[]) => {
    signal.throwIfAborted();
    const sender = senders.get(records[0]?.id.nodeId ?? '');
    const sentAt = performance.now();
    const receipt = await sender?.call('usage', { records });
    batchesMs.push(performance.now() - sentAt);
    if (receipt?.accepted !== records.length) throw new Error(`Not counted: ${JSON.stringify(receipt)}`);
  };
  const uploadAll = async (batches: UsageRecord[][]) => {
    const waiting = [...batches];
    const send = async () => {
      for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) await upload(each);
    };
    await Promise.all(Array.from({ length: senders.size }, send));
  };
  await uploadAll(Array.from({ length: WARM_BATCH_COUNT }, () => batch(batchSize)));
  const batches = Array.from({ length: BATCH_COUNT }, () => batch(batchSize));
  batchesMs.length = 0;
  const before = timesMs();
  const startedAt = performance.now();
  await uploadAll(batches);
  const elapsedMs = performance.now() - startedAt;
  const after = timesMs();
  const recordCount = BATCH_COUNT * batchSize;
  const microseconds = (ms: number) => rounded((ms * 1000) / recordCount);
  return {
    bench: 'meter',
    case: `over HTTP, ${valueCount} ${valueCount === 1 ? 'value' : 'values'} a record, batches of ${batchSize}`,
    recordsPerSecond: Math.round((recordCount / elapsedMs) * 1000),
    batchMsP50: rounded(quantile(batchesMs, 0.5)),
    batchMsP99: rounded(quantile(batchesMs, 0.99)),
    controlPlaneUsPerRecord: microseconds(after.controlMs - before.controlMs),
    databaseUsPerRecord: microseconds(after.databaseMs - before.databaseMs),
  };
}
