import { generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type ServerHttp2Session } from 'node:http2';
import { afterEach, describe, expect, test } from 'vitest';
import { apnsSender } from './apns.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: typeof privateKey) => key.export({ format: 'pem', type: 'pkcs8' }).toString();
const credentials = {
  teamId: 'TEAM000001',
  keyId: 'KEY0000001',
  privateKey: pem(privateKey),
  topic: 'com.example.app',
};
const token = 'ab'.repeat(32);
const message = {
  token,
  payload: { aps: { alert: 'Grüße' } },
  type: 'alert',
  expiresAtMs: Date.UTC(2026, 11, 7),
  collapseId: 'room-7',
} as const;
const startMs = Date.UTC(2026, 11, 6, 7);
const partOf = (jwt: string, part: number) =>
  JSON.parse(Buffer.from(jwt.split('.')[part] ?? '', 'base64url').toString('utf8') || '{}');

/** Why Apple would not take a provider token ("Establishing a token-based connection to APNs"). */
function refusalOf(jwt: string, nowMs: number): string | undefined {
  const end = jwt.lastIndexOf('.');
  const signature = Buffer.from(jwt.slice(end + 1), 'base64url');
  const { alg, kid } = partOf(jwt, 0);
  const { iss, iat } = partOf(jwt, 1);
  const signed = Buffer.from(jwt.slice(0, end));
  const isSigned = verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  if (!isSigned || alg !== 'ES256' || kid !== credentials.keyId || iss !== credentials.teamId)
    return 'InvalidProviderToken';
  return nowMs / 1_000 - iat > 3_600 ? 'ExpiredProviderToken' : undefined;
}

async function apple(clock: { nowMs: number }) {
  const taken: { headers: Record<string, unknown>; text: string }[] = [];
  const jwts = new Set<string>();
  const answer: { status: number; reason?: string } = { status: 200 };
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    stream.on('end', () => {
      const jwt = /^bearer (.+)$/.exec(String(headers['authorization']))?.[1] ?? '';
      const refusal = refusalOf(jwt, clock.nowMs);
      const reply = (status: number, reason?: string) => {
        stream.respond({ ':status': status });
        stream.end(reason === undefined ? '' : JSON.stringify({ reason }));
      };
      if (refusal !== undefined) reply(403, refusal);
      else if (headers[':path'] !== `/3/device/${token}`) reply(400, 'BadDeviceToken');
      else if (headers['apns-topic'] !== credentials.topic) reply(400, 'DeviceTokenNotForTopic');
      else if (headers['apns-push-type'] === 'background' && headers['apns-priority'] !== '5')
        reply(400, 'BadPriority');
      else {
        jwts.add(jwt);
        if (answer.status === 200) taken.push({ headers, text });
        reply(answer.status, answer.reason);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({
    close: () => {
      for (const session of sessions) session.destroy();
      server.close();
    },
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const send = apnsSender({
    nowMs: () => clock.nowMs,
    origin: `http://127.0.0.1:${port}`,
    totalMsMax: 1_000,
  });
  return { send, taken, jwts, answer };
}

describe('a message by APNs (NTF)', () => {
  test('is taken with a token that Apple checks, made anew not before 20 minutes nor after an hour', async () => {
    const clock = { nowMs: startMs };
    const { send, taken, jwts } = await apple(clock);
    for (const minutes of [0, 19, 20, 30]) {
      clock.nowMs += minutes * 60_000;
      expect(await send(message, credentials)).toEqual({ kind: 'accepted' });
    }
    expect(await send({ ...message, type: 'background' }, credentials)).toEqual({ kind: 'accepted' });
    // At 0, 19 and 39 minutes the first one, and at 69 another.
    expect(jwts.size).toBe(2);
    expect(taken[0]).toMatchObject({
      text: '{"aps":{"alert":"Grüße"}}',
      headers: { 'apns-expiration': '1796601600', 'apns-collapse-id': 'room-7', 'apns-priority': '10' },
    });
  });

  test('with the key of another account is refused, though this one was just taken', async () => {
    const { send } = await apple({ nowMs: startMs });
    await send(message, credentials);
    const other = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    expect(await send(message, { ...credentials, privateKey: other })).toEqual({
      kind: 'refused',
      reason: 'InvalidProviderToken',
    });
    expect(await send(message, { ...credentials, privateKey: 'none' })).toEqual({
      kind: 'refused',
      reason: 'credentials_invalid',
    });
  });

  test('to an app that was removed is over, and to a token of another app or environment refused', async () => {
    const { send, answer } = await apple({ nowMs: startMs });
    expect(await send({ ...message, token: 'cd'.repeat(32) }, credentials)).toEqual({
      kind: 'refused',
      reason: 'BadDeviceToken',
    });
    Object.assign(answer, { status: 410, reason: 'Unregistered' });
    expect(await send(message, credentials)).toEqual({ kind: 'gone' });
    Object.assign(answer, { status: 404, reason: 'BadPath' });
    expect(await send(message, credentials)).toEqual({ kind: 'refused', reason: 'BadPath' });
  });

  test('is tried later where there are too many, Apple is away, or says nothing', async () => {
    const { send, answer } = await apple({ nowMs: startMs });
    Object.assign(answer, { status: 429, reason: 'TooManyRequests' });
    expect(await send(message, credentials)).toEqual({ kind: 'later', reason: 'status_429' });
    for (const server of servers.splice(0)) server.close();
    expect(await send(message, credentials)).toEqual({ kind: 'later', reason: 'connect_failed' });
  });

  test('is not sent with what is no token, nor where it is too large', async () => {
    const { send, taken } = await apple({ nowMs: startMs });
    expect(await send({ ...message, token: '../x' }, credentials)).toEqual({
      kind: 'refused',
      reason: 'token_invalid',
    });
    const large = { ...message, payload: { aps: {}, text: 'a'.repeat(4_096) } };
    expect(await send(large, credentials)).toEqual({ kind: 'refused', reason: 'too_large' });
    expect(taken).toEqual([]);
  });
});
