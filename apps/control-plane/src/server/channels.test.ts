import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client, Pool } from 'pg';
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
let owner: Client;
let served: Served;
let acme: Tenant;
let other: Tenant;
let node: TestNode;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  served = serve(database.applicationUrl);
  [acme, other] = [await signUp(served, 'acme'), await signUp(served, 'other')];
  node = await enrolNode(served, ['signaling']);
  await beat(node, 1);
}, 120_000);

afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
});

const beat = (of: TestNode, boot: number) =>
  served.internal(
    of.request('heartbeat', { boot, urls: { signal: ['ws://signal.test'] }, load: {}, isDraining: false }),
  );

const ask = (method: string, path: string, body?: object) => askAs(acme, { method, path, body });
const askAs = async (
  { accountId, key }: Tenant,
  { method, path, body }: { method: string; path: string; body?: object | undefined },
) => {
  const answer = await served.rest(method, `/v1/accounts/${accountId}/services/notification${path}`, {
    key,
    ...(body === undefined ? {} : { body }),
  });
  return answer;
};
const publish = (channel: string, body: object, of: Tenant = acme) =>
  askAs(of, { method: 'POST', path: `/channels/${encodeURIComponent(channel)}/messages`, body });

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what its test says.
const asNode = async (request: Request): Promise<any> => (await served.internal(request)).json();
const client = { identity: 'bob' };
const subscribing = (channel: string, more: object = {}) => ({
  ...{ accountId: acme.accountId, channel, client, connectionId: 'con_1', boot: '1', isPresent: true },
  ...more,
});

test('an account has a bounded number of channels, however many begin at once, and goes on in those that it has', async () => {
  const { accountId } = await signUp(served, 'few');
  const pool = new Pool({ connectionString: database.url, max: 4 });
  const begun = async (channel: string) => {
    const { rows } = await pool.query(
      `SELECT is_fresh FROM channel_publish($1, $2, 'epoch', 'msg_' || $2, NULL, 'json', '1', NULL, NULL, 10, 60, 2)`,
      [accountId, channel],
    );
    return rows.length;
  };
  try {
    const counts = await Promise.all(['a', 'b', 'c', 'd'].map(begun));
    expect(counts.sort()).toEqual([0, 0, 1, 1]);
    const { rows } = await pool.query('SELECT name FROM channel WHERE account_id = $1', [accountId]);
    expect(rows).toHaveLength(2);
  } finally {
    await pool.end();
  }
});

test('putNamespace 200: whoever sets one at the same time, the log says of each what was there before (ACC-8)', async () => {
  const counts = [11, 12, 13, 14, 15, 16];
  const answers = await Promise.all(
    counts.map((historyCount) => ask('PUT', '/namespaces/at-once', { historyCount })),
  );
  expect(answers.map(({ status }) => status)).toEqual(counts.map(() => 200));
  const { rows } = await owner.query<{ before: number; after: number }>(
    `SELECT (before ->> 'historyCount')::int AS before, (after ->> 'historyCount')::int AS after FROM audit_entry
     WHERE account_id = $1 AND target = 'at-once' ORDER BY sequence`,
    [acme.accountId],
  );
  expect(rows.map(({ after }) => after).sort()).toEqual(counts);
  expect(rows.slice(1).map(({ before }) => before)).toEqual(rows.slice(0, -1).map(({ after }) => after));
});

test('publish 200: numbers have no gap, whoever publishes at the same time, and the log says what was said', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => publish('news', { data: { index, text: 'a\u007fb' } })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
  const offsets = answers.map(({ body }) => body.offset).sort((one, two) => one - two);
  expect(offsets).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  const { body } = await ask('GET', '/channels/news/messages?after=9');
  expect(body.items.map(({ offset }: { offset: number }) => offset)).toEqual([10, 11, 12]);
  expect(body.items[0].data.text).toBe('a\u007fb');
  expect(body).toMatchObject({ headOffset: 12, firstOffset: 1 });
});

