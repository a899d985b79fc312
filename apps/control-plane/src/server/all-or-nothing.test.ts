import { LEASE_MS } from '@patchbay/adapters/prisma/idempotency-store';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let database: TestDatabase;
let owner: Client;
let served: Served;
let account: Tenant;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  served = serve(database.applicationUrl);
  account = await signUp(served, 'whole');
});
afterEach(() =>
  owner.query(
    'DROP TRIGGER IF EXISTS fails ON audit_entry; DROP TRIGGER IF EXISTS fails ON bus_message; DROP TRIGGER IF EXISTS fails ON platform_event',
  ),
);
afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

/** Lets every insert into a table fail, as a full disk or a lost connection would. */
async function breakInserts(table: string): Promise<void> {
  await owner.query(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'broken by the test'; END $$`);
  await owner.query(`CREATE TRIGGER fails BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION fail()`);
}

/** All that a request could have left: changes, entries, messages to nodes. */
async function everything(): Promise<string> {
  const tables = [
    'account',
    'account_closure',
    'application',
    'api_key',
    'role_grant',
    'app_user',
    'service_config',
    'webhook',
  ];
  const counted = [
    'price',
    'audit_entry',
    'audit_head',
    'bus_message',
    'platform_event',
    'credential_revocation',
    'organisation',
  ];
  const rows = [];
  for (const table of [...tables, ...counted]) {
    const { rows: found } = await owner.query(
      `SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${table} t ORDER BY 1`,
    );
    rows.push([table, found]);
  }
  return JSON.stringify(rows);
}

const at = (path: string) => `/v1/accounts/${account.accountId}${path}`;
const price = { currency: 'EUR', prices: { bytes: { amount: '1', per: '1' } } };
const changes: readonly (readonly [string, string, object])[] = [
  ['POST', '/accounts', { name: 'Child' }],
  ['PATCH', '', { name: 'Renamed' }],
  ['PATCH', '/organisation', { name: 'Renamed' }],
  ['POST', '/applications', { name: 'App' }],
  ['POST', '/keys', { name: 'Key' }],
  ['POST', '/team', { email: 'new@example.test', name: 'New', role: 'viewer' }],
  ['POST', '/webhooks', { url: 'https://receiver.test/hooks' }],
  ['PUT', '/services/signaling/config', { mode: 'relay' }],
  ['PUT', '/child-prices/network-discovery', price],
];

test.each(changes)(
  '%s %s: when its entry cannot be written, nothing is changed (ACC-8)',
  async (method, path, body) => {
    await breakInserts('audit_entry');
    const before = await everything();
    expect(await served.rest(method, at(path), { key: account.key, body })).toMatchObject({ status: 500 });
    expect(await everything()).toBe(before);
    await owner.query('DROP TRIGGER fails ON audit_entry');
    expect(await served.rest(method, at(path), { key: account.key, body })).toMatchObject({ status: 200 });
    expect(await everything()).not.toBe(before);
  },
);

test('a stranger whose entry cannot be written has not signed up (ACC-8)', async () => {
  await breakInserts('audit_entry');
  const before = await everything();
  const body = {
    email: 'stranger@example.test',
    password: 'correct horse',
    name: 'S',
    organisationName: 'S',
  };
  expect(await served.rest('POST', '/v1/sign-up', { body })).toMatchObject({ status: 500 });
  expect(await everything()).toBe(before);
});

test('what the nodes could not be told is not changed, and has no entry (ACC-8, POL-5)', async () => {
  const { body: made } = await served.rest('POST', at('/keys'), { key: account.key, body: {} });
  await breakInserts('bus_message');
  const before = await everything();
  const revoke = () => served.rest('DELETE', at(`/keys/${made.id}`), { key: account.key });
  expect(await revoke()).toMatchObject({ status: 500 });
  expect(await everything()).toBe(before);
  await owner.query('DROP TRIGGER fails ON bus_message');
  expect(await revoke()).toMatchObject({ status: 200 });
});

const countOf = async (name: string) => {
  const { rows } = await owner.query<{ accounts: string; entries: string }>(
    `SELECT (SELECT count(*) FROM account WHERE name = $1) AS accounts,
       (SELECT count(*) FROM audit_entry WHERE action = 'accounts.create' AND after ->> 'name' = $1) AS entries`,
    [name],
  );
  return [Number(rows[0]?.accounts), Number(rows[0]?.entries)];
};
const repeat = (name: string) =>
  served.rest('POST', at('/accounts'), {
    key: account.key,
    body: { name },
    headers: { 'idempotency-key': name },
  });
const leaseRunsOut = (key: string) =>
  owner.query(`UPDATE idempotency_key SET started_at = now() - make_interval(secs => $2) WHERE key = $1`, [
    key,
    LEASE_MS / 1_000 + 1,
  ]);

/** Holds every request up at its entry in the audit log, which is written behind its change, until it is let go. */
async function holdUp(): Promise<() => Promise<void>> {
  const gate = new Client({ connectionString: database.url });
  await gate.connect();
  await gate.query('BEGIN; SELECT 1 FROM audit_head FOR UPDATE');
  return async () => {
    await gate.query('ROLLBACK').catch(() => undefined);
    await gate.end();
  };
}
const heldUp = async (): Promise<number | undefined> => {
  const { rows } = await owner.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO audit_entry%'`,
  );
  return rows[0]?.pid;
};

