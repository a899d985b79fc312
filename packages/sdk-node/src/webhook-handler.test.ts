import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signWebhook, webhookSecretText } from '@patchbay/protocol/webhook/signature';
import { expect, expectTypeOf, test, vi } from 'vitest';
import { verifyWebhook, verifyWebhooks, type WebhookHandlers, webhookHandler } from './webhook-handler.ts';

const bytes = new Uint8Array(32).fill(7);
const secret = webhookSecretText(bytes);
const event = {
  id: 'evt_1',
  type: 'signaling.session.ended',
  timestamp: '2026-11-29T10:00:00.000Z',
  cursor: '7',
  accountId: 'acc_1',
  sessionId: 'ses_1',
  sessionSequence: 9,
  data: { sessionId: 'ses_1', code: 'call.hangup' },
};
const body = JSON.stringify(event);
const now = () => Math.floor(Date.now() / 1_000);

function signed({ text = body, timestampSeconds = now(), keys = [bytes] } = {}) {
  const content = { id: 'evt_1', timestampSeconds, body: text };
  return {
    'content-type': 'application/json',
    'webhook-id': content.id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signWebhook(content, keys),
  };
}

const request = (headers: HeadersInit = signed(), text = body) =>
  new Request('https://app.test/hooks', { method: 'POST', headers, body: text });
const taken = () => {
  const handle = vi.fn();
  return { handle, handler: webhookHandler(secret, { 'signaling.session.ended': handle }) };
};

