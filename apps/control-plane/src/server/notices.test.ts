import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { placeEvents } from '@patchbay/adapters/hooks/event-sequencer';
import { noticeQueue } from '@patchbay/adapters/notices/notice-queue';
import { erasureStore } from '@patchbay/adapters/privacy/erasure-store';
import { workOnErasures } from '@patchbay/adapters/privacy/erasure-writer';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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
const servers: Server[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  served = serve(database.applicationUrl, { PATCHBAY_ALLOW_LOOPBACK_PEERS: '1' });
  [acme, other] = [await signUp(served, 'acme'), await signUp(served, 'other')];
  node = await enrolNode(served, ['signaling']);
  await served.internal(
    node.request('heartbeat', {
      boot: 1,
      urls: { signal: ['ws://signal.test'] },
      load: {},
      isDraining: false,
    }),
  );
  const webPush = { contact: 'mailto:ops@example.com' };
  await ask('PUT', '/ways/web-push', { webPush });
}, 120_000);
afterAll(async () => {
  for (const server of servers) server.close();
  await served.close();
  await owner.end();
  await database.drop();
});

const ask = (method: string, path: string, body?: object) => askAs(acme, { method, path, body });
async function askAs(
  { key, accountId }: Tenant,
  { method, path, body }: { method: string; path: string; body?: object | undefined },
) {
  const answer = await served.rest(method, `/v1/accounts/${accountId}/services/notification${path}`, {
    key,
    ...(body === undefined ? {} : { body }),
  });
  return answer.body;
}
const send = (fields: object, of: Tenant = acme) =>
  askAs(of, { method: 'POST', path: '/notices', body: { title: 'Your turn', ...fields } });
const read = (id: string) => ask('GET', `/notices/${id}`);
const runDue = () => served.control.noticeWorker.runDue();
/** What waits is due now. */
const passTime = (id: string) =>
  owner.query(
    `WITH due AS (UPDATE notice SET due_at = now() - interval '1 second' WHERE id = $1 AND due_at IS NOT NULL)
     UPDATE notice_delivery SET retry_at = now() - interval '1 second' WHERE notice_id = $1 AND retry_at IS NOT NULL`,
    [id],
  );
async function eventsOf(noticeId: string) {
  const { rows } = await owner.query(
    "SELECT type, data FROM platform_event WHERE data ->> 'noticeId' = $1 ORDER BY at, id",
    [noticeId],
  );
  return rows.map(({ type }) => type.replace('notification.notice.', ''));
}

interface Answering {
  readonly status: number;
  readonly headers?: Record<string, string>;
}

/** A browser with its push service, on this machine. Answers the last one of `answers` again and again. */
async function browser(...answers: readonly Answering[]) {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const auth = randomBytes(16);
  // biome-ignore lint/suspicious/noExplicitAny: what came is what its test says.
  const taken: { headers: IncomingHttpHeaders; told: any }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      taken.push({ headers: request.headers, told: JSON.parse(opened(Buffer.concat(chunks))) });
      const { status, headers } = answers[Math.min(taken.length, answers.length) - 1] ?? { status: 201 };
      response.writeHead(status, headers).end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  /** As RFC 8291 §3.4 has a browser do it. */
  function opened(body: Buffer): string {
    const [salt, point, text] = [body.subarray(0, 16), body.subarray(21, 86), body.subarray(86)];
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), point]);
    const input = Buffer.from(hkdfSync('sha256', pair.computeSecret(point), auth, info, 32));
    const of = (name: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', input, salt, `Content-Encoding: ${name}\0`, bytes));
    const decipher = createDecipheriv('aes-128-gcm', of('aes128gcm', 16), of('nonce', 12));
    decipher.setAuthTag(text.subarray(-16));
    const padded = Buffer.concat([decipher.update(text.subarray(0, -16)), decipher.final()]);
    return padded.subarray(0, padded.lastIndexOf(2)).toString('utf8');
  }
  return {
    taken,
    webPush: {
      endpoint: `http://127.0.0.1:${port}/push/secret-path`,
      p256dh: pair.getPublicKey('base64url'),
      auth: auth.toString('base64url'),
    },
  };
}
const subscribe = (identity: string, place: object, of: Tenant = acme) =>
  askAs(of, { method: 'POST', path: '/subscriptions', body: { identity, ...place } });
