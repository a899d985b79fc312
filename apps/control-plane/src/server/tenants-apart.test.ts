import { randomBytes } from 'node:crypto';
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { mountedOperations } from '@patchbay/faces/mounted';
import { createId } from '@patchbay/kit/ids';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { bearerToken, mint, RANDOM_ID_BYTES } from '@patchbay/protocol/credential/credential';
import { mintBranch, parseSecret } from '@patchbay/protocol/credential/secret';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { forgedRequest } from '@patchbay/testing/wall/forged-request';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

let database: TestDatabase;
let owner: Client;
let served: Served;
let alice: Tenant;
let bob: Tenant;
/** What account A has, by the name of the field that takes it. */
let ids: Readonly<Record<string, string>>;

/** Where clients of A may come from. */
const OFFICE = '198.51.100.77';

/** A database that is started for this file, on a busy machine. */
const START_MS_MAX = 60_000;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  served = serve(database.applicationUrl);
  [alice, bob] = [await signUp(served, 'alice'), await signUp(served, 'bob')];
  const { body: application } = await served.rest('POST', `/v1/accounts/${alice.accountId}/applications`, {
    key: alice.key,
    body: { name: 'Secret application', instanceTypes: ['secret-type'] },
  });
  // Something to steal at each level.
  for (const below of [
    '',
    `/applications/${application.id}`,
    `/applications/${application.id}/instance-types/secret-type`,
  ]) {
    const path = `/v1/accounts/${alice.accountId}${below}/services/signaling/config`;
    const answer = await served.rest('PUT', path, { key: alice.key, body: { sessionSecondsMax: 7_654_321 } });
    expect(answer, path).toMatchObject({ status: 200 });
  }
  const { body: trigger } = await served.rest('POST', `/v1/accounts/${alice.accountId}/triggers`, {
    key: alice.key,
    body: {
      name: 'Secret trigger',
      counter: { meter: 'network-discovery.bytes' },
      condition: { kind: 'threshold', limit: 7_654_321 },
    },
  });
  const plan = await served.rest('POST', `/v1/accounts/${alice.accountId}/plans`, {
    key: alice.key,
    body: { name: 'secret-plan', policy: { sessionSecondsMax: 7_654_321 } },
  });
  const ownPolicy = { key: alice.key, body: { sessionSecondsMax: 7_654_321 } };
  await served.rest('PUT', `/v1/accounts/${alice.accountId}/policy`, ownPolicy);
  await served.rest('PUT', `/v1/accounts/${alice.accountId}/allow-list`, {
    key: alice.key,
    body: { keys: [], credentials: [{ network: OFFICE, label: 'secret-office' }] },
  });
  await served.rest('PUT', `/v1/accounts/${alice.accountId}/service-access/signaling`, {
    key: alice.key,
    body: { uses: ['audio'], sessionsPerDay: 7_654_321, minutesPerSession: 1 },
  });
  const ask = async (method: string, path: string, body?: object) => {
    const options = { key: alice.key, ...(body === undefined ? {} : { body }) };
    return (await served.rest(method, `/v1/accounts/${alice.accountId}${path}`, options)).body;
  };
  const { id: webhookId } = await ask('POST', '/webhooks', { url: 'https://secret.test/hooks' });
  await ask('POST', `/webhooks/${webhookId}/tests`, {});
  while ((await placeEvents(served.control.pool)) > 0);
  await ask('POST', `/webhooks/${webhookId}/replay`, {});
  const { id: roleId } = await ask('POST', '/roles', { name: 'Secret role', scopes: ['usage:read'] });
  const { items: deliveries } = await ask('GET', `/webhooks/${webhookId}/deliveries`);
  const endpoint = await ask('POST', '/endpoints', { identifier: 'user:secret', label: 'Secret endpoint' });
  // As at the other levels.
  const ownConfig = `/v1/accounts/${alice.accountId}/endpoints/${endpoint.id}/services/signaling/config`;
  const secretConfig = { key: alice.key, body: { sessionSecondsMax: 7_654_321 } };
  expect(await served.rest('PUT', ownConfig, secretConfig)).toMatchObject({ status: 200 });
  const ownCallbacks = ownConfig.replace('config', 'callbacks');
  const calledBack = { callbacks: [{ url: 'https://secret.test/calls', events: ['session.ended'] }] };
  expect(await served.rest('PUT', ownCallbacks, { key: alice.key, body: calledBack })).toMatchObject({
    status: 200,
  });
  const { id: domainId } = await ask('POST', '/organisation/sso/domains', { domain: 'secret.test' });
  const provider = { issuer: 'https://secret.test', clientId: 'secret', clientSecret: 'secret' };
  await ask('PUT', '/organisation/sso', provider);
  const third = await signUp(served, 'third');
  const transfer = await ask('POST', `/endpoints/${endpoint.id}/transfers`, { toAccountId: third.accountId });
  await served.rest('PUT', `/v1/accounts/${alice.accountId}/brand`, {
    key: alice.key,
    body: { name: 'Secret brand' },
  });
  const { id: mappingId } = await ask('PUT', '/logic', {
    endpointId: endpoint.id,
    url: 'https://secret.test/logic',
  });
  const { id: hostId } = await ask('POST', '/brand-hosts', { host: 'secret.brand.test' });
  await ask('POST', '/services/notification/channels/secret-channel/messages', { data: 'secret.test' });
  await ask('PUT', '/services/notification/namespaces/secret-space', { historyCount: 7_654 });
  await ask('PUT', '/services/presence/identities/secret-bob', { state: 'away', note: 'secret.test' });
  await ask('PUT', '/services/conferencing/rooms/secret-room', { organiser: 'user:secret.test' });
  const said = { text: 'secret.test', delivery: 'async' };
  const { id: speechId } = await ask('POST', '/services/text-to-speech/speech', said);
  const heard = { uri: 'https://secret.test/a.mp3', format: 'wav' };
  const { id: jobId } = await ask('POST', '/services/transcoding/jobs', heard);
  const { id: detectionJobId } = await ask('POST', '/services/speech-detection/jobs', { uri: heard.uri });
  const told = { identity: 'secret-bob', title: 'secret.test' };
  const { id: noticeId } = await ask('POST', '/services/notification/notices', told);
  const email = { address: 'bob@secret.test' };
  const { id: subscriptionId } = await ask('POST', '/services/notification/subscriptions', {
    identity: 'secret-bob',
    email,
  });
  await ask('PUT', '/services/notification/ways/web-push', {
    webPush: { contact: 'mailto:ops@secret.test' },
  });
  const documentId = createId('doc');
  const [of, at] = [alice.accountId, new Date()];
  await owner.query(
    `INSERT INTO document (id, account_id, seller_id, period, kind, sequence, number, currency, total_minor_units, by_period,
       issued_at, content)
     VALUES ($1, $2, $2, '2026-10', 'invoice', 1, 'SECRET-1', 'EUR', 7654321, '{}', $3, '{"number": "SECRET-1"}')`,
    [documentId, of, at],
  );
  ids = {
    sellerId: alice.accountId,
    hostId,
    mappingId,
    theme: 'light',
    noticeId,
    subscriptionId,
    way: 'web-push',
    receipt: 'read',
    channel: 'secret-channel',
    namespace: 'secret-space',
    room: 'secret-room',
    identity: 'secret-bob',
    endpointId: endpoint.id,
    transferId: transfer.id,
    toAccountId: alice.accountId,
    triggerId: trigger.id,
    applicationId: application.id,
    webhookId,
    deliveryId: deliveries[0].id,
    instanceType: 'secret-type',
    keyId: alice.keyId,
    userId: alice.userId,
    parentId: alice.accountId,
    sessionId: createId('ses'),
    legId: createId('leg'),
    planId: plan.body.id,
    exportId: (await ask('POST', '/exports', {})).id,
    erasureId: (await ask('POST', '/erasures', { person: 'user:secret-bob' })).id,
    roleId,
    domainId,
    speechId,
    jobId,
    detectionJobId,
    documentId,
    creditId: createId('cdt'),
    buyerId: alice.accountId,
    childId: alice.accountId,
    viewId: createId('sin'),
  };
}, START_MS_MAX);

afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

const onAccounts = mountedOperations.filter(({ mount }) => mount === 'account');

/** Tables whose rows say by another column whose they are. */
const ownColumns: Readonly<Record<string, string>> = { account: 'id', endpoint_transfer: 'from_account_id' };

/** Everything of A that a request could change. */
async function stateOfAlice(): Promise<string> {
  const tables = [
    'account',
    'account_suspension',
    'application',
    'api_key',
    'role_grant',
    'account_role',
    'service_config',
    'usage_trigger',
    'trigger_counter',
    'trigger_firing',
    'policy',
    'policy_plan',
    'account_plan',
    'allow_list_entry',
    'brand',
    'brand_logo',
    'brand_host',
    'billing_party',
    'reminder_terms',
    'rail_party',
    'own_collecting',
    'own_rail',
    'own_rail_party',
    'compared_months',
    'compared_figure',
    'document',
    'collection',
    'spending_limit',
    'prepaid_account',
    'prepaid_word',
    'credit_line',
    'credit',
    'top_up',
    'service_access',
    'audit_entry',
    'credential_revocation',
    'retention_word',
    'account_export',
    'erasure',
    'endpoint',
    'endpoint_transfer',
    'webhook',
    'webhook_lane',
    'sso_provider',
    'sso_domain',
    'channel',
    'channel_message',
    'channel_member',
    'channel_namespace',
    'notice',
    'notice_delivery',
    'notice_subscription',
    'notice_way',
    'endpoint_registration',
    'identity_presence',
    'conference_room',
    'live_room',
    'speech',
    'transcoding_job',
    'speech_detection_job',
    'stored_object',
  ];
  const rows = await Promise.all(
    tables.map((table) =>
      owner.query(
        `SELECT to_jsonb(t) - 'last_used_at' AS row FROM ${table} t WHERE ${ownColumns[table] ?? 'account_id'} = $1 ORDER BY 1`,
        [alice.accountId],
      ),
    ),
  );
  return JSON.stringify(rows.map(({ rows: found }) => found));
}

