import { roomRulesOnTheFly } from '@patchbay/domain/conferencing/room';
import { writtenRules } from '@patchbay/domain/conferencing/room-words';
import type { InternalCall, InternalRequest } from '@patchbay/domain/fleet/internal-api';
import { createId } from '@patchbay/kit/ids';
import { verify } from '@patchbay/protocol/credential/credential';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { healthOf } from './health.ts';
import {
  type Answer,
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
let other: Served;
let account: Tenant;
let node: TestNode;

/** A database that is started for this file, on a busy machine. */
const START_MS_MAX = 60_000;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  other = serve(database.applicationUrl);
  account = await signUp(served, 'nodes');
  node = await enrolNode(served);
}, START_MS_MAX);

afterAll(async () => {
  await served.close();
  await other.close();
  await database.drop();
});

const call = <C extends InternalCall>(name: C, request: InternalRequest<C>) => callAs(node, name, request);

async function callAs<C extends InternalCall>(
  caller: TestNode,
  name: C,
  request: InternalRequest<C>,
): Promise<Pick<Answer, 'status' | 'body'>> {
  const response = await served.internal(caller.request(name, request));
  return { status: response.status, body: await response.json() };
}

test('what is not signed by an enrolled node, was altered, repeated or is out of time, is refused', async () => {
  const ask = (request: Request) => served.internal(request).then(({ status }) => status);
  const revocations = { sinceMs: 0 };
  const good = node.request('listRevocations', revocations);
  const repeated = good.clone();
  expect(await ask(good)).toBe(200);
  expect(await ask(repeated)).toBe(401);
  expect(await ask(new Request(good.url))).toBe(401);
  expect(await ask(node.request('listRevocations', revocations, { timeMs: Date.now() - 120_000 }))).toBe(401);
  const use = {
    accountId: account.accountId,
    prefixId: 'p',
    clientKey: 'c',
    usesMax: 1,
    isContinuation: false,
  };
  const altered = JSON.stringify({ ...use, usesMax: 1_000 });
  expect(await ask(node.request('countUse', use, { body: altered }))).toBe(401);
  // A stranger learns nothing of what a call looks like.
  expect(await ask(new Request(good.url.replace('sinceMs=0', 'sinceMs=never')))).toBe(401);
  const elsewhere = node.request('listRevocations', revocations);
  expect(await ask(new Request(elsewhere.url.replace('sinceMs=0', 'sinceMs=1'), elsewhere))).toBe(401);
  const stranger = await enrolNode(served);
  await served.control.fleet.remove(stranger.nodeId);
  expect(await ask(stranger.request('listRevocations', revocations))).toBe(401);
});

