/**
 * How long an event takes to a healthy webhook, from its row to the request at the receiver: alone, and beside tenants that do
 * their worst. These are sixteen whose receivers take 14 seconds and answer well, with a worker's fill of requests, and one of
 * each hostile kind (hanging, dripping, flooding, resetting, …) with three webhooks each, which get events all the time. The
 * healthy one gets its events at one rate in both, and each round has tenants that nobody knows yet. Rounds alternate on one
 * worker and one database; the hostile receivers are a process of their own. It fails where the healthy one waits more than twice as long as alone.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createApplicationPool } from '@patchbay/adapters/postgres/application-pool';
import { startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { openClient } from '@patchbay/adapters/prisma/client';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import { MASTER_KEY_BYTES, mintBranchCipher } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { ensurePlatform } from '@patchbay/adapters/prisma/seed';
import { webhookStore } from '@patchbay/adapters/prisma/webhook-store';
import { createId } from '@patchbay/kit/ids';
import { Pool } from 'pg';
import { hostileKinds, Receivers } from '../../apps/media-node/src/jobs/testing/receivers.ts';
import { workerOn } from '../../apps/media-node/src/jobs/testing/worker.ts';
import { HostileProcess } from './hostile-receivers.ts';

const ROUND_COUNT = 5;
const EVENT_COUNT = 80;
/** Between two events of the healthy webhook: less than it takes, so that it has several under way. */
const EVENT_EVERY_MS = 25;
const WEBHOOKS_OF_EACH = 3;
/** Each with eight webhooks and four requests to each at a time: 512 together, which is all that a worker sends. */
const SLOW_TENANT_COUNT = 16;
const SLOW_WEBHOOKS_OF_EACH = 8;
const SLOW_EVENTS_OF_EACH = 4;
const SLOW_ANSWER_MS = 14_000;
/** So many of them are held before a round begins: some of them after they were found to be slow. */
const HELD_COUNT_MIN = 256;
/** What is bearable: so many times the delay alone. */
const DELAY_RATIO_MAX = 2;
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
  const owner = new Pool({ connectionString: server.url, max: 1 });
  // A pool has ended before its connections have, and the server may stop first.
  owner.on('error', () => {});
  const masterKey = randomBytes(MASTER_KEY_BYTES);
  const webhooks = webhookStore(prisma, mintBranchCipher(masterKey));
  const events = eventStore(prisma);
  const receivers = new Receivers();
  const hostile = new HostileProcess();
  const worker = workerOn({ pool, databaseUrl: server.url, masterKey, totalMsMax: TOTAL_MS_MAX });

  const tenantAt = async (name: string, urls: readonly string[]) => {
    const [userId, accountId] = [createId('usr'), createId('acc')];
    await prisma.$queryRaw`SELECT sign_up(${userId}, ${`${userId}@bench.test`}, ${name}, 'no hash', ${createId('org')},
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
  const until = async (isSo: () => boolean | Promise<boolean>, what: string) => {
    const deadlineMs = performance.now() + ARRIVAL_MS_MAX;
    while (!(await isSo())) {
      signal.throwIfAborted();
      if (performance.now() > deadlineMs) throw new Error(`Waited too long for ${what}.`);
      await wait(5);
    }
  };
  let healthyId = '';
  // Whatever ends the benchmark ends what tells the hostile ones first.
  let isEnding = false;
  let telling: Promise<void> | undefined;
  /** New tenants that hold what they can get, until they are let go. */
  const besiege = async () => {
    const slowUrl = await hostile.url({ type: 'slow', answerMs: SLOW_ANSWER_MS });
    for (let count = 0; count < SLOW_TENANT_COUNT; count++) {
      const id = await tenantAt(
        'slow',
        Array.from({ length: SLOW_WEBHOOKS_OF_EACH }, () => slowUrl),
      );
      for (let each = 0; each < SLOW_EVENTS_OF_EACH; each++) await append(id);
    }
    const ids: string[] = [];
    for (const kind of hostileKinds) {
      const urls = await Promise.all(
        Array.from({ length: WEBHOOKS_OF_EACH }, () => hostile.url({ type: 'hostile', kind })),
      );
      ids.push(await tenantAt(kind, urls));
    }
    await until(async () => (await hostile.slowCount()) >= HELD_COUNT_MIN, 'the slow ones to hold on');
    let isOver = false;
    telling = (async () => {
      for (let count = 0; !isOver && !isEnding; count++) {
        await append(ids[count % ids.length] ?? '');
        await wait(EVENT_EVERY_MS);
      }
    })();
    return async () => {
      isOver = true;
      await telling;
      await owner.query(`UPDATE webhook SET state = 'disabled' WHERE account_id <> $1`, [healthyId]);
      await hostile.close();
      await until(() => worker.requestCount === 0, 'the hostile ones to be gone');
    };
  };

  try {
    await ensurePlatform(prisma);
    const { url, received } = await receivers.healthy();
    healthyId = await tenantAt('healthy', [url]);
    worker.start();
    const round = async () => {
      const first = received.length;
      const startedMs = performance.now();
      for (let count = 0; count < EVENT_COUNT; count++) {
        signal.throwIfAborted();
        await wait(Math.max(0, startedMs + count * EVENT_EVERY_MS - performance.now()));
        await append(healthyId);
      }
      await until(() => received.length >= first + EVENT_COUNT, 'all events to arrive');
      return received.slice(first).map(({ event, atMs }) => atMs - (event.data.sentAtMs ?? atMs));
    };
    await round();
    const delays = { alone: [] as number[], beside: [] as number[] };
    for (let count = 0; count < ROUND_COUNT; count++) {
      delays.alone.push(...(await round()));
      const letGo = await besiege();
      delays.beside.push(...(await round()));
      await letGo();
    }
    const aloneMsP99 = quantile(delays.alone, 0.99);
    const besideMsP99 = quantile(delays.beside, 0.99);
    const ratio = rounded((DELAY_RATIO_MAX * aloneMsP99) / besideMsP99);
    say(
      {
        bench: 'hooks',
        case: `p99 of an event to a healthy webhook, beside ${SLOW_TENANT_COUNT} slow and ${hostileKinds.length} hostile tenants`,
        peer: 'twice the same alone',
        ratio,
        rounds: ROUND_COUNT,
        aloneMsP50: quantile(delays.alone, 0.5),
        aloneMsP99,
        besideMsP50: quantile(delays.beside, 0.5),
        besideMsP99,
        events: delays.beside.length,
      },
      json,
    );
    if (ratio < 1) throw new Error('A healthy webhook waits more than twice as long as alone.');
  } finally {
    isEnding = true;
    await telling?.catch(() => {});
    receivers.close();
    hostile.end();
    await worker.stop();
    await Promise.all([pool.end(), owner.end()]);
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