const receipt = async (url: string, word: string) =>
  await served.control.takeReceipt(`${url}&receipt=${word}`).then(
    () => 204,
    (error: { fields: { status: number } }) => error.fields.status,
  );

test('a browser is sent what only it can open, and says by the link in it that it came and was read (NTF)', async () => {
  const { taken, webPush } = await browser({ status: 201 });
  const { id: subscriptionId } = await subscribe('bob', { device: 'Laptop', webPush });
  const { id } = await send({
    identity: 'bob',
    body: 'Room 7.',
    data: { room: 7 },
    tag: 'turn',
    urgency: 'high',
  });
  await runDue();
  const { publicKey } = await ask('GET', '/ways/web-push');
  expect(taken).toHaveLength(1);
  expect(taken[0]?.headers).toMatchObject({ urgency: 'high', topic: 'turn' });
  expect(taken[0]?.headers.authorization).toContain(`k=${publicKey}`);
  const told = taken[0]?.told;
  expect(told).toMatchObject({
    title: 'Your turn',
    body: 'Room 7.',
    data: { room: 7 },
    tag: 'turn',
    noticeId: id,
  });
  const accepted = { way: 'web-push', subscriptionId, device: 'Laptop', state: 'accepted', attemptCount: 1 };
  expect(await read(id)).toMatchObject({ state: 'sent', sentAt: expect.any(String), deliveries: [accepted] });
  expect(await receipt(told.receiptUrl, 'delivered')).toBe(204);
  expect(await read(id)).toMatchObject({ state: 'delivered', deliveredAt: expect.any(String) });
  expect(await receipt(told.receiptUrl, 'read')).toBe(204);
  // Said again, and said late, it is no news.
  expect(await receipt(told.receiptUrl, 'read')).toBe(204);
  expect(await receipt(told.receiptUrl, 'delivered')).toBe(204);
  expect(await read(id)).toMatchObject({ state: 'read', readAt: expect.any(String) });
  expect(await eventsOf(id)).toEqual(['sent', 'delivered', 'read']);
  expect((await ask('GET', '/subscriptions?identity=bob')).items).toMatchObject([
    { usedAt: expect.any(String) },
  ]);
});

test('a link of a receipt opens its own notice and nothing else: altered, of another word or over, it leads nowhere', async () => {
  const { taken, webPush } = await browser({ status: 201 });
  await subscribe('linked', { webPush });
  const [first, second] = [await send({ identity: 'linked' }), await send({ identity: 'linked' })];
  await runDue();
  const url = taken.find(({ told }) => told.noticeId === first.id)?.told.receiptUrl as string;
  expect(await receipt(url.replace(first.id, second.id), 'read')).toBe(404);
  expect(await receipt(url.replace(acme.accountId, other.accountId), 'read')).toBe(404);
  expect(await receipt(url.replace(/expires=\d/, 'expires=9'), 'read')).toBe(404);
  expect(await receipt(url, 'eaten')).toBe(404);
  vi.useFakeTimers({ now: Date.now() + 40 * 86_400_000, toFake: ['Date'] });
  expect(await receipt(url, 'read')).toBe(404);
  vi.useRealTimers();
  expect([(await read(first.id)).state, (await read(second.id)).state]).toEqual(['sent', 'sent']);
});