describe('B, who knows every id of A, reads and changes nothing (C1)', () => {
  test.each(onAccounts.map((mounted) => [`${mounted.group}.${mounted.name}`, mounted] as const))(
    '%s',
    async (name, { operation, path }) => {
      const before = await stateOfAlice();
      const fields = forgedRequest(operation.request, ids);
      const filled = path
        .replace('{accountId}', alice.accountId)
        .replace(/\{(\w+)\}/g, (_match, field: string) => String(fields[field]));
      const isQuery = operation.method === 'GET' || operation.method === 'DELETE';
      const query = isQuery ? `?${new URLSearchParams(fields as Record<string, string>)}` : '';
      const rest = await served.rest(operation.method, `${filled}${query}`, {
        key: bob.key,
        ...(isQuery ? {} : { body: fields }),
      });
      expect(rest).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
      const method = operation.method === 'GET' ? 'GET' : 'POST';
      const input = { ...fields, accountId: alice.accountId };
      const trpc = await served.trpc(method, name, { input, key: bob.key });
      expect(trpc).toMatchObject({
        status: 404,
        body: { error: { data: { problem: { code: 'resource.unknown' } } } },
      });
      expect(JSON.stringify([rest.body, trpc.body])).not.toMatch(
        /Secret (application|endpoint|role)|secret\.test|7654321/,
      );
      expect(await stateOfAlice()).toBe(before);
    },
  );

  test('under B’s own account, A’s things are not there either', async () => {
    const own = `/v1/accounts/${bob.accountId}`;
    for (const path of [
      `/applications/${ids.applicationId}`,
      `/applications/${ids.applicationId}/services/signaling/config`,
      `/applications/${ids.applicationId}/instance-types/secret-type/services/signaling/config`,
      `/sessions/${ids.sessionId}`,
      `/triggers/${ids.triggerId}`,
      `/sessions/${ids.sessionId}/log`,
    ]) {
      expect(await served.rest('GET', `${own}${path}`, { key: bob.key }), path).toMatchObject({
        status: 404,
      });
    }
    for (const path of [
      `/applications/${ids.applicationId}`,
      `/keys/${ids.keyId}`,
      `/team/${ids.userId}`,
      `/roles/${ids.roleId}`,
      `/triggers/${ids.triggerId}`,
    ]) {
      const { status } = await served.rest('DELETE', `${own}${path}`, { key: bob.key });
      expect(status, path).toBe(404);
    }
    const before = await stateOfAlice();
    for (const below of ['', '/instance-types/secret-type']) {
      const path = `${own}/applications/${ids.applicationId}${below}/services/signaling/config`;
      expect(await served.rest('PUT', path, { key: bob.key, body: { mode: 'relay' } }), path).toMatchObject({
        status: 404,
      });
    }
    expect(await stateOfAlice()).toBe(before);
    const page = await served.rest('GET', `${own}/accounts?depth=descendants`, { key: bob.key });
    expect(page.body).toEqual({ items: [] });
  });
});

