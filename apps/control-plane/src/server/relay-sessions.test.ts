import type { InternalRequest } from '@patchbay/domain/fleet/internal-api';
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

type Line = InternalRequest<'sessionEvents'>['events'][number];

let database: TestDatabase;
let served: Served;
let account: Tenant;
let stranger: Tenant;
let relay: TestNode;
let otherRelay: TestNode;
let signaling: TestNode;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  [account, stranger] = [await signUp(served, 'turn-alone'), await signUp(served, 'stranger')];
  relay = await enrolNode(served);
  otherRelay = await enrolNode(served);
  signaling = await enrolNode(served, ['signaling']);
}, 120_000);
afterAll(async () => {
  await served.close();
  await database.drop();
});

/** The log of a session as its holder reports it. */
function logOf(owner: Tenant = account) {
  const sessionId = createId('ses');
  const legId = createId('leg');
  let sequence = 0;
  const line = (type: string, data: Line['data'] = {}, more: Partial<Line> = {}): Line => ({
    sessionId,
    legId,
    sequence: ++sequence,
    type,
    atMs: Date.now(),
    accountId: owner.accountId,
    region: 'local',
    data,
    ...more,
  });
  const begin = () => [line('session.created', { identity: 'ann' }), line('leg.joined', { identity: 'ann' })];
  return { sessionId, line, begin };
}

const report = async (node: TestNode, events: Line[]) => {
  const response = await served.internal(node.request('sessionEvents', { events }));
  const { accepted } = (await response.json()) as { accepted?: number };
  return { status: response.status, accepted };
};
const read = (path: string, { accountId, key }: Tenant = account) =>
  served.rest('GET', `/v1/accounts/${accountId}/sessions${path}`, { key });

test('what comes to a relay without a call is a live session of its own, with its bytes, bit rate and end (NDS, MET-7)', async () => {
  const { sessionId, line, begin } = logOf();
  expect(await report(relay, begin())).toEqual({ status: 200, accepted: 2 });
  expect((await read(`/${sessionId}`)).body).toMatchObject({
    kind: 'relay',
    state: 'live',
    mode: 'pending',
    participants: 1,
    legs: [{ identity: 'ann' }],
  });
  const toMs = Date.now();
  const record = {
    id: { nodeId: relay.nodeId, boot: 1, sequence: ++count },
    accountId: account.accountId,
    credentialId: 'crd_ann',
    sessionId,
    segment: 0,
    service: 'network-discovery',
    region: 'local',
    modality: 'none' as const,
    fromMs: toMs - 5_000,
    toMs,
    quantities: [
      {
        meter: 'bytes',
        quantity: 700,
        dimensions: { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'none', direction: 'in' },
      },
    ],
  };
  await served.internal(relay.request('usage', { records: [record] }));
  await report(relay, [
    line('mode.changed', { mode: 'relay', previousMode: 'pending' }),
    line('quality.sampled', { sentBitsPerSecond: 1_000, receivedBitsPerSecond: 120 }),
  ]);
  expect((await read(`/${sessionId}`)).body).toMatchObject({
    state: 'live',
    mode: 'relay',
    relayBytes: '700',
    bitsPerSecond: 1_120,
  });
  const reason = { code: 'network-discovery.released', detail: '', helpUrl: '' };
  await report(relay, [line('leg.left'), line('session.ended', { reason, connectedMs: 5 })]);
  expect((await read(`/${sessionId}`)).body).toMatchObject({ state: 'ended', endCode: reason.code });
});

test('sessions are listed by kind', async () => {
  const [call, bare] = [logOf(), logOf()];
  await report(signaling, call.begin());
  await report(relay, bare.begin());
  const listed = async (kind: string) =>
    (await read(`?kind=${kind}&state=open`)).body.items.map(({ id }: { id: string }) => id);
  expect(await listed('call')).toEqual([call.sessionId]);
  expect(await listed('relay')).toEqual([bare.sessionId]);
  expect(await listed('all')).toHaveLength(2);
  expect((await read('?kind=other')).status).toBe(400);
});

test('a relay writes into no call, into no session of another relay, and signaling into none of a relay', async () => {
  const [call, bare] = [logOf(), logOf()];
  await report(signaling, call.begin());
  await report(relay, bare.begin());
  const end = { reason: { code: 'forged', detail: '', helpUrl: '' }, connectedMs: 0 };
  const attempts: readonly (readonly [TestNode, Line])[] = [
    [relay, call.line('session.ended', end)],
    [otherRelay, bare.line('session.ended', end)],
    [signaling, bare.line('session.ended', end)],
  ];
  for (const [node, line] of attempts)
    expect(await report(node, [line])).toEqual({ status: 200, accepted: 0 });
  for (const { sessionId } of [call, bare]) {
    expect((await read(`/${sessionId}`)).body.state).not.toBe('ended');
    expect((await read(`/${sessionId}/log`)).body.items).toHaveLength(2);
  }
});

test('a relay puts no line into the log of another account than its session’s, and nobody else sees the session (LIV-0)', async () => {
  const { sessionId, line, begin } = logOf();
  const foreign = line('leg.joined', {}, { legId: createId('leg'), legAccountId: stranger.accountId });
  expect(await report(relay, [...begin(), foreign])).toEqual({ status: 200, accepted: 0 });
  await report(relay, begin());
  for (const path of [`/${sessionId}`, `/${sessionId}/log`])
    expect((await read(path, stranger)).status).toBe(404);
  expect((await read('?state=all', stranger)).body.items).toEqual([]);
});

test('a node that holds no sessions reports none', async () => {
  const jobs = await enrolNode(served, ['jobs']);
  expect((await report(jobs, logOf().begin())).status).toBe(403);
});

test('no credential is for a session at a relay: to whoever narrows one to it, it is foreign (C1)', async () => {
  const { sessionId, begin } = logOf();
  await report(relay, begin());
  const { accountId } = account;
  const asked = await served.internal(relay.request('sessionStanding', { accountId, sessionId }));
  expect(await asked.json()).toEqual({ standing: 'foreign' });
});