test('a browser that is gone is forgotten, the account is told, and the next way is tried at once (NTF)', async () => {
  const { webPush } = await browser({ status: 410 });
  const { id: subscriptionId } = await subscribe('gone', { webPush });
  await subscribe('gone', { email: { address: 'gone@example.test' } });
  const { id } = await send({ identity: 'gone', title: 'Come back' });
  await runDue();
  expect(await read(id)).toMatchObject({
    state: 'sent',
    deliveries: [
      { way: 'web-push', state: 'gone' },
      { way: 'email', state: 'accepted' },
    ],
  });
  expect((await ask('GET', '/subscriptions?identity=gone')).items).toMatchObject([{ way: 'email' }]);
  const { rows } = await owner.query(
    "SELECT data FROM platform_event WHERE type = 'notification.subscription.removed' AND data ->> 'subscriptionId' = $1",
    [subscriptionId],
  );
  expect(rows).toMatchObject([{ data: { cause: 'gone', endpoint: 'user:gone' } }]);
  const { rows: mails } = await owner.query("SELECT subject FROM mail WHERE recipient = 'gone@example.test'");
  expect(mails).toEqual([{ subject: 'Come back' }]);
});

test('push, and an e-mail where nobody says in time that it came: none where somebody does (NTF)', async () => {
  const { taken, webPush } = await browser({ status: 201 });
  await subscribe('later', { webPush });
  await subscribe('later', { email: { address: 'later@example.test' } });
  const ways = ['push', 'email+300'];
  const [silent, seen] = [await send({ identity: 'later', ways }), await send({ identity: 'later', ways })];
  await runDue();
  await runDue();
  const mails = async () =>
    (await owner.query("SELECT count(*)::int AS n FROM mail WHERE recipient = 'later@example.test'")).rows[0]
      .n;
  expect(await mails()).toBe(0);
  const url = taken.find(({ told }) => told.noticeId === seen.id)?.told.receiptUrl as string;
  await receipt(url, 'delivered');
  vi.useFakeTimers({ now: Date.now() + 301_000, toFake: ['Date'] });
  await passTime(silent.id);
  await passTime(seen.id);
  await runDue();
  vi.useRealTimers();
  expect(await mails()).toBe(1);
  expect((await read(silent.id)).deliveries.map(({ way }: { way: string }) => way)).toEqual([
    'web-push',
    'email',
  ]);
  expect((await read(seen.id)).deliveries).toHaveLength(1);
});

test('a push service that asks to wait is asked again no sooner, and is given up after five attempts (NTF)', async () => {
  const wait = { status: 429, headers: { 'retry-after': '120' } };
  const { taken, webPush } = await browser(wait, { status: 503 });
  await subscribe('busy', { webPush });
  const { id } = await send({ identity: 'busy', ways: ['push'] });
  await runDue();
  const { rows } = await owner.query(
    'SELECT extract(epoch FROM due_at - now()) AS s, lease_until FROM notice WHERE id = $1',
    [id],
  );
  expect(Number(rows[0].s)).toBeGreaterThan(110);
  expect(rows[0].lease_until).toBeNull();
  await runDue();
  expect(taken).toHaveLength(1);
  for (let time = 0; time < 6; time++) {
    await passTime(id);
    await runDue();
  }
  expect(taken).toHaveLength(5);
  expect(await read(id)).toMatchObject({
    state: 'failed',
    deliveries: [{ state: 'failed', attemptCount: 5, reason: 'status_503' }],
  });
  expect(await eventsOf(id)).toEqual(['failed']);
});

test('who is connected is told in a channel of their own, once, and nobody else may listen (NTF)', async () => {
  const join = (identity: string) =>
    served.internal(
      node.request('subscribeChannel', {
        ...{
          accountId: acme.accountId,
          channel: 'notices:con',
          client: { identity },
          connectionId: `c-${identity}`,
        },
        ...{ boot: '1', isPresent: true },
      }),
    );
  const away = await send({ identity: 'con', ways: ['websocket'] });
  await runDue();
  expect(await read(away.id)).toMatchObject({ state: 'failed', deliveries: [] });
  expect(await (await join('eve')).json()).toMatchObject({
    refusal: { code: 'notification.subscribe_refused' },
  });
  expect(await (await join('con')).json()).toMatchObject({ showsPresence: true });
  const { id } = await send({ identity: 'con' });
  await runDue();
  await runDue();
  const { items } = await ask('GET', `/channels/${encodeURIComponent('notices:con')}/messages`);
  expect(items).toMatchObject([
    { data: { title: 'Your turn', noticeId: id, receiptUrl: expect.any(String) } },
  ]);
  expect(await read(id)).toMatchObject({
    state: 'sent',
    deliveries: [{ way: 'websocket', state: 'accepted' }],
  });
});