test('C5: an id of A’s in what B asks of its own account leads to nothing of A’s, in whatever field it stands', async () => {
  const before = await stateOfAlice();
  const accountIds = {
    parentId: alice.accountId,
    ofAccountId: alice.accountId,
    fallbackUrl: 'http://127.0.0.1/',
  };
  for (const { operation, path, mount } of mountedOperations) {
    // Readings too: an id may select what is read.
    if (mount !== 'account') continue;
    const fields = forgedRequest(operation.request, { ...ids, ...accountIds });
    const filled = path
      .replace('{accountId}', bob.accountId)
      .replace(/\{(\w+)\}/g, (_match, field: string) => String(fields[field]));
    const isQuery = operation.method === 'GET' || operation.method === 'DELETE';
    const query = isQuery ? `?${new URLSearchParams(fields as Record<string, string>)}` : '';
    const { status, body } = await served.rest(operation.method, `${filled}${query}`, {
      key: bob.key,
      ...(isQuery ? {} : { body: fields }),
    });
    expect(status, `${operation.method} ${filled}`).toBeLessThan(500);
    expect(JSON.stringify(body)).not.toMatch(/Secret application|secret\.test|7654321/);
  }
  expect(await stateOfAlice()).toBe(before);
});

test('a key authenticates; an altered, a revoked and no key do not', async () => {
  const path = `/v1/accounts/${alice.accountId}`;
  expect(await served.rest('GET', path, { key: alice.key })).toMatchObject({
    status: 200,
    body: { name: 'alice' },
  });
  const altered = alice.key.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  for (const key of [altered, 'pb_live_nonsense', undefined]) {
    expect(await served.rest('GET', path, key === undefined ? {} : { key })).toMatchObject({
      status: 401,
      body: { code: 'auth.missing' },
    });
  }
  const { body: made } = await served.rest('POST', `${path}/keys`, {
    key: alice.key,
    body: { name: 'short-lived' },
  });
  expect(await served.rest('GET', path, { key: made.secret })).toMatchObject({ status: 200 });
  await served.rest('DELETE', `${path}/keys/${made.id}`, { key: alice.key });
  expect(await served.rest('GET', path, { key: made.secret })).toMatchObject({ status: 401 });
});

test('an ephemeral credential says whose it is, and may do nothing at the API; revoked or altered it is nobody’s (ACC-7)', async () => {
  const parsed = parseSecret(alice.key);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const anHour: Restriction = { type: 'notAfter', atMs: Date.now() + 3_600_000 };
  const mintForEver = (caveats: readonly Restriction[] = []) =>
    mint({
      keyId: parsed.keyId,
      mintKey: mintBranch(parsed),
      caveats,
      randomId: randomBytes(RANDOM_ID_BYTES),
    });
  const mintOne = (caveats: readonly Restriction[] = []) => mintForEver([anHour, ...caveats]);
  const who = async (key: string) =>
    (await served.rest('GET', '/v1/me', { key, headers: { 'x-patchbay-address': OFFICE } })).body;
  const credential = mintOne([{ type: 'identity', identity: 'bob' }]);
  expect(await who(bearerToken(credential))).toMatchObject({
    kind: 'credential',
    accounts: [{ id: alice.accountId }],
  });
  const own = await served.rest('GET', `/v1/accounts/${alice.accountId}/keys`, {
    headers: { 'x-patchbay-address': OFFICE },
    key: bearerToken(credential),
  });
  expect(own.status).toBe(404);
  const nobodys = [
    bearerToken({ ...credential, password: mintOne().password }),
    bearerToken(mintOne([{ type: 'notAfter', atMs: Date.now() - 1 }])),
    bearerToken(mintForEver()),
    bearerToken(mintOne([{ type: 'services', services: ['network-discovery'] }])),
    bearerToken(mintOne([{ type: 'sourceCidrs', cidrs: ['192.0.2.0/24'] }])),
    bearerToken(mintOne([{ type: 'account', accountId: bob.accountId }])),
    bearerToken(mintOne([{ type: 'application', applicationId: createId('app') }])),
    bearerToken(mintOne([{ type: 'uses', max: 1 }])),
    bearerToken(mintOne([{ type: 'endEvent', event: 'session.ended' }])),
  ];
  for (const token of nobodys) expect(await who(token)).toMatchObject({ code: 'auth.missing' });
  await served.rest('POST', `/v1/accounts/${alice.accountId}/credentials/revocations`, {
    key: alice.key,
    body: { username: credential.username },
  });
  expect(await who(bearerToken(credential))).toMatchObject({ code: 'auth.missing' });
});