test('a join token lets one node in', async () => {
  const joinToken = await served.control.fleet.createJoinToken({
    roles: ['relay'],
    region: 'local',
    lifetimeMs: 60_000,
  });
  const enrol = (key: string) =>
    served.internal(
      new Request('http://control.test/internal/v1/nodes/enrol', {
        method: 'POST',
        body: JSON.stringify({ joinToken, name: 'n', roles: ['relay'], region: 'local', publicKey: key }),
      }),
    );
  const answers = await Promise.all(['a', 'b'].map((letter) => enrol(letter.repeat(42).concat('A'))));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test('a snapshot of a key verifies what the API mints with it, and says when it is revoked', async () => {
  await call('heartbeat', { boot: 1, urls: { turn: ['turn:192.0.2.1:3478'] }, load: {}, isDraining: false });
  const path = `/v1/accounts/${account.accountId}`;
  const { status, body } = await served.rest('POST', `${path}/services/network-discovery/ice-servers`, {
    key: account.key,
    body: { identity: 'bob' },
  });
  expect({ status, urls: body.iceServers?.[0]?.urls }).toEqual({
    status: 200,
    urls: ['turn:192.0.2.1:3478'],
  });
  const { username, credential: password } = body.iceServers[0];
  const snapshot = (await call('keySnapshot', { keyId: account.keyId })).body;
  expect(snapshot).toMatchObject({
    accountId: account.accountId,
    isRevoked: false,
    mode: 'live',
    mintsFor: ['network-discovery', 'notification', 'signaling'],
  });
  expect(snapshot.chain.at(-1)).toEqual({ id: account.accountId, state: 'active' });
  const mintKey = Buffer.from(snapshot.mintKey, 'base64url');
  expect(verify(mintKey, { username, password })).toMatchObject({ type: 'credential' });

  const { body: made } = await served.rest('POST', `${path}/keys`, { key: account.key, body: {} });
  await served.rest('DELETE', `${path}/keys/${made.id}`, { key: account.key });
  expect((await call('keySnapshot', { keyId: made.id })).body).toMatchObject({ isRevoked: true });
  expect(await call('keySnapshot', { keyId: createId('key') })).toMatchObject({ status: 404 });
  expect(await call('accountSnapshot', { accountId: createId('acc') })).toMatchObject({ status: 404 });
});

test('an application is known to nodes under its own account alone, and nobody mints for another’s (ACC-6)', async () => {
  const stranger = await signUp(served, 'stranger');
  const { body: application } = await served.rest('POST', `/v1/accounts/${stranger.accountId}/applications`, {
    key: stranger.key,
    body: { name: 'Shop', instanceTypes: ['paid'] },
  });
  const snapshotAt = (accountId: string) =>
    call('applicationSnapshot', { accountId, applicationId: application.id });
  expect((await snapshotAt(stranger.accountId)).body.capsByInstanceType).toHaveProperty('paid');
  expect(await snapshotAt(account.accountId)).toMatchObject({ status: 404 });

  await call('heartbeat', { boot: 1, urls: { turn: ['turn:192.0.2.1:3478'] }, load: {}, isDraining: false });
  const mintedBy = ({ accountId, key }: Tenant) =>
    served.rest('POST', `/v1/accounts/${accountId}/services/network-discovery/ice-servers`, {
      key,
      body: { applicationId: application.id },
    });
  expect(await mintedBy(stranger)).toMatchObject({ status: 200 });
  expect(await mintedBy(account)).toMatchObject({ status: 404, body: { code: 'resource.unknown' } });
});

test('nodes are told what the account’s configuration allows, with the defaults of what was not set (ACC-6)', async () => {
  const configured = await signUp(served, 'configured');
  const capsOf = async () => (await call('accountSnapshot', { accountId: configured.accountId })).body.caps;
  expect(await capsOf()).toEqual({
    'network-discovery': { lifetimeSecondsMax: 86_400 },
    notification: { lifetimeSecondsMax: 86_400 },
    signaling: { lifetimeSecondsMax: 86_400, isRelayOnly: false },
  });
  const put = (service: string, body: object) =>
    served.rest('PUT', `/v1/accounts/${configured.accountId}/services/${service}/config`, {
      key: configured.key,
      body,
    });
  await put('network-discovery', { credentialTtlSecondsMax: 600, bitsPerSecondMax: 64_000 });
  const ringing = { ringDevices: ['kind:mobile'], ringStrategy: 'in-turn', ringTurnSeconds: 20 };
  await put('signaling', { mode: 'relay', tokenTtlSecondsMax: 60, sessionSecondsMax: 10, ...ringing });
  expect(await capsOf()).toEqual({
    'network-discovery': { lifetimeSecondsMax: 600, bitsPerSecondMax: 64_000 },
    notification: { lifetimeSecondsMax: 86_400 },
    signaling: {
      ...{ lifetimeSecondsMax: 60, sessionSecondsMax: 10, isRelayOnly: true },
      ringing: { devices: ['kind:mobile'], strategy: 'in-turn', turnSeconds: 20 },
    },
  });
});

test('nodes are told what holds for each application and instance type: all levels above it, and its own (ACC-6, POL-2)', async () => {
  const parent = await signUp(served, 'levels');
  const rest = async (method: string, path: string, body: object) => {
    const answer = await served.rest(method, `/v1/accounts/${path}`, { key: parent.key, body });
    expect(answer, path).toMatchObject({ status: 200 });
    return answer.body;
  };
  const { id: accountId } = await rest('POST', `${parent.accountId}/accounts`, { name: 'Child' });
  const { id: applicationId } = await rest('POST', `${accountId}/applications`, {
    name: 'Shop',
    instanceTypes: ['free', 'paid'],
  });
  const application = `${accountId}/applications/${applicationId}`;
  const configure = (entity: string, service: string, body: object) =>
    rest('PUT', `${entity}/services/${service}/config`, body);
  const capsOf = async () => {
    const { body } = await call('applicationSnapshot', { accountId, applicationId });
    const { caps, capsByInstanceType } = body;
    return { caps, capsByInstanceType };
  };
  await configure(parent.accountId, 'network-discovery', { bitsPerSecondMax: 1_000_000 });
  await configure(application, 'signaling', { mode: 'relay' });
  await configure(`${application}/instance-types/free`, 'network-discovery', { bitsPerSecondMax: 64_000 });
  await configure(`${application}/instance-types/free`, 'signaling', { sessionSecondsMax: 60 });
  const calling = { lifetimeSecondsMax: 86_400, isRelayOnly: true };
  const relaying = { lifetimeSecondsMax: 86_400, bitsPerSecondMax: 1_000_000 };
  const notification = { lifetimeSecondsMax: 86_400 };
  const paid = { 'network-discovery': relaying, notification, signaling: calling };
  const free = {
    'network-discovery': { ...relaying, bitsPerSecondMax: 64_000 },
    notification,
    signaling: { ...calling, sessionSecondsMax: 60 },
  };
  expect(await capsOf()).toEqual({ caps: paid, capsByInstanceType: { free, paid } });

  // What the parent narrows afterwards holds at once, above what was set below.
  await configure(parent.accountId, 'network-discovery', { bitsPerSecondMax: 32_000 });
  const narrow = { lifetimeSecondsMax: 86_400, bitsPerSecondMax: 32_000 };
  expect((await call('accountSnapshot', { accountId })).body.caps['network-discovery']).toEqual(narrow);
  expect(await capsOf()).toMatchObject({
    caps: { 'network-discovery': narrow },
    capsByInstanceType: { free: { 'network-discovery': narrow }, paid: { 'network-discovery': narrow } },
  });

  // What the parent set for an instance type that is gone holds again when there is one of that name.
  await rest('PATCH', application, { instanceTypes: ['paid'] });
  expect(Object.keys((await capsOf()).capsByInstanceType)).toEqual(['paid']);
  await rest('PATCH', application, { instanceTypes: ['free', 'paid'] });
  expect((await capsOf()).capsByInstanceType.free.signaling).toEqual(free.signaling);
  await rest('DELETE', application, {});
  expect(await call('applicationSnapshot', { accountId, applicationId })).toMatchObject({ status: 404 });
});

test('a session is live for the accounts of its legs, until it has ended or they left, and foreign to all others (C1)', async () => {
  const [callee, stranger] = [await signUp(served, 'callee'), await signUp(served, 'passer-by')];
  const [sessionId, callerLeg, calleeLeg] = [createId('ses'), createId('leg'), createId('leg')];
  let sequence = 0;
  const signaling = await enrolNode(served, ['signaling']);
  const tell = (type: string, data: InternalRequest<'sessionEvents'>['events'][number]['data'], leg = {}) =>
    callAs(signaling, 'sessionEvents', {
      events: [
        {
          sessionId,
          sequence: ++sequence,
          type,
          atMs: Date.now(),
          accountId: account.accountId,
          region: 'local',
          data,
          ...leg,
        },
      ],
    });
  const standings = () =>
    Promise.all(
      [account, callee, stranger].map(
        async ({ accountId }) => (await call('sessionStanding', { sessionId, accountId })).body.standing,
      ),
    );
  const media = { audio: true, video: false, screen: false };
  const joined = (legId: string, { accountId }: Tenant) =>
    tell('leg.joined', { identity: 'x', accountId, media }, { legId, legAccountId: accountId });
  expect(await standings()).toEqual(['foreign', 'foreign', 'foreign']);
  await tell(
    'session.created',
    { to: 'user:bob', media, mode: 'auto' },
    { legId: callerLeg, legAccountId: account.accountId },
  );
  await joined(callerLeg, account);
  expect(await standings()).toEqual(['live', 'foreign', 'foreign']);
  await joined(calleeLeg, callee);
  expect(await standings()).toEqual(['live', 'live', 'foreign']);
  await tell('leg.left', { reason: 'x' }, { legId: calleeLeg, legAccountId: callee.accountId });
  expect(await standings()).toEqual(['live', 'ended', 'foreign']);
  await tell('session.ended', { reason: { code: 'x', detail: 'x', helpUrl: 'x' }, connectedMs: 0 });
  expect(await standings()).toEqual(['ended', 'ended', 'foreign']);
});

test('a key whose credentials are in use says when it was last used; a node cannot stamp it under another account (ACC-4)', async () => {
  const path = `/v1/accounts/${account.accountId}/keys`;
  const { body: key } = await served.rest('POST', path, {
    key: account.key,
    body: { name: 'mints offline' },
  });
  const lastUsed = async () =>
    (await served.rest('GET', path, { key: account.key })).body.items.find(
      ({ id }: { id: string }) => id === key.id,
    ).lastUsedAt;
  const stranger = await signUp(served, 'key-stranger');
  const used = (accountId: string) => call('keysUsed', { keys: [{ keyId: key.id, accountId }] });
  expect(await used(stranger.accountId)).toMatchObject({ status: 200 });
  expect(await lastUsed()).toBeUndefined();
  await used(account.accountId);
  const first = await lastUsed();
  expect(Date.now() - Date.parse(first)).toBeLessThan(60_000);
  await used(account.accountId);
  expect(await lastUsed()).toBe(first);
});

test('an account without a key that may mint is told so, and never gets a fault of ours', async () => {
  const keyless = await signUp(served, 'keyless');
  await call('heartbeat', { boot: 1, urls: { turn: ['turn:192.0.2.1:3478'] }, load: {}, isDraining: false });
  const path = `/v1/accounts/${keyless.accountId}`;
  const narrow = await served.rest('POST', `${path}/keys`, {
    key: keyless.key,
    body: { scopes: ['signaling:*', 'network-discovery:*'] },
  });
  await served.rest('DELETE', `${path}/keys/${keyless.keyId}`, { key: keyless.key });
  const answer = await served.rest('POST', `${path}/services/network-discovery/ice-servers`, {
    key: narrow.body.secret,
    body: {},
  });
  expect(answer).toMatchObject({ status: 422, body: { code: 'network-discovery.no_key' } });
});

test('of many who use a single-use credential at once, one is let in; who goes on with its use is, too (ACC-7)', async () => {
  const use = { accountId: account.accountId, prefixId: 'prefix-1', usesMax: 1, isContinuation: false };
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => call('countUse', { ...use, clientKey: `192.0.2.${index}` })),
  );
  expect(answers.filter(({ body }) => body.isAdmitted)).toHaveLength(1);
  const session = { ...use, clientKey: 'session:ses_1' };
  expect((await call('countUse', session)).body).toEqual({ isAdmitted: false });
  expect((await call('countUse', { ...session, isContinuation: true })).body).toEqual({ isAdmitted: true });
});