test('webhooks are told the whole of a notice whose way they are, and callbacks of the endpoint of what is its own (NTF)', async () => {
  const { id: endpointId } = (
    await served.rest('POST', `/v1/accounts/${acme.accountId}/endpoints`, {
      key: acme.key,
      body: { identifier: 'user:hooked' },
    })
  ).body;
  const callbacks = [{ url: 'http://127.0.0.1:9/hooked', events: ['notice.handed', 'notice.sent'] }];
  const at = `/v1/accounts/${acme.accountId}/endpoints/${endpointId}/services/notification/callbacks`;
  const set = await served.rest('PUT', at, { key: acme.key, body: { callbacks } });
  expect(set.status).toBe(200);
  const { id } = await send({ identity: 'hooked', body: 'B', ways: ['webhook'] });
  const { id: otherId } = await send({ identity: 'unhooked', ways: ['webhook'] });
  await runDue();
  expect((await eventsOf(id)).sort()).toEqual(['handed', 'sent']);
  const pool = new Pool({ connectionString: database.url, max: 1 });
  await placeEvents(pool);
  await pool.end();
  const { rows } = await owner.query(
    `SELECT e.type, e.data FROM webhook_delivery d JOIN platform_event e ON e.id = d.event_id
     WHERE e.data ->> 'noticeId' = ANY ($1) ORDER BY e.type`,
    [[id, otherId]],
  );
  expect(rows).toMatchObject([
    { type: 'notification.notice.handed', data: { title: 'Your turn', body: 'B', endpoint: 'user:hooked' } },
    { type: 'notification.notice.sent', data: { ways: ['webhook'] } },
  ]);
});

test('each way to each place is metered once for the endpoint, and an account mails no more a day than it may', async () => {
  await askAs(other, { method: 'PUT', path: '/config', body: { emailsPerDayMax: 1 } });
  await subscribe('ann', { email: { address: 'ann@example.test' } }, other);
  const sent = await Promise.all([1, 2, 3].map(() => send({ identity: 'ann' }, other)));
  await runDue();
  const reasons = await Promise.all(
    sent.map(
      async ({ id }) =>
        (await askAs(other, { method: 'GET', path: `/notices/${id}` })).deliveries[0].reason ?? 'sent',
    ),
  );
  // All at once, and one of them alone.
  expect(reasons.sort()).toEqual(['emails_per_day', 'emails_per_day', 'sent']);
  await expect
    .poll(
      async () =>
        (
          await owner.query(
            "SELECT coalesce(sum(m.sum), 0)::int AS n FROM usage_session m WHERE m.account_id = $1 AND m.meter = 'notification.notices' AND m.endpoint_id = 'user:ann'",
            [other.accountId],
          )
        ).rows[0].n,
      { timeout: 10_000 },
    )
    .toBe(1);
});

test('what is cancelled goes no further, whoever has it in hand; a lease that ended is taken again', async () => {
  const { taken, webPush } = await browser({ status: 201 });
  await subscribe('halt', { webPush });
  const { id } = await send({ identity: 'halt' });
  await owner.query(
    "UPDATE notice SET taken_count = 1, lease_until = now() + interval '1 minute' WHERE id = $1",
    [id],
  );
  await runDue();
  expect(taken).toHaveLength(0);
  await owner.query('UPDATE notice SET lease_until = now() WHERE id = $1', [id]);
  await runDue();
  expect(taken).toHaveLength(1);
  const { id: stopped } = await send({ identity: 'halt' });
  expect(await ask('DELETE', `/notices/${stopped}`)).toMatchObject({ state: 'cancelled' });
  await runDue();
  expect(taken).toHaveLength(1);
});

