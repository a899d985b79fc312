import type { AddressInfo } from 'node:net';
import { createServer, type Server, Socket } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healthOf } from './health.ts';
import {
  enrolNode,
  makePlatform,
  type Served,
  serve,
  signUp,
  type Tenant,
  type TestNode,
} from './served.testing.ts';

/** The way to the database, which a test can cut, or leave open and say nothing on. */
class Way {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #state: 'open' | 'silent' | 'cut' = 'open';

  constructor(host: string, port: number) {
    this.#server = createServer((client) => {
      if (this.#state === 'cut') return void client.destroy();
      const upstream = new Socket();
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
      }
      upstream.connect(port, host);
      client.pipe(upstream);
      upstream.pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      if (this.#state === 'silent') for (const socket of [client, upstream]) socket.pause();
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  become(state: 'open' | 'silent' | 'cut'): void {
    this.#state = state;
    for (const socket of this.#sockets) {
      if (state === 'cut') socket.destroy();
      else if (state === 'silent') socket.pause();
      else socket.resume();
    }
  }

  close(): void {
    this.become('cut');
    this.#server.close();
  }
}

let database: TestDatabase;
let way: Way;
let served: Served;
let account: Tenant;
let node: TestNode;

/** A database that is started for this file, on a busy machine. */
const START_MS_MAX = 60_000;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  const url = new URL(database.applicationUrl);
  way = new Way(url.hostname, Number(url.port));
  url.hostname = '127.0.0.1';
  url.port = String(await way.listen());
  served = serve(url.href);
  account = await signUp(served, 'away');
  node = await enrolNode(served);
}, START_MS_MAX);

afterAll(async () => {
  way.become('open');
  await served.close();
  way.close();
  await database.drop();
});

async function timed<Value>(work: () => Promise<Value>): Promise<Value> {
  const startedMs = performance.now();
  const value = await work();
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  return value;
}

test.each(['cut', 'silent'] as const)(
  'the way to the database is %s: 503 in under 2 seconds with Retry-After, on every face; then it serves again',
  { timeout: 30_000 },
  async (state) => {
    const path = `/v1/accounts/${account.accountId}`;
    expect(await served.rest('GET', path, { key: account.key })).toMatchObject({ status: 200 });
    way.become(state);
    const rest = await timed(() => served.rest('GET', path, { key: account.key }));
    expect(rest).toMatchObject({ status: 503, body: { code: 'platform.unavailable', retry: 'after' } });
    expect(Number(rest.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(rest.body)).not.toMatch(/127\.0\.0\.1|prisma|ECONN|SELECT/i);
    const signUpBody = {
      email: 'late@example.test',
      password: 'correct horse',
      name: 'L',
      organisationName: 'L',
    };
    expect(await timed(() => served.rest('POST', '/v1/sign-up', { body: signUpBody }))).toMatchObject({
      status: 503,
    });
    const input = { accountId: account.accountId };
    const trpc = await timed(() => served.trpc('GET', 'accounts.get', { input, key: account.key }));
    expect(trpc.status).toBe(503);
    expect(JSON.stringify(trpc.body)).toContain('platform.unavailable');
    const internal = await timed(() => served.internal(node.request('listRevocations', { sinceMs: 0 })));
    expect(internal.status).toBe(503);
    expect(await timed(() => healthOf(served.control))).toMatchObject({
      status: 'down',
      roles: { database: 'down' },
    });
    way.become('open');
    await expect
      .poll(async () => (await served.rest('GET', path, { key: account.key })).status, { timeout: 15_000 })
      .toBe(200);
  },
);