test('a batch of usage sent ten times, in any order, counts once; a node speaks for itself alone (MET-2)', async () => {
  const nowMs = Date.now();
  const record = (sequence: number, nodeId = node.nodeId) => ({
    id: { nodeId, boot: 1, sequence },
    accountId: account.accountId,
    segment: 0,
    service: 'network-discovery',
    region: 'local',
    modality: 'video' as const,
    fromMs: nowMs - 1_000,
    toMs: nowMs,
    quantities: [
      {
        meter: 'bytes',
        quantity: 1_000,
        dimensions: { transport: 'udp', addressFamily: 'ipv4', bandwidthClass: 'audio', direction: 'in' },
      },
    ],
  });
  const records = [record(1), record(2), record(3)];
  const receipts = [];
  for (let time = 0; time < 10; time++) {
    receipts.push((await call('usage', { records: time % 2 ? records.toReversed() : records })).body);
  }
  expect(receipts[0]).toMatchObject({ accepted: 3, duplicates: 0, refused: [] });
  expect(receipts[9]).toMatchObject({ accepted: 0, duplicates: 3 });
  const { body } = await served.rest(
    'GET',
    `/v1/accounts/${account.accountId}/services/network-discovery/use`,
    {
      key: account.key,
    },
  );
  expect(body.meters).toContainEqual({ meter: 'bytes', unit: 'byte', quantity: '3000' });
  expect(await call('usage', { records: [record(4, createId('nod'))] })).toMatchObject({ status: 403 });
  const undeclared = { ...record(5), quantities: [{ meter: 'nonsense', quantity: 1, dimensions: {} }] };
  expect((await call('usage', { records: [undeclared, record(6)] })).body).toMatchObject({
    accepted: 1,
    refused: [{ index: 0, code: 'meter_undeclared' }],
  });
});