test('publish 200: a message that is sent again with its key is published once, and another client’s key is another message', async () => {
  const first = await publish('keyed', { data: 1, messageKey: 'k' });
  expect((await publish('keyed', { data: 1, messageKey: 'k' })).body).toEqual(first.body);
  await ask('PUT', '/namespaces/default', { publishers: 'anybody' });
  const again = {
    accountId: acme.accountId,
    channel: 'keyed',
    client,
    encoding: 'json',
    data: '1',
    key: 'k',
  } as const;
  expect(await asNode(node.request('publishChannel', again))).toMatchObject({
    published: { offset: 2, isFresh: true },
  });
  expect(await asNode(node.request('publishChannel', again))).toMatchObject({
    published: { offset: 2, isFresh: false },
  });
  expect((await ask('DELETE', '/namespaces/default')).status).toBe(200);
  expect(await asNode(node.request('publishChannel', again))).toMatchObject({
    refusal: { code: 'notification.publish_refused' },
  });
});

test('publish 400 and 413: what is no message and what is too large is refused by name', async () => {
  expect(await publish('news', {})).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  expect(await publish('news', { base64: 'no base64' })).toMatchObject({ status: 400 });
  expect(await publish('no name', { data: 1 })).toMatchObject({ status: 400 });
  expect(await publish('news', { data: 'x'.repeat(25_000) })).toMatchObject({
    status: 413,
    body: { code: 'notification.message_too_large' },
  });
});

