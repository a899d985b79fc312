import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { readTarget } from '@patchbay/domain/notices/notice-target';
import { afterEach, expect, test } from 'vitest';
import { AddressRule } from '../outgoing/address-rule.ts';
import { noticeSender, type SentTarget } from './send-notice.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const nowMs = Date.UTC(2026, 11, 6, 7);
const pemOf = (type: 'rsa' | 'ec') =>
  (type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  ).privateKey
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
const set = {
  fcm: { projectId: 'shop-1', clientEmail: 'push@shop-1.test', privateKey: pemOf('rsa') },
  apns: {
    ...{ teamId: 'TEAM000001', keyId: 'KEY0000001', topic: 'com.example.app', environment: 'production' },
    privateKey: pemOf('ec'),
  },
};
const told = {
  ...{ noticeId: 'ntc_1', receiptUrl: 'https://a.test/r', title: 'Your turn', body: 'Room 7.' },
  ...{ data: { room: 7 }, tag: 'turn' },
};
const token = 'ab'.repeat(32);

function senderTo(origins: { fcm?: string; apns?: string }, isSet = true) {
  const ways = {
    vapidOf: async () => undefined,
    credentialsOf: async (_accountId: string, way: string) =>
      isSet ? set[way as keyof typeof set] : undefined,
  } as unknown as Parameters<typeof noticeSender>[0]['ways'];
  const send = noticeSender({
    ways,
    request: { rule: new AddressRule({ allowLoopback: true }) },
    isInsecureAllowed: () => true,
    nowMs: () => nowMs,
    ...(origins.fcm === undefined ? {} : { fcm: { tokenUrl: `${origins.fcm}/token`, origin: origins.fcm } }),
    ...(origins.apns === undefined ? {} : { apnsOrigin: origins.apns }),
  });
  return (target: SentTarget, urgency: 'high' | 'normal' = 'high') =>
    send({ accountId: 'acc_1', target, told, urgency, expiresAtMs: nowMs + 60_000 });
}

async function listening(server: ReturnType<typeof createServer> | ReturnType<typeof createHttp2>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('an app gets title, text and what it needs to say that they came, by Firebase (NTF)', async () => {
  const taken: unknown[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    request.on('end', () => {
      if (request.url === '/token') {
        response.end(JSON.stringify({ access_token: 'given', expires_in: 3_600 }));
        return;
      }
      taken.push([request.url, request.headers.authorization, JSON.parse(text)]);
      response.end('{}');
    });
  });
  const send = senderTo({ fcm: await listening(server) });
  expect(await send(readTarget('fcm', { token: 'installation' }) as SentTarget)).toEqual({
    kind: 'accepted',
  });
  expect(taken).toEqual([
    [
      '/v1/projects/shop-1/messages:send',
      'Bearer given',
      {
        message: {
          token: 'installation',
          notification: { title: 'Your turn', body: 'Room 7.' },
          data: { noticeId: 'ntc_1', receiptUrl: 'https://a.test/r', data: '{"room":7}' },
          android: { ttl: '60s', priority: 'HIGH', collapse_key: 'turn' },
        },
      },
    ],
  ]);
});

test('an app gets them by Apple, until the notice is over, in place of the last one of its tag (NTF)', async () => {
  const taken: { headers: Record<string, unknown>; payload: unknown }[] = [];
  const server = createHttp2();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  stops.push(() => {
    for (const session of sessions) session.destroy();
  });
  server.on('stream', (stream, headers) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    stream.on('end', () => {
      taken.push({ headers, payload: JSON.parse(text) });
      stream.respond({ ':status': 200 });
      stream.end();
    });
  });
  const send = senderTo({ apns: await listening(server) });
  expect(await send(readTarget('apns', { token }) as SentTarget)).toEqual({ kind: 'accepted' });
  expect(taken).toMatchObject([
    {
      headers: {
        ':path': `/3/device/${token}`,
        'apns-topic': 'com.example.app',
        'apns-expiration': String(nowMs / 1_000 + 60),
        'apns-collapse-id': 'turn',
      },
      payload: {
        ...{ noticeId: 'ntc_1', receiptUrl: 'https://a.test/r', data: { room: 7 } },
        aps: { alert: { title: 'Your turn', body: 'Room 7.' } },
      },
    },
  ]);
});

test.each([
  ['web-push', { endpoint: 'https://push.test/1', p256dh: 'BA', auth: 'aa' }],
  ['fcm', { token: 'installation' }],
  ['apns', { token }],
  ['sms', { number: '+49301234567' }],
] as const)('%s: where nothing is set nobody is asked', async (way, to) => {
  const send = senderTo({}, false);
  expect(await send(readTarget(way, to) as SentTarget)).toEqual({ kind: 'refused', reason: 'way_not_set' });
});
