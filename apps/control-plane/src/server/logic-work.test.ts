import { createServer } from 'node:http';
import type { LogicSession } from '@patchbay/domain/logic/logic-request';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { until } from '@patchbay/testing/until';
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
let acme: Tenant;
let node: TestNode;
let heardCount = 0;
const receiver = createServer((request, response) => {
  heardCount += 1;
  request.resume();
  if (request.url === '/down') response.writeHead(503).end();
  else
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ version: 1, verbs: [{ verb: 'dial', to: ['user:carol', 'user:dave'] }] }));
});
let receiverUrl = '';

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl, { PATCHBAY_ALLOW_LOOPBACK_PEERS: '1' });
  acme = await signUp(served, 'acme');
  node = await enrolNode(served, ['signaling']);
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  receiverUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}, 120_000);
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await served.close();
  await database.drop();
});

const ask = async (method: string, below: string, body?: object) => {
  const answer = await served.rest(method, `/v1/accounts/${acme.accountId}${below}`, {
    key: acme.key,
    ...(body === undefined ? {} : { body }),
  });
  expect(answer, below).toMatchObject({ status: 200 });
  return answer.body;
};
const asNode = async (...request: Parameters<TestNode['request']>) => {
  const response = await served.internal(node.request(...request));
  expect(response.status).toBe(200);
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what its test says.
  return (await response.json()) as any;
};

test('a node learns that there is logic, where it is, and gets its document from the fallback when the first is down (HKS-3)', async () => {
  const { accountId } = acme;
  const called = { callerAccountId: accountId, accountId, endpoint: 'user:bob' };
  expect(await asNode('accountSnapshot', { accountId })).toMatchObject({ hasLogicNear: false });
  expect(await asNode('findLogic', called)).toEqual({ standing: 'none' });

  const bob = await ask('POST', '/endpoints', { identifier: 'user:bob' });
  const url = `${receiverUrl}/down`;
  const fallbackUrl = `${receiverUrl}/standby`;
  const set = await ask('PUT', '/logic', { endpointId: bob.id, url, fallbackUrl });
  expect(set.secret).toMatch(/^whsec_/);
  expect(await asNode('accountSnapshot', { accountId })).toMatchObject({ hasLogicNear: true });
  const chain = { accountPath: expect.arrayContaining([accountId]) };
  expect(await asNode('findLogic', called)).toEqual({ standing: 'found', url, ...chain });
  const stranger = await signUp(served, 'stranger');
  expect(await asNode('findLogic', { ...called, callerAccountId: stranger.accountId })).toEqual({
    standing: 'unrelated',
  });

  const session: LogicSession = {
    id: 'ses_1',
    endpoint: 'user:bob',
    caller: 'user:alice',
    media: { audio: true, video: false, screen: false },
    createdAt: new Date().toISOString(),
    documentNumber: 1,
  };
  const fetched = await asNode('fetchLogic', { accountId, url, session, variables: {} });
  expect(fetched).toMatchObject({
    url: fallbackUrl,
    document: { verbs: [{ verb: 'dial', to: ['user:carol', 'user:dave'] }] },
    attempts: [{ target: 'main', status: 503 }, { target: 'main' }, { target: 'fallback', status: 200 }],
  });
  expect(heardCount).toBe(3);
  // Each of them is use of the account (MET-6).
  const range = `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date(Date.now() + 3_600_000).toISOString()}`;
  await until(
    async () => {
      const { rows } = await ask('GET', `/usage?${range}&meter=logic.fetches`);
      return rows.reduce((sum: number, item: { quantity: string }) => sum + Number(item.quantity), 0) === 3;
    },
    { what: 'three fetches' },
  );
});

test('endpoints of a test account are busy, do not answer and fail by themselves, and no live one does (PRD-1)', async () => {
  const { accountId } = await ask('POST', '/keys', { mode: 'test' });
  expect(await asNode('accountSnapshot', { accountId })).toMatchObject({ hasLogicNear: true });
  const call = async (of: string, name: string) => {
    const endpoint = `user:magic-${name}`;
    const found = await asNode('findLogic', { callerAccountId: of, accountId: of, endpoint });
    if (found.standing !== 'found') return found.standing;
    const session: LogicSession = {
      id: 'ses_2',
      endpoint,
      caller: 'user:alice',
      media: { audio: true, video: false, screen: false },
      createdAt: new Date().toISOString(),
      documentNumber: 1,
    };
    const fetched = await asNode('fetchLogic', { accountId: of, url: found.url, session, variables: {} });
    return fetched.failure ?? fetched.document.verbs;
  };
  expect(await call(accountId, 'busy')).toEqual([{ verb: 'reject', reason: 'busy' }]);
  expect(await call(accountId, 'no-answer')).toEqual([{ verb: 'pause', seconds: 10 }]);
  expect(await call(accountId, 'fails')).toBe('unreachable');
  expect(await call(accountId, 'answers')).toMatchObject([{ verb: 'play' }, { verb: 'play' }]);
  expect(await call(accountId, 'machine')).toMatchObject([
    { verb: 'say' },
    { verb: 'play' },
    { verb: 'pause' },
  ]);
  // A media node's leg is of that account: whoever ends the account or one above it, ends the leg.
  const called = { callerAccountId: accountId, accountId, endpoint: 'user:magic-answers' };
  const { accountPath } = await asNode('findLogic', called);
  expect([accountPath[0], accountPath.length > 1]).toEqual([accountId, true]);
  expect(await call(accountId, 'else')).toBe('none');
  expect(await call(acme.accountId, 'busy')).toBe('none');
});

test('logic.dryRun 200: over REST, and in the XML form', async () => {
  const xml = '<Response><Dial timeout="5"><Client>bob</Client></Dial><Reject reason="busy"/></Response>';
  expect(await ask('POST', '/logic-runs', { kind: 'twiml', document: xml })).toMatchObject({
    steps: [{ verb: 'dial', detail: 'user:bob' }, { verb: 'reject' }],
    outcome: 'The call is refused: busy.',
  });
});