test('C40: a request killed between its change and its entry had no effect; a repeat has one, once the lease is over', async () => {
  const letGo = await holdUp();
  const dying = serve(database.applicationUrl);
  const options = { key: account.key, body: { name: 'killed' }, headers: { 'idempotency-key': 'killed' } };
  // What a killed process never does: forget its claim.
  const abandon = vi.spyOn(dying.control.platform.idempotency, 'abandon').mockResolvedValue();
  const killed = dying.rest('POST', at('/accounts'), options);
  await vi.waitUntil(heldUp, { timeout: 20_000 });
  await owner.query('SELECT pg_terminate_backend($1)', [await heldUp()]);
  expect((await killed).status).toBeGreaterThanOrEqual(500);
  abandon.mockRestore();
  await dying.close();
  await letGo();
  expect(await countOf('killed')).toEqual([0, 0]);
  expect(await repeat('killed')).toMatchObject({ status: 409, body: { code: 'request.in_progress' } });
  await leaseRunsOut('killed');
  const again = await repeat('killed');
  expect(again).toMatchObject({ status: 200 });
  expect((await repeat('killed')).body).toEqual(again.body);
  expect(await countOf('killed')).toEqual([1, 1]);
});

test('a request that outlives its lease takes its change back when a repeat came first: one effect in sum (C40)', async () => {
  const letGo = await holdUp();
  const slow = repeat('slow');
  await vi.waitUntil(heldUp, { timeout: 20_000 });
  await leaseRunsOut('slow');
  const taken = repeat('slow');
  await vi.waitUntil(
    async () =>
      (await owner.query(`SELECT 1 FROM idempotency_key WHERE key = 'slow' AND attempt = 2`)).rowCount === 1,
    { timeout: 20_000 },
  );
  await letGo();
  expect([(await slow).status, (await taken).status].sort()).toEqual([200, 409]);
  expect((await repeat('slow')).headers.get('idempotent-replayed')).toBe('true');
  expect(await countOf('slow')).toEqual([1, 1]);
});

/** Cuts the connection under the n-th statement from now on, as the death of a process does; 0: under none. */
const crashing = { at: 0, count: 0 };
function crashAt(statement: number): void {
  Object.assign(crashing, { at: statement, count: 0 });
}
function beCrashing(): void {
  const query = Client.prototype.query;
  vi.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...given: unknown[]) {
    if (this !== owner) crashing.count += 1;
    if (this !== owner && crashing.count === crashing.at) Reflect.get(this, 'connection').stream.destroy();
    return Reflect.apply(query, this, given);
  });
}

test('F16: whichever statement a process dies at while an account is made, a repeat ends the same', async () => {
  beCrashing();
  try {
    for (let statement = 1; statement <= 60; statement += 1) {
      const name = `dies at ${statement}`;
      crashAt(statement);
      const first = await repeat(name);
      const wasReached = crashing.count >= statement;
      crashAt(0);
      if (first.status !== 200) expect(first.status).toBeGreaterThanOrEqual(500);
      const known = await repeat(name);
      if (known.status === 409) await leaseRunsOut(name);
      const second = known.status === 409 ? await repeat(name) : known;
      expect([statement, second.status, await countOf(name)]).toEqual([statement, 200, [1, 1]]);
      if (!wasReached) return;
    }
    throw new Error('The request has no end.');
  } finally {
    vi.restoreAllMocks();
  }
}, 120_000);
