import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { decrypt } from 'http_ece';
import { afterEach, describe, expect, test } from 'vitest';
import { AddressRule } from '../outgoing/address-rule.ts';
import { safeSender } from '../outgoing/safe-request.ts';
import { generateVapidKeys, type VapidKeys } from './vapid.ts';
import { webPush } from './web-push.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const nowMs = Date.UTC(2026, 11, 6, 7);
const claimsOf = (jwt: string, part: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[part] ?? '', 'base64url').toString('utf8'));

/** Whether a sender is whom the browser subscribed to (RFC 8292 §4.2): else why not. */
function refusalOf(authorization: string, keys: VapidKeys, origin: string): string | undefined {
  const [, jwt = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  if (key !== keys.publicKey) return 'another sender';
  const point = Buffer.from(key, 'base64url');
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  const end = jwt.lastIndexOf('.');
  const signature = Buffer.from(jwt.slice(end + 1), 'base64url');
  const signed = Buffer.from(jwt.slice(0, end));
  if (!verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)) return 'signature';
  const { alg } = claimsOf(jwt, 0);
  const { aud, exp, sub } = claimsOf(jwt, 1);
  if (alg !== 'ES256') return 'alg';
  if (aud !== origin) return 'aud';
  const leftSeconds = Number(exp) - nowMs / 1_000;
  if (!(leftSeconds > 0 && leftSeconds <= 86_400)) return 'exp';
  return /^(mailto:|https:)/.test(String(sub)) ? undefined : 'sub';
}

/** A push service that takes what RFC 8030 §5 and RFC 8292 let it take, for one browser. */
async function pushService(
  keys: VapidKeys,
  answer: { status: number; retryAfter?: string } = { status: 201 },
) {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const authSecret = randomBytes(16);
  const taken: { headers: IncomingHttpHeaders; text: string }[] = [];
  const refusals: string[] = [];
  let origin = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, method } = request;
      const refusal =
        refusalOf(headers.authorization ?? '', keys, origin) ??
        (method === 'POST' ? undefined : 'method') ??
        (/^\d+$/.test(String(headers['ttl'])) ? undefined : 'ttl') ??
        (headers['content-encoding'] === 'aes128gcm' ? undefined : 'content-encoding');
      if (refusal !== undefined) {
        refusals.push(refusal);
        response.writeHead(403).end(refusal);
        return;
      }
      const body = Buffer.concat(chunks);
      const text = decrypt(body, { version: 'aes128gcm', privateKey: pair, authSecret }).toString('utf8');
      taken.push({ headers, text });
      const { status, retryAfter } = answer;
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ close: () => server.closeAllConnections() ?? server.close() });
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const subscription = {
    endpoint: `${origin}/push/abc`,
    p256dh: pair.getPublicKey('base64url'),
    auth: authSecret.toString('base64url'),
  };
  return { subscription, taken, refusals };
}

const contact = 'mailto:operator@example.com';
const message = { text: Buffer.from('{"title":"Grüße"}'), ttlSeconds: 3_600 };
const pushOver = (allowLoopback: boolean, isInsecureAllowed = allowLoopback) =>
  webPush({
    send: safeSender({ rule: new AddressRule({ allowLoopback }), totalMsMax: 2_000 }),
    isInsecureAllowed: () => isInsecureAllowed,
    nowMs: () => nowMs,
  });
const push = pushOver(true);

describe('a message by Web Push (NTF)', () => {
  test('is taken by a push service that checks the sender, and opened by the browser', async () => {
    const keys = generateVapidKeys();
    const { subscription, taken, refusals } = await pushService(keys);
    const whole = { ...message, urgency: 'high', topic: 'room-7' } as const;
    expect(await push(subscription, whole, { keys, contact })).toEqual({ kind: 'accepted' });
    expect(refusals).toEqual([]);
    expect(taken).toMatchObject([
      { text: '{"title":"Grüße"}', headers: { ttl: '3600', urgency: 'high', topic: 'room-7' } },
    ]);
  });

  test('of another sender is refused, and not sent again', async () => {
    const { subscription, taken, refusals } = await pushService(generateVapidKeys());
    const outcome = await push(subscription, message, { keys: generateVapidKeys(), contact });
    expect(outcome).toEqual({ kind: 'refused', reason: 'status_403' });
    expect([taken, refusals]).toEqual([[], ['another sender']]);
  });

  test.each([
    [404, { kind: 'gone' }],
    [410, { kind: 'gone' }],
    [413, { kind: 'refused', reason: 'status_413' }],
    [301, { kind: 'refused', reason: 'status_301' }],
    [429, { kind: 'later', reason: 'status_429', retryAfterMs: 7_000 }],
    [503, { kind: 'later', reason: 'status_503', retryAfterMs: 7_000 }],
  ] as const)('that is answered with %i comes to what that means', async (status, outcome) => {
    const keys = generateVapidKeys();
    const { subscription } = await pushService(keys, { status, retryAfter: '7' });
    expect(await push(subscription, message, { keys, contact })).toEqual(outcome);
  });

  test('is tried later where nobody listens', async () => {
    const keys = generateVapidKeys();
    const { subscription } = await pushService(keys);
    for (const server of servers.splice(0)) server.close();
    expect(await push(subscription, message, { keys, contact })).toEqual({
      kind: 'later',
      reason: 'connect_failed',
    });
  });

  test('goes nowhere that is not public, nor anywhere without TLS, nor with what is no topic', async () => {
    const keys = generateVapidKeys();
    const { subscription, taken, refusals } = await pushService(keys);
    const sender = { keys, contact };
    expect(await pushOver(false, true)(subscription, message, sender)).toEqual({
      kind: 'refused',
      reason: 'address_forbidden',
    });
    expect(await pushOver(true, false)(subscription, message, sender)).toEqual({
      kind: 'refused',
      reason: 'subscription_invalid',
    });
    expect(await push({ ...subscription, endpoint: 'nowhere' }, message, sender)).toMatchObject({
      kind: 'refused',
    });
    expect(await push({ ...subscription, auth: 'AAAA' }, message, sender)).toEqual({
      kind: 'refused',
      reason: 'subscription_invalid',
    });
    expect(await push(subscription, { ...message, topic: 'a\r\nttl: 0' }, sender)).toEqual({
      kind: 'refused',
      reason: 'topic_invalid',
    });
    expect([taken, refusals]).toEqual([[], []]);
  });
});

test('keys of a sender have their whole length, however small the number (NTF)', () => {
  // One private key of 256 begins with zeros: of so many, one does.
  const lengths = Array.from({ length: 5_000 }, () => {
    const { publicKey, privateKey } = generateVapidKeys();
    return `${publicKey.length} ${privateKey.length}`;
  });
  expect([...new Set(lengths)]).toEqual(['87 43']);
});
