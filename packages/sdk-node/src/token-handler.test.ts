import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { tokenHandler } from './token-handler.ts';

const pb = {
  token: ({ identity }: { identity: string }) => ({
    token: `t-${identity}`,
    signalUrl: 'wss://s',
    expiresAtMs: 1,
  }),
};
const cookieUser = async (request: Request) => {
  const identity = /user=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1];
  return identity === undefined ? null : { identity };
};
const ask = (method: string, cookie?: string) =>
  new Request('https://app.test/api/token', { method, headers: cookie === undefined ? {} : { cookie } });
const answer = { token: 't-bob', signalUrl: 'wss://s', expiresAtMs: 1 };

test('a web request gets a token that no cache keeps (Next.js, SvelteKit)', async () => {
  const POST = tokenHandler(pb, cookieUser);
  const response = await POST(ask('POST', 'user=bob'), { params: {} });
  expect(await response.json()).toEqual(answer);
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('whoever asks gets a token of the application and instance type that they are given (ACC-6)', async () => {
  const entity = { applicationId: 'app_1', instanceType: 'paid' };
  const minted: unknown[] = [];
  const token = (limits: { identity: string }) => {
    minted.push(limits);
    return pb.token(limits);
  };
  await tokenHandler({ token }, async () => ({ identity: 'bob', ...entity }))(ask('POST'));
  expect(minted).toEqual([{ identity: 'bob', ...entity }]);
});

test("Hono's context is understood", async () => {
  const response = await tokenHandler(pb, cookieUser)({ req: { raw: ask('POST', 'user=bob') } });
  expect(await response.json()).toEqual(answer);
});

test('somebody who may not connect gets 401, and only POST is served', async () => {
  const handler = tokenHandler(pb, cookieUser);
  expect((await handler(ask('POST'))).status).toBe(401);
  expect((await handler(ask('GET', 'user=bob'))).status).toBe(405);
});

async function overHttp(listener: RequestListener, init: RequestInit): Promise<Response> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/token`, init);
  } finally {
    server.close();
  }
}

test("plain Node and Express: the handler writes to Node's response, and sees what middleware added", async () => {
  const handler = tokenHandler(
    pb,
    (_request, { nodeRequest }) => (nodeRequest as { user?: { identity: string } }).user,
  );
  const signedIn: RequestListener = (request, response) => {
    void handler(Object.assign(request, { user: { identity: 'bob' } }), response);
  };
  const response = await overHttp(signedIn, { method: 'POST', body: '{}' });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual(answer);
});

test('a cookie of a plain request reaches the callback', async () => {
  const handler = tokenHandler(pb, cookieUser);
  const response = await overHttp((request, reply) => void handler(request, reply), {
    method: 'POST',
    headers: { cookie: 'user=bob' },
  });
  expect(await response.json()).toEqual(answer);
});

test('a callback that throws costs one request and not the process, and tells a stranger nothing', async () => {
  const handler = tokenHandler(pb, () => {
    throw new Error('database password is x');
  });
  const response = await overHttp((request, reply) => void handler(request, reply), { method: 'POST' });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('password');
});

test('the body reaches the callback, whether middleware has read it or not', async () => {
  const handler = tokenHandler(pb, async (request) => (await request.json()) as { identity: string });
  const init = { method: 'POST', body: JSON.stringify({ identity: 'bob' }) };
  const raw = await overHttp((request, reply) => void handler(request, reply), init);
  expect(await raw.json()).toEqual(answer);
  const parsed = await overHttp((request, reply) => {
    void handler(Object.assign(request, { body: { identity: 'bob' } }), reply);
  }, init);
  expect(await parsed.json()).toEqual(answer);
  const huge = { method: 'POST', body: JSON.stringify({ identity: 'b'.repeat(70_000) }) };
  expect((await overHttp((request, reply) => void handler(request, reply), huge)).status).toBe(500);
});