test('pages go from the newest back and from an offset on, each message once', async () => {
  for (let index = 1; index <= 5; index += 1) await publish('paged', { base64: 'AQID' });
  const walk = async (query: string) => {
    const seen: number[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await ask('GET', `/channels/paged/messages?limit=2${query}${cursor}`);
      seen.push(...body.items.map(({ offset }: { offset: number }) => offset));
      if (body.nextCursor === undefined) return seen;
      cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
  };
  expect(await walk('')).toEqual([5, 4, 3, 2, 1]);
  expect(await walk('&after=1')).toEqual([2, 3, 4, 5]);
});

test('a namespace keeps as many as it says, and who asks for what is gone is told from where on all is kept', async () => {
  await ask('PUT', '/namespaces/short', { historyCount: 2 });
  for (let index = 1; index <= 4; index += 1) await publish('short:a', { data: index });
  const { part } = await asNode(
    node.request('subscribeChannel', subscribing('short:a', { after: { offset: 1 } })),
  );
  expect(part).toMatchObject({ headOffset: 4, firstOffset: 3, throughOffset: 4 });
  expect(part.messages.map(({ data }: { data: string }) => data)).toEqual(['3', '4']);
});

test('a message that has outlived its own time is delivered to nobody, and is no loss', async () => {
  await publish('brief', { data: 1 });
  await publish('brief', { data: 2, ttlSeconds: 1 });
  await publish('brief', { data: 3 });
  await owner.query(
    `UPDATE channel_message SET expires_at = now() WHERE channel = 'brief' AND message_offset = 2`,
  );
  const { body } = await ask('GET', '/channels/brief/messages?after=0');
  expect(body.items.map(({ data }: { data: number }) => data)).toEqual([1, 3]);
  expect(body.firstOffset).toBe(1);
});

test('a channel that is removed begins anew in another epoch', async () => {
  const { body: before } = await publish('anew', { data: 1 });
  expect((await ask('DELETE', '/channels/anew')).status).toBe(200);
  expect((await ask('GET', '/channels/anew')).status).toBe(404);
  const { body: after } = await publish('anew', { data: 1 });
  expect(after.offset).toBe(1);
  expect(after.epoch).not.toBe(before.epoch);
  // Its first message is missing to whoever has seen as many of the other log.
  const missed = await asNode(node.request('subscribeChannel', subscribing('anew', { after: before })));
  expect(missed.part.messages).toMatchObject([{ epoch: after.epoch, offset: 1 }]);
});

test('another account’s channel of the same name is another channel', async () => {
  const { body: own } = await publish('shared', { data: 'of acme' });
  const { body: others } = await publish('shared', { data: 'of other' }, other);
  expect([own.offset, others.offset]).toEqual([1, 1]);
  const { body } = await askAs(other, { method: 'GET', path: '/channels/shared/messages' });
  expect(body.items.map(({ data }: { data: string }) => data)).toEqual(['of other']);
});

test('whom the namespace does not name may not subscribe, and whoever it names may', async () => {
  await ask('PUT', '/namespaces/inbox', { subscribers: 'named' });
  const foreign = await asNode(node.request('subscribeChannel', subscribing('inbox:carol')));
  expect(foreign.refusal).toMatchObject({ code: 'notification.subscribe_refused' });
  expect(await asNode(node.request('subscribeChannel', subscribing('inbox:bob')))).toMatchObject({
    part: { headOffset: 0 },
    showsPresence: true,
  });
});

test('a relay has no word in channels', async () => {
  const relay = await enrolNode(served, ['relay']);
  const answer = await served.internal(relay.request('subscribeChannel', subscribing('news')));
  expect(answer.status).toBe(403);
});

test('who is in a channel is there once, and is told off when they leave', async () => {
  await beat(node, 1);
  await asNode(node.request('subscribeChannel', subscribing('room')));
  await asNode(
    node.request('subscribeChannel', subscribing('room', { connectionId: 'con_2', device: 'mobile' })),
  );
  await asNode(node.request('subscribeChannel', subscribing('room')));
  const { body } = await ask('GET', '/channels/room/members');
  expect(body).toMatchObject({ memberCount: 2, items: [{ connectionId: 'con_1' }, { device: 'mobile' }] });
  const leaving = { accountId: acme.accountId, channel: 'room', connectionId: 'con_1' };
  await asNode(node.request('leaveChannels', { items: [leaving] }));
  expect((await ask('GET', '/channels/room')).body.memberCount).toBe(1);
});

test('who was in a channel by a node that is gone, or by an earlier run of it, is there no more, and the others are told', async () => {
  await ask('PUT', '/namespaces/lobby', { presenceEvents: true });
  const lost = await enrolNode(served, ['signaling']);
  await beat(lost, 7);
  await asNode(
    lost.request('subscribeChannel', subscribing('lobby:a', { connectionId: 'con_lost', boot: '7' })),
  );
  expect((await ask('GET', '/channels/lobby:a/members')).body.memberCount).toBe(1);
  await owner.query(`UPDATE node SET last_heartbeat_at = now() - interval '11 seconds' WHERE id = $1`, [
    lost.nodeId,
  ]);
  expect((await ask('GET', '/channels/lobby:a/members')).body.memberCount).toBe(0);
  await served.control.channels.tellOff();
  const told = await served.control.bus.kept('channel.presence');
  expect(told[0]).toMatchObject({ change: 'left', channel: 'lobby:a', member: { connectionId: 'con_lost' } });
  const { rows } = await owner.query(
    `SELECT type FROM platform_event WHERE data ->> 'channel' = 'lobby:a' ORDER BY id`,
  );
  expect(rows.map(({ type }) => type)).toEqual(['notification.channel.joined', 'notification.channel.left']);
});

test('a message is an event where its namespace says so, and nowhere else', async () => {
  await ask('PUT', '/namespaces/told', { messageEvents: true });
  await publish('told:a', { data: { order: 7 } });
  const { rows } = await owner.query(
    `SELECT data FROM platform_event WHERE type = 'notification.message.published'`,
  );
  expect(rows).toMatchObject([{ data: { channel: 'told:a', offset: 1, data: { order: 7 } } }]);
});

test('a callback that names a service is run with its event for a node of jobs: once, for its own account, and counted on (HKS-4)', async () => {
  await ask('PUT', '/namespaces/told', { messageEvents: true });
  // What happened before is nothing that the callback hears of.
  while ((await placeEvents(served.control.pool)) > 0);
  const url = 'service:notification?channel=told:{data.namespace}&data={data.namespace}';
  const set = await ask('PUT', '/callbacks', { callbacks: [{ url, events: ['namespace.set'] }] });
  const [{ webhookId }] = set.body.callbacks;
  for (const namespace of ['patched', 'again']) {
    await ask('PUT', `/namespaces/${namespace}`, { historyCount: 5 });
    // Deliveries that are made at one moment have no order.
    while ((await placeEvents(served.control.pool)) > 0);
  }
  const { body } = await served.rest(
    'GET',
    `/v1/accounts/${acme.accountId}/webhooks/${webhookId}/deliveries`,
    { key: acme.key },
  );
  const [later, first] = body.items;
  const jobs = await enrolNode(served, ['jobs']);
  const naming = { accountId: acme.accountId, webhookId, deliveryId: first.id, target: 'main' } as const;
  const run = (change: object = {}) =>
    asNode(jobs.request('runCallback', { ...naming, deliveryId: first.id, ...change }));
  // Whoever dies with a delivery in hand leaves it to another, and both may come to run it.
  const answers = await Promise.all([run(), run()]);
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  for (const { status, error } of answers)
    expect([undefined, 'request.in_progress'], String(status)).toContain(error);
  expect(await run()).toMatchObject({ status: 200 });
  expect((await ask('GET', '/channels/told:patched/messages')).body.items).toMatchObject([
    { offset: 1, data: 'patched' },
  ]);

  const { rows } = await owner.query(
    `SELECT hops FROM platform_event WHERE type = 'notification.message.published' AND data ->> 'channel' = 'told:patched'`,
  );
  expect(rows).toEqual([{ hops: 1 }]);
  await owner.query('UPDATE platform_event SET hops = 8 WHERE id = $1', [later.eventId]);
  expect(await run({ deliveryId: later.id })).toMatchObject({
    error: 'callback.too_many_hops',
    isFinal: true,
  });

  // What it names has to be the account's, and nobody but a node of jobs names it.
  expect(await run({ accountId: other.accountId })).toMatchObject({ code: 'resource.unknown' });
  expect(await run({ target: 'fallback' })).toMatchObject({ code: 'resource.unknown' });
  expect(await asNode(node.request('runCallback', naming))).toMatchObject({ code: 'auth.scope' });
});

test('what is past its time is forgotten, and so is a channel in which nothing was said for long', async () => {
  await publish('old', { data: 1 });
  await owner.query(
    `UPDATE channel_message SET forget_at = now() - interval '1 second' WHERE channel = 'old'`,
  );
  await owner.query(`UPDATE channel SET published_at = now() - interval '31 days' WHERE name = 'old'`);
  const forget = () => owner.query('SELECT channel_forget(30, 100)');
  await forget();
  expect((await ask('GET', '/channels/old/messages')).body).toMatchObject({ items: [], headOffset: 1 });
  await forget();
  expect((await ask('GET', '/channels/old')).status).toBe(404);
});

test('of an erased person neither the name under which they published is left, nor where a message speaks of their endpoint (PRD-4)', async () => {
  await ask('PUT', '/namespaces/erase', { publishers: 'anybody' });
  const said = { accountId: acme.accountId, channel: 'erase:a', client: { identity: 'zoe-secret' } };
  await asNode(
    node.request('publishChannel', { ...said, encoding: 'json', data: '"I am user:zoe-secret."', key: 'z1' }),
  );
  await publish('erase:a', { data: 'user:zoe-secret is here, and nobody else.' });
  await owner.query('BEGIN');
  await owner.query(`SELECT set_config('patchbay.account_id', $1, true)`, [acme.accountId]);
  const { rows: places } = await owner.query(
    `SELECT p.place, person_erase(p.place, $1, person_terms($1, $1, 'user:zoe-secret', 'erased-1'), true) AS count
     FROM person_places() p WHERE p.of_table = 'channel_message'`,
    [acme.accountId],
  );
  await owner.query('COMMIT');
  expect(places).toMatchObject([{ count: '2' }]);
  const { body } = await ask('GET', '/channels/erase:a/messages');
  expect(JSON.stringify(body)).not.toContain('zoe-secret');
  expect(body.items[1].publisher).toBe('erased-1');
});

const registration = (connectionId: string, more: object = {}) => ({
  ...{ accountId: acme.accountId, identity: 'dora', connectionId, sinceMs: Date.now() },
  ...{ device: { id: `device-of-${connectionId}`, kind: 'mobile' }, ...more },
});
const tellRegistered = (of: TestNode, here: readonly object[], gone: readonly object[] = []) =>
  asNode(of.request('registerEndpoints', { boot: '1', here: [...here], gone: [...gone] } as never));
const placesOf = async (asking: TestNode, tenant: Tenant = acme) =>
  (await asNode(asking.request('findRegistrations', { accountId: tenant.accountId, identity: 'dora' })))
    .items;

test('where an endpoint is connected is known while its node beats, to other nodes and of its own account', async () => {
  const far = await enrolNode(served, ['signaling']);
  await beat(far, 1);
  await tellRegistered(far, [registration('con_far')]);
  expect(await placesOf(node)).toEqual([{ nodeId: far.nodeId, connectionId: 'con_far' }]);
  // Told again, it changes nothing; whoever asks knows its own; another account has another dora.
  await tellRegistered(far, [registration('con_far')]);
  expect([await placesOf(far), await placesOf(node, other)]).toEqual([[], []]);
  // No node takes out what another one told of.
  await tellRegistered(node, [], [registration('con_far')]);
  expect(await placesOf(node)).toHaveLength(1);
  // A device that comes back elsewhere is no more where it was.
  await tellRegistered(far, [
    registration('con_new', { device: { id: 'device-of-con_far', kind: 'mobile' } }),
  ]);
  expect(await placesOf(node)).toMatchObject([{ connectionId: 'con_new' }]);
  await owner.query(`UPDATE node SET last_heartbeat_at = now() - interval '5.5 seconds' WHERE id = $1`, [
    far.nodeId,
  ]);
  expect(await placesOf(node)).toEqual([]);
  await beat(far, 1);
  expect(await placesOf(node)).toHaveLength(1);
  await tellRegistered(far, [], [registration('con_new')]);
  expect(await placesOf(node)).toEqual([]);
});

test('no other role tells where endpoints are connected, or asks for it', async () => {
  const relay = await enrolNode(served, ['relay']);
  const told = await tellRegistered(relay, [registration('con_relay')]);
  expect(told).toMatchObject({ code: 'auth.scope' });
  expect(
    await asNode(relay.request('findRegistrations', { accountId: acme.accountId, identity: 'dora' })),
  ).toMatchObject({ code: 'auth.scope' });
});

const turnsOf = async (identity: string) => {
  const { rows } = await owner.query(
    `SELECT data ->> 'isOnline' AS is_online FROM platform_event WHERE type = 'presence.identity.changed'
      AND data ->> 'identity' = $1 ORDER BY id`,
    [identity],
  );
  return rows.map(({ is_online }) => is_online === 'true');
};

test('whoever comes and goes is told of once, by devices, by a node that dies and by one that is back', async () => {
  const far = await enrolNode(served, ['signaling']);
  await beat(far, 1);
  const path = `/v1/accounts/${acme.accountId}/services/presence/identities`;
  const presenceOf = async (tenant: Tenant = acme) =>
    (await served.rest('GET', `${path}/erin`.replace(acme.accountId, tenant.accountId), { key: tenant.key }))
      .body;
  const [first, second] = ['con_1', 'con_2'].map((connectionId) =>
    registration(connectionId, {
      identity: 'erin',
      device: { id: connectionId, name: 'Tablet', kind: 'tablet' },
    }),
  );
  if (first === undefined || second === undefined) throw new Error('There are no two devices.');
  expect(await presenceOf()).toEqual({ identity: 'erin', state: 'offline', isInCall: false, devices: [] });
  await tellRegistered(far, [first]);
  await tellRegistered(far, [second]);
  await tellRegistered(far, [first]);
  expect(await turnsOf('erin')).toEqual([true]);
  expect(await presenceOf()).toMatchObject({ state: 'available', devices: [{ name: 'Tablet' }, {}] });
  expect(await presenceOf(other)).toMatchObject({ state: 'offline' });
  await tellRegistered(far, [], [first]);
  expect(await turnsOf('erin')).toEqual([true]);
  await owner.query(`UPDATE node SET last_heartbeat_at = now() - interval '6 seconds' WHERE id = $1`, [
    far.nodeId,
  ]);
  // Both of two processes look: it is told once.
  await Promise.all([served.control.presence.tellOfNodes(), served.control.presence.tellOfNodes()]);
  expect(await turnsOf('erin')).toEqual([true, false]);
  expect(await presenceOf()).toMatchObject({ state: 'offline', lastSeenAt: expect.any(String) });
  await beat(far, 1);
  await served.control.presence.tellOfNodes();
  await tellRegistered(far, [], [second]);
  expect(await turnsOf('erin')).toEqual([true, false, true, false]);
  const { items } = (await served.rest('GET', `${path}?standing=offline`, { key: acme.key })).body;
  expect(items.map(({ identity }: { identity: string }) => identity)).toContain('erin');
});

test('what somebody says of themselves is kept through coming and going, and whoever talks is busy', async () => {
  const path = `/v1/accounts/${acme.accountId}/services/presence/identities/dora`;
  const said = await served.rest('PUT', path, { key: acme.key, body: { state: 'away', note: 'Out' } });
  expect(said).toMatchObject({ status: 200, body: { state: 'offline', note: 'Out' } });
  await beat(node, 1);
  await tellRegistered(node, [registration('con_dora')]);
  expect((await served.rest('GET', path, { key: acme.key })).body).toMatchObject({ state: 'away' });
  expect((await served.rest('DELETE', path, { key: acme.key })).body).toMatchObject({ state: 'available' });
  await owner.query(
    `INSERT INTO session_leg (id, session_id, account_id, identity, state, joined_at)
      VALUES ('leg_of_dora', 'ses_of_dora', $1, 'dora', 'joined', now())`,
    [acme.accountId],
  );
  expect((await served.rest('GET', path, { key: acme.key })).body).toMatchObject({
    state: 'busy',
    isInCall: true,
  });
});

test('who of an account sees how somebody is, is its word; what a client says is told, and cut to what is allowed', async () => {
  const config = (body: object) =>
    served.rest('PUT', `/v1/accounts/${acme.accountId}/services/presence/config`, { key: acme.key, body });
  const look = async (more: object = {}) =>
    asNode(
      node.request('askPresence', {
        ...{ accountId: acme.accountId, viewer: 'alice', identities: ['frank', 'alice'], ...more },
      }),
    );
  await beat(node, 1);
  await tellRegistered(node, [registration('con_frank', { identity: 'frank' })]);
  await config({ noteLengthMax: 5 });
  const said = await look({ says: { identity: 'frank', state: 'away', note: 'Lunch break' } });
  expect(said.items).toEqual([
    { identity: 'frank', state: 'away', note: 'Lunch', isInCall: false },
    { identity: 'alice', state: 'offline', isInCall: false },
  ]);
  const { rows } = await owner.query(
    `SELECT data FROM platform_event WHERE type = 'presence.identity.said' AND data ->> 'identity' = 'frank'`,
  );
  expect(rows).toEqual([{ data: { identity: 'frank', state: 'away', note: 'Lunch' } }]);
  const told = await served.control.bus.kept('presence.changed');
  expect(told).toContainEqual(expect.objectContaining({ accountId: acme.accountId, identity: 'frank' }));
  await config({ visibleTo: 'listed', visibleToIdentities: ['carol'] });
  expect((await look()).items).toMatchObject([{ state: 'hidden' }, { state: 'offline' }]);
  expect((await look({ viewer: 'carol' })).items).toMatchObject([{ state: 'away' }, {}]);
  await config({ visibleTo: 'nobody' });
  expect((await look({ viewer: 'carol' })).items).toMatchObject([{ state: 'hidden' }, { state: 'hidden' }]);
  const relay = await enrolNode(served, ['relay']);
  const asked = { accountId: acme.accountId, viewer: 'alice', identities: [] };
  expect(await asNode(relay.request('askPresence', asked))).toMatchObject({ code: 'auth.scope' });
});