test('a revocation at one control plane is on the stream of another within 2 seconds, and after a break too', async () => {
  const path = `/v1/accounts/${account.accountId}/keys`;
  const listen = async (lastEventId?: string) => {
    const response = await other.internal(node.stream(lastEventId));
    let text = '';
    const reader = response.body?.getReader();
    const pump = (async () => {
      for (;;) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) return;
        text += new TextDecoder().decode(value);
      }
    })();
    return {
      text: () => text,
      close: async () => {
        await reader?.cancel();
        await pump;
      },
    };
  };
  const revokeOne = async () => {
    const { body } = await served.rest('POST', path, { key: account.key, body: {} });
    await served.rest('DELETE', `${path}/${body.id}`, { key: account.key });
    return String(body.id);
  };
  const line = await listen();
  const first = await revokeOne();
  await vi.waitFor(() => expect(line.text()).toContain(`"keyId":"${first}"`), 2_000);
  const lastId = [...line.text().matchAll(/^id: (\d+)$/gm)].at(-1)?.[1];
  await line.close();
  const second = await revokeOne();
  const again = await listen(lastId);
  await vi.waitFor(() => expect(again.text()).toContain(`"keyId":"${second}"`), 2_000);
  expect(again.text()).not.toContain(first);
  await again.close();
});

