import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client, type Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createApplicationPool } from '../postgres/application-pool.ts';
import { BUS_KEPT_MS, createPostgresBus, type PostgresBus, type PublishedMessage } from './postgres-bus.ts';

let database: TestDatabase;
let owner: Client;
const pools: Pool[] = [];
const buses: PostgresBus[] = [];

/** A control plane of its own, as far as the bus goes. */
async function controlPlane(): Promise<PostgresBus> {
  const pool = createApplicationPool(database.applicationUrl);
  const bus = createPostgresBus({ pool, databaseUrl: database.applicationUrl, onError: () => {} });
  pools.push(pool);
  buses.push(bus);
  await vi.waitFor(() => expect(bus.isListening()).toBe(true), 5_000);
  return bus;
}

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  for (const bus of buses) await bus.close();
  for (const pool of pools) await pool.end();
  await owner.end();
  await database.drop();
});

const message = (name: unknown) => ({ type: 'node.changed', nodeId: String(name) }) as const;
const names = (published: readonly PublishedMessage[]) =>
  published.map(({ message }) => (message.type === 'node.changed' ? message.nodeId : message.type));

test('what one control plane publishes, every other hears, in one order', async () => {
  const [here, there] = [await controlPlane(), await controlPlane()];
  const heard: [PublishedMessage[], PublishedMessage[]] = [[], []];
  const ends = [
    here.subscribe((message) => heard[0].push(message), await here.latest()),
    there.subscribe((message) => heard[1].push(message), await here.latest()),
  ];
  await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? here : there).publish(message(n))));
  await vi.waitFor(() => {
    expect(heard[0]).toHaveLength(40);
    expect(heard[1]).toHaveLength(40);
  }, 5_000);
  expect(names(heard[0])).toEqual(names(heard[1]));
  expect(heard[0].map(({ id }) => id)).toEqual(
    heard[0].map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)),
  );
  for (const end of ends) end();
});

test('a reader who was away reads on from where it was, each message once', async () => {
  const bus = await controlPlane();
  const first: PublishedMessage[] = [];
  const end = bus.subscribe((message) => first.push(message), await bus.latest());
  await bus.publish(message('a'));
  await vi.waitFor(() => expect(names(first)).toEqual(['a']), 5_000);
  end();
  await bus.publish(message('b'));
  await bus.publish(message('c'));
  const after = first[0]?.id ?? 0n;
  const second: PublishedMessage[] = [];
  bus.subscribe((message) => second.push(message), after);
  await bus.publish(message('d'));
  await vi.waitFor(() => expect(names(second)).toEqual(['b', 'c', 'd']), 5_000);
  expect(names(first)).toEqual(['a']);
});

test('a broken connection loses no message', async () => {
  const bus = await controlPlane();
  const heard: PublishedMessage[] = [];
  bus.subscribe((message) => heard.push(message), await bus.latest());
  await owner.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
  );
  await bus.publish(message('while nobody listened'));
  await vi.waitFor(() => expect(names(heard)).toEqual(['while nobody listened']), 5_000);
});

test('who was away for longer than messages are kept is told to begin anew', async () => {
  const bus = await controlPlane();
  await owner.query('DELETE FROM bus_message');
  await bus.publish(message(1));
  await bus.publish(message(2));
  const { rows } = await owner.query<{ id: string }>('SELECT id FROM bus_message ORDER BY id');
  const [first = 0n, last = 0n] = rows.map(({ id }) => BigInt(id));
  expect(await bus.canReadFrom(first - 1n)).toBe(true);
  expect(await bus.canReadFrom(last)).toBe(true);
  expect(await bus.canReadFrom(first - 2n)).toBe(false);
  expect(await bus.canReadFrom(last + 1n)).toBe(false);
});

test('what is kept of one type can be read by who has just begun, the latest first', async () => {
  const bus = await controlPlane();
  await owner.query('DELETE FROM bus_message');
  const end = (sessionId: string) => ({ type: 'session.end', sessionId, code: 'a', detail: 'b' }) as const;
  await bus.publish(end('ses_1'));
  await bus.publish(message('another'));
  await bus.publish(end('ses_2'));
  expect(await bus.kept('session.end')).toEqual([end('ses_2'), end('ses_1')]);
  await owner.query(`UPDATE bus_message SET at = now() - make_interval(secs => $1 / 1000.0)`, [
    BUS_KEPT_MS + 1,
  ]);
  expect(await bus.kept('session.end')).toEqual([]);
});

test('a message whose transaction ends late is not passed over by one that came behind it', async () => {
  const bus = await controlPlane();
  const heard: PublishedMessage[] = [];
  bus.subscribe((published) => heard.push(published), await bus.latest());
  const other = new Client({ connectionString: database.url });
  await other.connect();
  // What publish() does, stopped between its number and its commit.
  await other.query('BEGIN');
  await other.query(`SELECT pg_advisory_xact_lock(hashtextextended('patchbay.bus', 0))`);
  await other.query('INSERT INTO bus_message (subject, payload) VALUES ($1, $2)', [
    'node.changed',
    message('late'),
  ]);
  const published = bus.publish(message('behind'));
  await vi.waitFor(async () => {
    const { rows } = await owner.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
    expect(rows).toHaveLength(1);
  }, 5_000);
  await other.query('COMMIT');
  await published;
  await other.end();
  await vi.waitFor(() => expect(names(heard)).toEqual(['late', 'behind']), 5_000);
});