async function overHttp(listener: RequestListener, init: RequestInit): Promise<Response> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`, init);
  } finally {
    server.close();
  }
}
const post: RequestInit = { method: 'POST', headers: signed(), body };

test('an event reaches its handler, with the type of its data (Next.js, SvelteKit)', async () => {
  const { handle, handler } = taken();
  expect((await handler(request(), { params: {} })).status).toBe(204);
  expect(handle).toHaveBeenCalledExactlyOnceWith(event, {});
  webhookHandler(secret, {
    'signaling.session.ended': (known) => expectTypeOf(known.data.code).toBeString(),
    '*': (any) => expectTypeOf(any.id).toExtend<string>(),
  });
  // @ts-expect-error Nobody tells of it.
  ({ 'signaling.session.exploded': () => {} }) satisfies WebhookHandlers;
});

test("Hono's context is understood", async () => {
  const { handle, handler } = taken();
  expect((await handler({ req: { raw: request() } })).status).toBe(204);
  expect(handle).toHaveBeenCalledOnce();
});

test('plain Node: the bytes are read as they come', async () => {
  const { handle, handler } = taken();
  expect((await overHttp((given, reply) => void handler(given, reply), post)).status).toBe(204);
  expect(handle).toHaveBeenCalledExactlyOnceWith(event, {});
});

test('Express: what its parser kept is verified, and what it only parsed says so by name', async () => {
  const withBody =
    (more: object): RequestListener =>
    (given, reply) => {
      given.resume();
      given.on('end', () => void handler(Object.assign(given, more), reply));
    };
  const { handle, handler } = taken();
  expect((await overHttp(withBody({ body: Buffer.from(body) }), post)).status).toBe(204);
  expect((await overHttp(withBody({ body: event, rawBody: Buffer.from(body) }), post)).status).toBe(204);
  expect(handle).toHaveBeenCalledTimes(2);
  const parsed = await overHttp(withBody({ body: event }), post);
  expect(parsed.status).toBe(500);
  expect((await parsed.json()).detail).toContain('express.json()');
  // A parser that found nothing to parse leaves an empty object, and the bytes.
  const unread: RequestListener = (given, reply) => void handler(Object.assign(given, { body: {} }), reply);
  expect((await overHttp(unread, post)).status).toBe(204);
});

test('C36: what is not signed, or not by us, not now or not as it came, reaches nobody', async () => {
  const { handle, handler } = taken();
  const other = new Uint8Array(32).fill(8);
  const { 'webhook-id': _, ...without } = signed();
  const refused = [
    request({}),
    request(without),
    request(signed({ keys: [other] })),
    request(signed({ timestampSeconds: now() - 301 })),
    request(signed({ timestampSeconds: now() + 310 })),
    request(signed(), `${body} `),
  ];
  const twice = request();
  twice.headers.append('webhook-id', 'evt_1');
  for (const each of [...refused, twice]) expect((await handler(each)).status).toBe(401);
  expect((await handler(new Request('https://app.test/hooks'))).status).toBe(405);
  expect(handle).not.toHaveBeenCalled();
});

test('a header that is there twice is refused by plain Node too, which would join them', async () => {
  const { handle, handler } = taken();
  const doubled = (given: IncomingMessage) =>
    Object.defineProperty(given, 'headersDistinct', {
      value: { ...signedLists(), 'webhook-id': ['evt_1', 'evt_1'] },
    });
  const signedLists = () =>
    Object.fromEntries(Object.entries(signed()).map(([name, value]) => [name, [value]]));
  const answer = await overHttp((given, reply) => void handler(doubled(given), reply), post);
  expect(answer.status).toBe(401);
  expect(handle).not.toHaveBeenCalled();
});

test('while one secret follows another both are taken, and without one nothing is', async () => {
  const handle = vi.fn();
  const next = new Uint8Array(32).fill(9);
  const both = webhookHandler([webhookSecretText(next), secret], { '*': handle });
  expect((await both(request())).status).toBe(204);
  expect((await both(request(signed({ keys: [next] })))).status).toBe(204);
  for (const none of [undefined, '', 'nonsense']) {
    const answer = await webhookHandler(none, { '*': handle })(request());
    expect([answer.status, (await answer.json()).code]).toEqual([500, 'client.not_configured']);
  }
  expect(handle).toHaveBeenCalledTimes(2);
});

test('an event that nobody handles is taken, one whose handler throws is not', async () => {
  expect((await webhookHandler(secret, {})(request())).status).toBe(204);
  const hostile = JSON.stringify({ ...event, type: 'constructor' });
  expect((await webhookHandler(secret, {})(request(signed({ text: hostile }), hostile))).status).toBe(204);
  const failing = webhookHandler(secret, {
    '*': () => {
      throw new Error('database password is x');
    },
  });
  const answer = await overHttp((given, reply) => void failing(given, reply), post);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('password');
});

test('verifyWebhook gives the event, or says why it is none', () => {
  expect(verifyWebhook({ secret, headers: signed(), body })).toEqual(event);
  expect(() => verifyWebhook({ secret, headers: {}, body })).toThrow(
    expect.objectContaining({ code: 'client.webhook_invalid' }),
  );
});

const batchOf = (...ids: string[]) => JSON.stringify({ events: ids.map((id) => ({ ...event, id })) });

test('a batch is handled event after event, and read by verifyWebhooks in either shape (HKS-2)', async () => {
  const text = batchOf('evt_1', 'evt_2');
  const { handle, handler } = taken();
  expect((await handler(request(signed({ text }), text))).status).toBe(204);
  expect(handle.mock.calls.map(([{ id }]) => id)).toEqual(['evt_1', 'evt_2']);
  const read = (each: string) => verifyWebhooks({ secret, headers: signed({ text: each }), body: each });
  expect(read(text).map(({ id }) => id)).toEqual(['evt_1', 'evt_2']);
  expect(read(body)).toEqual([event]);
  expect(() => verifyWebhook({ secret, headers: signed({ text }), body: text })).toThrow('verifyWebhooks');
});

test('a batch of which one event is not taken comes again whole, and those behind it wait', async () => {
  const text = batchOf('evt_1', 'evt_2', 'evt_3');
  const seen: string[] = [];
  const handler = webhookHandler(secret, {
    '*': ({ id }) => {
      seen.push(id);
      if (id === 'evt_2') throw new Error('The disk is full.');
    },
  });
  await expect(handler(request(signed({ text }), text))).rejects.toThrow('The disk is full.');
  expect(seen).toEqual(['evt_1', 'evt_2']);
});

test('an event that is sent again says by which replay', async () => {
  const { handle, handler } = taken();
  await handler(request({ ...signed(), 'patchbay-replay': 'rpl_1' }));
  expect(handle).toHaveBeenCalledExactlyOnceWith(event, { replayId: 'rpl_1' });
});