test('a node that was away asks what was revoked meanwhile: keys and credentials (ACC-7)', async () => {
  const sinceMs = Date.now() - 60_000;
  const path = `/v1/accounts/${account.accountId}/keys`;
  const { body: key } = await served.rest('POST', path, { key: account.key, body: {} });
  await served.rest('DELETE', `${path}/${key.id}`, { key: account.key });
  expect((await call('listRevocations', { sinceMs })).body.items).toContainEqual({ keyId: key.id });
});

test('a node that has just been started asks which sessions were ended before it listened (LIV-1)', async () => {
  const end = { type: 'session.end', sessionId: createId('ses'), code: 'a', detail: 'b' } as const;
  expect(await call('publish', { message: end })).toMatchObject({ status: 200 });
  const { type: _, ...item } = end;
  expect((await call('listSessionEnds', {})).body.items).toContainEqual(item);
});

test('a node tells of sessions, and revokes nothing', async () => {
  const end = { type: 'session.end', sessionId: createId('ses'), code: 'a', detail: 'b' } as const;
  expect(await call('publish', { message: end })).toMatchObject({ status: 200 });
  expect(await call('publish', { message: { type: 'key.revoked', keyId: account.keyId } })).toMatchObject({
    status: 403,
  });
});

test('a node that drains is still there for those who are in a call through it, and gets nobody new (RES-1)', async () => {
  const draining = await enrolNode(served);
  const turn = ['turn:192.0.2.9:3478'];
  const beat = draining.request('heartbeat', { boot: 1, urls: { turn }, load: {}, isDraining: true });
  expect((await served.internal(beat)).status).toBe(200);
  const { items } = (await call('listNodes', {})).body;
  expect(items).toContainEqual(expect.objectContaining({ nodeId: draining.nodeId, isLive: true }));
  const live = await served.control.fleet.live({ role: 'relay' });
  expect(live.map(({ id }) => id)).not.toContain(draining.nodeId);
});

