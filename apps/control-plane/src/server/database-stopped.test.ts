import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@patchbay/adapters/postgres/embedded';
import { deployMigrations } from '@patchbay/adapters/postgres/migrations';
import { databaseFolder } from '@patchbay/testing/database-folder';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

/** A server of its own, for no other test may wait for it, and all migrations, on a busy machine. */
const START_MS_MAX = 120_000;
const ANSWER_MS_MAX = 2_000;

let folder: string;
let server: EmbeddedPostgres;
let served: Served;
let account: Tenant;

beforeAll(async () => {
  folder = mkdtempSync(path.join(databaseFolder(), 'patchbay-stopped-'));
  await chmod(folder, 0o755);
  server = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), database: 'stopped' });
  await deployMigrations(server.url);
  await makePlatform(server.url);
  served = serve(server.url);
  account = await signUp(served, 'stopped');
}, START_MS_MAX);

afterAll(async () => {
  await served.close();
  await server.stop();
  for (const place of [server.directory, folder]) rmSync(place, { recursive: true, force: true });
}, START_MS_MAX);

/** The server and all that serve its connections: each is a process of its own. */
function signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
  const file = path.join(server.directory, 'cluster', 'postmaster.pid');
  const main = Number.parseInt(readFileSync(file, 'utf8'), 10);
  process.kill(main, signal);
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  for (const line of processes) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    if (parent === main && pid !== undefined) signalOne(pid, signal);
  }
}

function signalOne(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended since it was listed.
  }
}

async function timed<Value>(work: () => Promise<Value>): Promise<Value> {
  const startedMs = performance.now();
  const value = await work();
  expect(performance.now() - startedMs).toBeLessThan(ANSWER_MS_MAX);
  return value;
}

const read = () => served.rest('GET', `/v1/accounts/${account.accountId}`, { key: account.key });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: { readonly fields?: { readonly code: string } }) => error.fields?.code,
  );

test('F4: a database that takes connections and never answers: API and pages say so in under 2 seconds, and all is well again by itself', {
  timeout: 60_000,
}, async () => {
  expect(await read()).toMatchObject({ status: 200 });
  signalAll('SIGSTOP');
  try {
    // More than the pools have connections: whoever waits for one is answered as fast as who holds one.
    const answers = await Promise.all(Array.from({ length: 40 }, () => timed(read)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'platform.unavailable', retry: 'after' } });
    }
    // What a page is rendered from.
    const { signIns, placement, setUpLinks, router } = served.control;
    const caller = router.createCaller({
      evidence: { kind: 'signIn', signInSessionId: 'sis_unknown' },
      requestId: 'req_page',
      signal: new AbortController().signal,
      responseHeaders: new Headers(),
    });
    const asked = [
      () => signIns.check('sis_unknown'),
      () => signIns.signIn({ email: 'a@example.test', password: 'x', address: '' }),
      () => placement.signalUrl(),
      () => setUpLinks.read('none'),
      () => caller.me.get({}).catch((error: { cause?: unknown }) => Promise.reject(error.cause)),
    ];
    const codes = await Promise.all(asked.map((work) => timed(() => codeOf(work()))));
    expect(new Set(codes)).toEqual(new Set(['platform.unavailable']));
    // It is known by now: nothing begins that would wait for it, so nothing piles up.
    let begunCount = 0;
    const begin = async () => {
      begunCount += 1;
      return new Response();
    };
    const refused = await Promise.all(
      Array.from({ length: 40 }, () => timed(() => served.control.answering(begin))),
    );
    expect([begunCount, new Set(refused.map(({ status }) => status))]).toEqual([0, new Set([503])]);
  } finally {
    signalAll('SIGCONT');
  }
  await expect.poll(async () => (await read()).status, { timeout: 20_000 }).toBe(200);
});
