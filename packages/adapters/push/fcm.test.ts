import { generateKeyPairSync, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { AddressRule } from '../outgoing/address-rule.ts';
import { fcmSender } from './fcm.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const credentials = {
  projectId: 'shop-1',
  clientEmail: 'push@shop-1.iam.gserviceaccount.com',
  privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
};
const startMs = Date.UTC(2026, 11, 6, 7);

/** Why Google would give no token for an assertion (its guide to OAuth 2.0 for server to server applications). */
function refusalOf(jwt: string, audience: string, nowMs: number): string | undefined {
  const end = jwt.lastIndexOf('.');
  const signature = Buffer.from(jwt.slice(end + 1), 'base64url');
  if (!verify('RSA-SHA256', Buffer.from(jwt.slice(0, end)), publicKey, signature)) return 'signature';
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
  if (claims.iss !== credentials.clientEmail) return 'iss';
  if (claims.aud !== audience) return 'aud';
  if (claims.scope !== 'https://www.googleapis.com/auth/firebase.messaging') return 'scope';
  return claims.iat * 1_000 <= nowMs && claims.exp - claims.iat <= 3_600 ? undefined : 'exp';
}

/** Gives a token for an assertion that holds, and takes messages with a token that it gave. */
async function google(clock: { nowMs: number }) {
  const issued: string[] = [];
  const revoked = new Set<string>();
  const taken: unknown[] = [];
  const refusals: string[] = [];
  const answer: { status: number; body: unknown; retryAfter?: string } = {
    status: 200,
    body: { name: 'projects/shop-1/messages/1' },
  };
  let origin = '';
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    request.on('end', () => {
      const reply = (status: number, body: unknown, retryAfter?: string) =>
        response
          .writeHead(status, {
            'content-type': 'application/json',
            ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
          })
          .end(JSON.stringify(body));
      if (request.url === '/token') {
        const form = new URLSearchParams(text);
        const refusal =
          form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
            ? refusalOf(form.get('assertion') ?? '', `${origin}/token`, clock.nowMs)
            : 'grant_type';
        if (refusal !== undefined) {
          refusals.push(refusal);
          reply(400, { error: 'invalid_grant', error_description: refusal });
          return;
        }
        issued.push(`ya29.${issued.length}`);
        reply(200, { access_token: issued.at(-1), expires_in: 3_599, token_type: 'Bearer' });
        return;
      }
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (!issued.includes(token) || revoked.has(token)) {
        reply(401, { error: { status: 'UNAUTHENTICATED' } });
        return;
      }
      if (request.url !== '/v1/projects/shop-1/messages:send') {
        reply(404, { error: { status: 'NOT_FOUND' } });
        return;
      }
      if (answer.status === 200) taken.push(JSON.parse(text));
      reply(answer.status, answer.body, answer.retryAfter);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ close: () => server.closeAllConnections() ?? server.close() });
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const send = fcmSender({
    request: { rule: new AddressRule({ allowLoopback: true }), totalMsMax: 2_000 },
    nowMs: () => clock.nowMs,
    tokenUrl: `${origin}/token`,
    origin,
  });
  return { send, issued, revoked, taken, refusals, answer };
}

const message = { token: 'device-1', data: { room: '7' }, ttlSeconds: 60, isUrgent: true, collapseKey: 'r7' };

describe('a message by FCM (NTF)', () => {
  test('is sent with a token that Google gave for the account, which is asked for once an hour', async () => {
    const clock = { nowMs: startMs };
    const { send, issued, taken, refusals } = await google(clock);
    expect(await send(message, credentials)).toEqual({ kind: 'accepted' });
    expect(await send(message, credentials)).toEqual({ kind: 'accepted' });
    expect([issued.length, refusals]).toEqual([1, []]);
    clock.nowMs += 3_600_000;
    expect(await send(message, credentials)).toEqual({ kind: 'accepted' });
    expect(issued).toHaveLength(2);
    expect(taken[0]).toEqual({
      message: {
        token: 'device-1',
        data: { room: '7' },
        android: { ttl: '60s', priority: 'HIGH', collapse_key: 'r7' },
      },
    });
  });

  test('with the key of another account gets no token of this one, and one that is no key none', async () => {
    const { send, issued, taken } = await google({ nowMs: startMs });
    await send(message, credentials);
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
    const stolen = { ...credentials, privateKey: other.export({ format: 'pem', type: 'pkcs8' }).toString() };
    expect(await send(message, stolen)).toEqual({ kind: 'refused', reason: 'credentials_refused' });
    expect(await send(message, { ...credentials, privateKey: 'none' })).toEqual({
      kind: 'refused',
      reason: 'credentials_invalid',
    });
    expect([issued.length, taken.length]).toEqual([1, 1]);
  });

  test('whose access token was taken back goes with another at the next attempt', async () => {
    const { send, issued, revoked } = await google({ nowMs: startMs });
    await send(message, credentials);
    revoked.add('ya29.0');
    expect(await send(message, credentials)).toEqual({ kind: 'later', reason: 'status_401' });
    expect(await send(message, credentials)).toEqual({ kind: 'accepted' });
    expect(issued).toHaveLength(2);
  });

  test('to an app that was removed says so, and to a project that is not there does not', async () => {
    const { send, answer } = await google({ nowMs: startMs });
    const type = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
    answer.status = 404;
    answer.body = { error: { status: 'NOT_FOUND', details: [{ '@type': type, errorCode: 'UNREGISTERED' }] } };
    expect(await send(message, credentials)).toEqual({ kind: 'gone' });
    expect(await send(message, { ...credentials, projectId: 'none' })).toEqual({
      kind: 'refused',
      reason: 'not_found',
    });
  });

  test('is tried later where there are too many, or Google is away', async () => {
    const { send, answer } = await google({ nowMs: startMs });
    for (const status of [429, 503]) {
      Object.assign(answer, { status, body: { error: { status: 'UNAVAILABLE' } }, retryAfter: '9' });
      expect(await send(message, credentials)).toEqual({
        kind: 'later',
        reason: `status_${status}`,
        retryAfterMs: 9_000,
      });
    }
    for (const server of servers.splice(0)) server.close();
    expect(await send(message, credentials)).toEqual({ kind: 'later', reason: 'connect_failed' });
  });
});