test('health names what is down, a role without a live node, and what can do nothing where it is', async () => {
  await call('heartbeat', { boot: 1, urls: { turn: ['turn:192.0.2.1:3478'] }, load: {}, isDraining: false });
  expect(await healthOf(served.control)).toEqual({
    status: 'down',
    roles: { 'control-plane': 'up', database: 'up', relay: 'up', signaling: 'down', jobs: 'down' },
    mail: 'none',
    jobs: [],
  });
  const beats = async (role: 'signaling' | 'jobs', load: Readonly<Record<string, number>> = {}) => {
    const beating = await enrolNode(served, [role]);
    const beat = { boot: 1, urls: {}, load: { ...load }, isDraining: false };
    await served.internal(beating.request('heartbeat', beat));
  };
  await beats('signaling');
  // It lives, and lacks what it would need on its machine: no outage, and no secret.
  await beats('jobs', { unable: 1 });
  const roles = { signaling: 'up', jobs: 'unable' };
  expect(await healthOf(served.control)).toMatchObject({ status: 'ok', roles });
  await beats('jobs');
  expect(await healthOf(served.control)).toMatchObject({ status: 'ok', roles: { jobs: 'up' } });
});

test('a room has one home, the node that tells of it; another is its home once that is silent, and no other node has a word (CNF)', async () => {
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  onTestFinished(() => owner.end());
  const parent = await signUp(served, 'rooms');
  const { accountId } = parent;
  const [media, other, signaling] = [
    await enrolNode(served, ['media']),
    await enrolNode(served, ['media']),
    await enrolNode(served, ['signaling']),
  ];
  const room = { accountId, name: 'standup' };
  const path = `/v1/accounts/${accountId}/services/conferencing`;
  const rest = (method: string, at: string, body?: object) =>
    served.rest(method, `${path}${at}`, { key: parent.key, ...(body && { body }) });
  const homeBy = (caller: TestNode, nodeId: string) => callAs(caller, 'roomHome', { ...room, nodeId });
  // Signaling asks for the node that it would take; a media node for itself, and for no other.
  expect((await homeBy(signaling, media.nodeId)).body).toEqual({ nodeId: media.nodeId });
  expect((await homeBy(other, other.nodeId)).body).toEqual({ nodeId: media.nodeId });
  expect(await homeBy(other, media.nodeId)).toMatchObject({ status: 403 });
  expect(await callAs(signaling, 'roomsTold', { rooms: [] })).toMatchObject({ status: 403 });
  const rules = writtenRules(roomRulesOnTheFly);
  const snapshot = { phase: 'live' as const, startedAtMs: 1, peakCount: 4, rules, participants: [] };
  const tell = (caller: TestNode, isOver: boolean) =>
    callAs(caller, 'roomsTold', { rooms: [{ ...room, isOver, ...(isOver ? {} : { snapshot }) }] });
  expect(await tell(media, false)).toMatchObject({ status: 200 });
  const shown = async () => (await rest('GET', '/rooms')).body.items;
  expect(await shown()).toMatchObject([{ room: 'standup', state: 'live', peakParticipantCount: 4 }]);
  // The word of another node about a room that is not its own is none.
  await tell(other, true);
  expect(await shown()).toHaveLength(1);
  await owner.query("UPDATE live_room SET lease_until = now() - interval '1 second'");
  expect(await shown()).toEqual([]);
  await rest('PUT', '/config', { participantCountMax: 5 });
  expect((await homeBy(signaling, other.nodeId)).body).toEqual({
    nodeId: other.nodeId,
    participantCountMax: 5,
  });
  await tell(media, true);
  expect(await shown()).toMatchObject([{ room: 'standup', state: 'waiting' }]);
  await tell(other, true);
  expect(await shown()).toEqual([]);
  // What is set for it is told to its home; an order that nobody answers says so.
  await rest('PUT', '/rooms/standup', { organiser: 'user:ann', isLocked: true });
  expect((await homeBy(other, other.nodeId)).body).toMatchObject({
    rules: { isLocked: true, participantCountMax: 5 },
    participants: [{ identity: 'user:ann', role: 'moderator' }],
  });
  const { bus } = served.control;
  const unsubscribe = bus.subscribe(
    ({ message }) => {
      if (message.type !== 'room.control' || message.order.nodeId !== other.nodeId) return;
      const answer = { kind: 'refused', refusal: 'room_unknown', detail: 'It is over.' } as const;
      void callAs(other, 'roomOrdered', { orderId: message.order.orderId, answer });
    },
    await bus.latest(),
  );
  onTestFinished(() => unsubscribe());
  expect(await rest('POST', '/rooms/standup/end', {})).toMatchObject({
    status: 409,
    body: { code: 'conferencing.not_running' },
  });
});