test('whoever held it too long writes nothing of it any more, and whoever has it now does', async () => {
  const { id } = await send({ identity: 'stale', ways: ['push'] });
  const queue = noticeQueue(served.control.pool);
  const claim = async () =>
    (await queue.claim({ countMax: 10, leaseMs: 60_000 })).find((one) => one.id === id);
  const first = await claim();
  await owner.query('UPDATE notice SET lease_until = now() WHERE id = $1', [id]);
  const second = await claim();
  if (first === undefined || second === undefined) throw new Error('It was not taken twice.');
  const end = { step: 1, places: [], end: 'failed', nowMs: Date.now(), leaseMs: 60_000 } as const;
  expect(await queue.write(first, end)).toBe(false);
  expect(await read(id)).toMatchObject({ state: 'waiting' });
  expect(await queue.write(second, end)).toBe(true);
  expect(await read(id)).toMatchObject({ state: 'failed' });
  expect(await eventsOf(id)).toEqual(['failed']);
});

test('an account with much to tell holds up no other: each has its turn (QUE-2)', async () => {
  const many = await Promise.all(
    Array.from({ length: 12 }, () => send({ identity: 'nobody', ways: ['push'] })),
  );
  const urgent = await send({ identity: 'nobody', ways: ['push'], urgency: 'high' });
  const alone = await send({ identity: 'nobody', ways: ['push'] }, other);
  const { rows } = await owner.query<{ id: string; account_id: string }>(
    'SELECT * FROM notice_claim(3, 8, 60000)',
  );
  const ids = rows.map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([urgent.id, alone.id]));
  const { rows: rest } = await owner.query<{ account_id: string }>(
    'SELECT * FROM notice_claim(100, 8, 60000)',
  );
  // No more of one account at a time than it may have, those that are in hand among them.
  const ofAcme = [...rows, ...rest].filter(({ account_id }) => account_id === acme.accountId);
  expect(ofAcme).toHaveLength(8);
  expect(many).toHaveLength(12);
  await owner.query('UPDATE notice SET due_at = NULL, lease_until = NULL WHERE due_at IS NOT NULL');
});

test('an SMS goes to a number by the provider that the account set, with its token, and STOP forgets the number (NTF)', async () => {
  const asked: { url: string | undefined; authorization: string | undefined; body: string }[] = [];
  const answers = [
    { status: 201, body: { sid: 'SM1' } },
    { status: 400, body: { code: 21_610 } },
  ];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      asked.push({ url: request.url, authorization: request.headers.authorization, body });
      const answer = answers[asked.length - 1];
      response.writeHead(answer?.status ?? 500).end(JSON.stringify(answer?.body));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await ask('PUT', '/ways/sms', {
    sms: { baseUrl, accountSid: 'AC9', authToken: 'token', from: '+49301111111' },
  });
  await subscribe('phoned', { sms: { number: '+49302222222' } });
  const [first, second] = [
    await send({ identity: 'phoned', body: 'Room 7.', ways: ['sms'] }),
    await send({ identity: 'phoned', ways: ['sms'], urgency: 'low' }),
  ];
  await owner.query("UPDATE notice SET due_at = now() + interval '1 minute' WHERE id = $1", [second.id]);
  await runDue();
  await passTime(second.id);
  await runDue();
  expect(asked[0]).toMatchObject({
    url: '/2010-04-01/Accounts/AC9/Messages.json',
    authorization: `Basic ${Buffer.from('AC9:token').toString('base64')}`,
  });
  expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toEqual({
    ...{ To: '+49302222222', From: '+49301111111', Body: 'Your turn\nRoom 7.' },
  });
  expect(await read(first.id)).toMatchObject({ state: 'sent' });
  expect(await read(second.id)).toMatchObject({
    state: 'failed',
    deliveries: [{ way: 'sms', state: 'gone' }],
  });
  expect((await ask('GET', '/subscriptions?identity=phoned')).items).toEqual([]);
});