test('a credential minted from a key that may mint for no service is nobody’s (ACC-4)', async () => {
  const { body } = await served.rest('POST', `/v1/accounts/${alice.accountId}/keys`, {
    key: alice.key,
    body: { name: 'reads usage', scopes: ['usage:read'] },
  });
  const parsed = parseSecret(body.secret);
  if (parsed.type === 'refusal') throw new Error(parsed.detail);
  const credential = mint({
    keyId: parsed.keyId,
    mintKey: mintBranch(parsed),
    caveats: [{ type: 'notAfter', atMs: Date.now() + 60_000 }],
    randomId: randomBytes(RANDOM_ID_BYTES),
  });
  const answer = await served.rest('GET', '/v1/me', { key: bearerToken(credential) });
  expect(answer).toMatchObject({ status: 401, body: { code: 'auth.missing' } });
});

test('an account above reaches what is below it, and what is below never reaches up (ACC-3)', async () => {
  const { body: child } = await served.rest('POST', `/v1/accounts/${alice.accountId}/accounts`, {
    key: alice.key,
    body: { name: 'Child' },
  });
  const { body: made } = await served.rest('POST', `/v1/accounts/${child.id}/keys`, {
    key: alice.key,
    body: {},
  });
  expect(await served.rest('GET', `/v1/accounts/${child.id}`, { key: made.secret })).toMatchObject({
    status: 200,
  });
  expect(await served.rest('GET', `/v1/accounts/${alice.accountId}`, { key: made.secret })).toMatchObject({
    status: 404,
  });
  const { body: seen } = await served.rest('GET', `/v1/accounts/${child.id}`, { key: made.secret });
  expect(JSON.stringify(seen)).not.toContain(alice.accountId);
});

test('the answer that tells a key’s secret is repeated, and is nowhere in the database in clear (C40, C45)', async () => {
  const path = `/v1/accounts/${alice.accountId}/keys`;
  const options = { key: alice.key, body: { name: 'once' }, headers: { 'idempotency-key': 'make-one' } };
  const first = await served.rest('POST', path, options);
  const second = await served.rest('POST', path, options);
  expect(second.body).toEqual(first.body);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  const { rows } = await owner.query<{ body: string }>('SELECT body FROM idempotency_key WHERE key = $1', [
    'make-one',
  ]);
  expect(rows).toHaveLength(1);
  const kept = Buffer.from(rows[0]?.body ?? '', 'base64').toString('latin1') + rows[0]?.body;
  expect(kept).not.toContain(first.body.secret.slice(10));
  expect(await served.rest('POST', path, { ...options, body: { name: 'twice' } })).toMatchObject({
    status: 409,
  });
});

test('every change leaves one entry in the audit log, with who made it (ACC-8)', async () => {
  const path = `/v1/accounts/${alice.accountId}`;
  const count = async () =>
    Number(
      (await owner.query('SELECT count(*) FROM audit_entry WHERE account_id = $1', [alice.accountId])).rows[0]
        .count,
    );
  const before = await count();
  await served.rest('PATCH', path, { key: alice.key, body: { name: 'Alice' } });
  await served.rest('PUT', `${path}/services/signaling/config`, { key: alice.key, body: { mode: 'relay' } });
  await served.rest('PUT', `${path}/services/signaling/config`, {
    key: alice.key,
    body: { mode: 'nonsense' },
  });
  await served.rest('GET', `${path}/audit`, { key: alice.key });
  expect((await count()) - before).toBe(2);
  const { body } = await served.rest('GET', `${path}/audit`, { key: alice.key });
  expect(body.items.slice(0, 2)).toMatchObject([
    {
      action: 'signaling.putConfig',
      actorId: alice.keyId,
      before: { sessionSecondsMax: 7_654_321 },
      after: { mode: 'relay' },
    },
    { action: 'accounts.update', actorId: alice.keyId, target: alice.accountId },
  ]);
});
