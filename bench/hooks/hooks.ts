/**
 * How long an event takes to a healthy webhook, from its row to the request at the receiver: alone, and beside one tenant of
 * each hostile kind (hanging, dripping, flooding, resetting, …) with three webhooks each, all of which get events all the
 * time. Rounds alternate on one worker and one database. The tenants' events cost the database their share; what is shown is
 * what is left of the others' slowness.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { openClient } from '@patchbay/adapters/prisma/client';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import { MASTER_KEY_BYTES, mintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { ensurePlatform } from '@patchbay/adapters/prisma/seed';
import { webhookStore } from '@patchbay/adapters/prisma/webhook-store';
import { createId } from '@patchbay/kit/ids';
import { hostileKinds, Receivers } from '../../apps/media-node/src/jobs/testing/receivers.ts';
import { workerOn } from '../../apps/media-node/src/jobs/testing/worker.ts';

const ROUND_COUNT = 5;
const EVENT_COUNT = 100;
const WEBHOOKS_OF_EACH = 3;
/** What a worker gives a request, so that hostile receivers hold on for as long as in production. */
const TOTAL_MS_MAX = 15_000;
const ARRIVAL_MS_MAX = 30_000;

interface Options {
  readonly json: boolean;
  readonly signal: AbortSignal;
}

export async function run({ json, signal }: Options): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), database: 'bench' });
  await deployMigrations(server.url);
  const prisma = openClient(server.url);
  const pool = createApplicationPool(server.url);
  const masterKey = randomBytes(MASTER_KEY_BYTES);
  const webhooks = webhookStore(prisma, mintBranchCipher(masterKey));
  const events = eventStore(prisma);
  const receivers = new Receivers();
  const worker = workerOn({ pool, databaseUrl: server.url, masterKey, totalMsMax: TOTAL_MS_MAX });

  const tenantAt = async (name: string, urls: readonly string[]) => {
    const [userId, accountId] = [createId('usr'), createId('acc')];
    await prisma.$queryRaw`SELECT sign_up(${userId}, ${`${name}@bench.test`}, ${name}, 'no hash', ${createId('org')},
      ${name}, ${accountId}, 'EUR', 'UTC')`;
    for (const url of urls)
      await webhooks.create({ accountId, url, description: '', eventTypes: ['*'], scope: 'own' });
    return accountId;
  };
  const append = (accountId: string) =>
    events.append({
      id: createId('evt'),
      type: 'signaling.session.ended',
      accountId,
      atMs: Date.now(),
      data: { sentAtMs: Date.now() },
    });

  try {
    await ensurePlatform(prisma);
    const { url, received } = await receivers.healthy();
    const healthyId = await tenantAt('healthy', [url]);
    const hostileIds: string[] = [];
    for (const kind of hostileKinds) {
      const urls = await Promise.all(Array.from({ length: WEBHOOKS_OF_EACH }, () => receivers.hostile(kind)));
      hostileIds.push(await tenantAt(kind.toLowerCase(), urls));
    }
    worker.start();
    const round = async (beside: readonly string[]) => {
      const first = received.length;
      for (let count = 0; count < EVENT_COUNT; count++) {
        signal.throwIfAborted();
        const other = beside[count % beside.length];
        if (other !== undefined) await append(other);
        await append(healthyId);
      }
      const deadlineMs = performance.now() + ARRIVAL_MS_MAX;
      while (received.length < first + EVENT_COUNT) {
        if (performance.now() > deadlineMs) throw new Error('Not all events arrived.');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return received.slice(first).map(({ event, atMs }) => atMs - (event.data.sentAtMs ?? atMs));
    };
    await round([]);
    const delays = { alone: [] as number[], beside: [] as number[] };
    for (let count = 0; count < ROUND_COUNT; count++) {
      delays.alone.push(...(await round([])));
      delays.beside.push(...(await round(hostileIds)));
    }
    const [alone, beside] = [delays.alone, delays.beside].map((all) => ({
      p50: quantile(all, 0.5),
      p99: quantile(all, 0.99),
    }));
    say(
      {
        bench: 'hooks',
        case: `an event to a healthy webhook, beside ${hostileIds.length} hostile tenants`,
        peer: 'the same alone',
        ratioP50: rounded((beside?.p50 ?? 0) / (alone?.p50 ?? 0)),
        ratioP99: rounded((beside?.p99 ?? 0) / (alone?.p99 ?? 0)),
        aloneMsP50: alone?.p50 ?? 0,
        aloneMsP99: alone?.p99 ?? 0,
        besideMsP50: beside?.p50 ?? 0,
        besideMsP99: beside?.p99 ?? 0,
        events: delays.beside.length,
      },
      json,
    );
  } finally {
    receivers.close();
    await worker.stop();
    await pool.end();
    await prisma.$disconnect();
    await server.stop();
    for (const place of [server.directory, folder]) rmSync(place, { recursive: true, force: true });
  }
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, other) => one - other)[Math.ceil(values.length * share) - 1] ?? Number.NaN;
const rounded = (value: number): number => Math.round(value * 100) / 100;

function say(result: Readonly<Record<string, string | number>>, json: boolean): void {
  const text = json
    ? JSON.stringify(result)
    : Object.entries(result)
        .map(([name, value]) => `${name}: ${value}`)
        .join('  ');
  process.stdout.write(`${text}\n`);
}