test('a way for which nothing is set is said to be so, and nothing of a suspended account goes out', async () => {
  await subscribe('apped', { fcm: { token: 'installation' } });
  const { id } = await send({ identity: 'apped', ways: ['push'] });
  await runDue();
  expect(await read(id)).toMatchObject({
    state: 'failed',
    deliveries: [{ way: 'fcm', state: 'refused', reason: 'way_not_set' }],
  });
  const { taken, webPush } = await browser({ status: 201 });
  const third = await signUp(served, 'third');
  await askAs(third, {
    method: 'PUT',
    path: '/ways/web-push',
    body: { webPush: { contact: 'mailto:a@b.test' } },
  });
  await subscribe('halted', { webPush }, third);
  const late = await send({ identity: 'halted' }, third);
  await owner.query("UPDATE account SET state = 'suspended' WHERE id = $1", [third.accountId]);
  await runDue();
  expect(taken).toHaveLength(0);
  const { rows } = await owner.query('SELECT state FROM notice WHERE id = $1', [late.id]);
  expect(rows).toEqual([{ state: 'failed' }]);
});

test('keys and addresses are sealed where they lie, and another account finds none of it (C6)', async () => {
  const { webPush } = await browser({ status: 201 });
  const added = await subscribe('sealed', { webPush });
  const dump = await owner.query(
    "SELECT (SELECT string_agg(s::text, ' ') FROM notice_subscription s) || (SELECT string_agg(w::text, ' ') FROM notice_way w) AS all",
  );
  const hex = Buffer.from('secret-path').toString('hex');
  expect(dump.rows[0].all).not.toContain(hex);
  expect(dump.rows[0].all).not.toContain('secret-path');
  const sms = { accountSid: 'AC1', authToken: 'correct-horse-battery', from: '+49301234567' };
  expect(JSON.stringify(await ask('PUT', '/ways/sms', { sms }))).not.toContain('correct-horse');
  const before = await ask('GET', '/ways/web-push');
  const after = await ask('PUT', '/ways/web-push', { webPush: { contact: 'https://example.com/ops' } });
  expect(after).toMatchObject({
    publicKey: before.publicKey,
    settings: { contact: 'https://example.com/ops' },
  });
  expect(await askAs(other, { method: 'GET', path: '/ways/sms' })).toEqual({ way: 'sms', isSet: false });
  expect(await askAs(other, { method: 'DELETE', path: `/subscriptions/${added.id}` })).toMatchObject({
    status: 404,
  });
});

test('of a person who is erased nothing is left of what they were told and where, and nothing more is told (PRD-4)', async () => {
  const { taken, webPush } = await browser({ status: 503 });
  await subscribe('eve.q-zq', { device: 'Eve phone', webPush });
  const { id } = await send({ identity: 'eve.q-zq', body: 'For eve alone', ways: ['push'] });
  await runDue();
  expect(taken).toHaveLength(1);
  const pool = served.control.pool;
  const erasures = erasureStore(pool);
  const made = await erasures.create({
    accountId: acme.accountId,
    person: 'user:eve.q-zq',
    requestedBy: 'usr_x',
  });
  if (typeof made === 'string') throw new Error(made);
  await workOnErasures(pool, { nowMs: Date.now });
  await erasures.decide({ accountId: acme.accountId, erasureId: made.id, state: 'running', by: 'usr_x' });
  await workOnErasures(pool, { nowMs: Date.now });
  await passTime(id);
  await runDue();
  expect(taken).toHaveLength(1);
  const notice = await read(id);
  expect(notice).toMatchObject({ state: 'cancelled', endpoint: expect.stringMatching(/^user:erased-/) });
  expect(notice).not.toHaveProperty('title');
  const { rows } = await owner.query(
    "SELECT string_agg(n::text, ' ') || (SELECT string_agg(s::text, ' ') FROM notice_subscription s) AS all FROM notice n",
  );
  for (const word of ['eve.q-zq', 'For eve alone', 'Eve phone']) expect(rows[0].all).not.toContain(word);
});
