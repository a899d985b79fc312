import { openClient } from '@patchbay/adapters/prisma/client';
import { decisionStore } from '@patchbay/adapters/prisma/decision-store';
import { createId } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  enrolNode,
  makePlatform,
  type Served,
  serve,
  signUp,
  type Tenant,
  type TestNode,
} from './served.testing.ts';

let database: TestDatabase;
let served: Served;
let alice: Tenant;
let bob: Tenant;

/** A database that is started for this file, on a busy machine. */
const START_MS_MAX = 60_000;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  const node = await enrolNode(served, ['relay']);
  const urls = { turn: ['turn:192.0.2.1:3478'] };
  await served.internal(node.request('heartbeat', { boot: 1, urls, load: {}, isDraining: false }));
  [alice, bob] = [await signUp(served, 'alice'), await signUp(served, 'bob')];
}, START_MS_MAX);

afterAll(async () => {
  await served.close();
  await database.drop();
});

type Caller = Pick<Tenant, 'accountId' | 'key'>;
const send = (method: string, { accountId, key }: Caller, { path, body }: { path: string; body?: object }) =>
  served.rest(method, `/v1/accounts/${accountId}${path}`, { key, ...(body === undefined ? {} : { body }) });
const ask = (path: string, caller: Caller) => send('GET', caller, { path });
const post = (path: string, caller: Caller, body: object) => send('POST', caller, { path, body });
const why = (subject: string, caller: Caller) => ask(`/why/${encodeURIComponent(subject)}`, caller);

test('a refused request is explained at once to its account, and to no other (PRD-8)', async () => {
  const { body: key } = await post('/keys', alice, { name: 'narrow', scopes: ['sessions:read'] });
  const narrow = { accountId: alice.accountId, key: key.secret };
  const { body: problem } = await post('/applications', narrow, { name: 'x' });
  const { body } = await why(problem.requestId, alice);
  expect(body).toMatchObject({
    kind: 'request',
    decision: 'refused',
    operation: 'applications.create',
    code: 'auth.scope',
    detail: problem.detail,
    remedy: expect.stringContaining('scope'),
    actor: { id: key.id, name: 'narrow' },
    known: { scopes: ['sessions:read'], limits: [{ name: 'requests' }] },
  });
  // The platform's account is above what a key sees: its state is told, and not its name (C1).
  expect(body.known.chain).toEqual([{ state: 'active' }, { accountId: alice.accountId, state: 'active' }]);
  expect((await ask('/why', alice)).body.items[0]).toMatchObject({ requestId: problem.requestId });
  expect(await why(problem.requestId, bob)).toMatchObject({ status: 404 });
  expect(JSON.stringify((await ask('/why', bob)).body.items)).not.toContain(alice.accountId);
});

test('a request that changed something is known as allowed, by the id in its audit entry', async () => {
  const created = await post('/applications', alice, { name: 'Shop' });
  const requestId = created.headers.get('x-request-id') ?? '';
  expect((await why(requestId, alice)).body).toMatchObject({
    decision: 'allowed',
    operation: 'applications.create',
    detail: expect.stringContaining(created.body.id),
  });
  expect(await why(requestId, bob)).toMatchObject({ status: 404 });
});

test('a username says what it allows, and since when it is refused; a key of another account tells nothing', async () => {
  const { body: ice } = await post('/services/network-discovery/ice-servers', alice, {
    identity: 'bob',
    bytesMax: 5_000_000,
  });
  const { username } = ice.iceServers[0];
  const good = (await why(username, alice)).body;
  expect(good).toMatchObject({ kind: 'credential', decision: 'allowed', actor: { name: 'bob' } });
  expect(good.known.caveats).toContainEqual({ name: 'identity', value: 'bob' });
  expect(good.known.limits).toContainEqual({ name: 'limit.credential_bytes', max: 5_000_000, used: 0 });
  expect(good.known.policy.map(({ rule }: { rule: string }) => rule)).toContain('signaling.mode');
  await post('/credentials/revocations', alice, { username });
  expect((await why(username, alice)).body).toMatchObject({
    decision: 'refused',
    code: 'credential.revoked',
  });
  expect(await why(username, bob)).toMatchObject({ status: 404 });
});

/** A session as a relay reports it whose allocation was refused. */
async function refuse(
  node: TestNode,
  { credentialId, stunCode }: { readonly credentialId: string; readonly stunCode: number },
  { code, detail }: { readonly code: string; readonly detail: string },
): Promise<string> {
  const [sessionId, legId] = [createId('ses'), createId('leg')];
  const line = { sessionId, legId, accountId: alice.accountId, region: 'local', atMs: Date.now() };
  const reason = { code, detail, helpUrl: '/' };
  const refusal = { relayNodeId: node.nodeId, stunCode, code, detail };
  const events = [
    { ...line, sequence: 1, type: 'session.created', data: { credentialId } },
    { ...line, sequence: 2, type: 'allocation.refused', data: refusal },
    { ...line, sequence: 3, type: 'session.ended', data: { reason, connectedMs: 0 } },
  ];
  expect((await served.internal(node.request('sessionEvents', { events }))).status).toBe(200);
  return sessionId;
}
const quota = { code: 'network-discovery.quota', detail: 'As many as may be.' };

test('a refused relay session is explained by its log, and found by the credential that it was begun with', async () => {
  const node = await enrolNode(served, ['relay']);
  const { body: ice } = await post('/services/network-discovery/ice-servers', alice, {});
  const { username } = ice.iceServers[0];
  const credentialId = (await why(username, alice)).body.actor.id;
  const sessionId = await refuse(node, { credentialId, stunCode: 486 }, quota);
  expect((await why(sessionId, alice)).body).toMatchObject({
    kind: 'session',
    decision: 'refused',
    code: 'network-discovery.quota',
    remedy: expect.any(String),
    moments: [{ kind: 'allocation.refused' }, { kind: 'session.ended' }],
  });
  expect(await why(sessionId, bob)).toMatchObject({ status: 404 });
  const { moments } = (await why(username, alice)).body;
  expect(moments).toMatchObject([{ kind: 'allocation.refused', sessionId }, { kind: 'session.ended' }]);

  // 440 says which family of addresses was asked for in vain (RFC 8656 §7.2): the relay has none, or a policy withholds it.
  const [unfit, withheld] = [
    { code: 'network-discovery.request_unfit', detail: 'Address Family not Supported' },
    { code: 'policy.refused', detail: 'features does not allow it, as set at account.' },
  ];
  const withoutFamily = await refuse(node, { credentialId, stunCode: 440 }, unfit);
  expect((await why(withoutFamily, alice)).body).toMatchObject({
    decision: 'refused',
    ...unfit,
    remedy: expect.stringContaining('family of addresses'),
  });
  const byPolicy = await refuse(node, { credentialId, stunCode: 440 }, withheld);
  expect((await why(byPolicy, alice)).body).toMatchObject({
    decision: 'refused',
    code: 'policy.refused',
    rule: 'features',
    level: 'account',
  });
});

test('the log forgets of each account all but the newest', async () => {
  const prisma = openClient(database.applicationUrl);
  const store = decisionStore(prisma);
  for (let count = 0; count < 3; count++) await ask(`/sessions/${createId('ses')}`, bob);
  const before = (await ask('/why', bob)).body.items;
  expect(before.length).toBeGreaterThanOrEqual(3);
  await store.forget({ perAccount: 2 });
  expect((await ask('/why', bob)).body.items).toEqual(before.slice(0, 2));
  await prisma.$disconnect();
});
