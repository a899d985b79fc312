import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LogicSession } from '@patchbay/domain/logic/logic-request';
import { refusalOfWebhook, webhookSecretText } from '@patchbay/protocol/webhook/signature';
import { afterEach, describe, expect, test } from 'vitest';
import { AddressRule } from '../outgoing/address-rule.ts';
import { type LogicFetcherOptions, logicFetcher } from './fetch-logic.ts';
import { readLogicDocument } from './read-document.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Heard {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server of a customer's: what it heard, and how it answers. */
async function serve(answer: (response: ServerResponse, heard: Heard, count: number) => void) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    heard.push({ headers: request.headers, body });
    answer(response, { headers: request.headers, body }, heard.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ close: () => server.closeAllConnections() ?? server.close() });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/logic`, heard };
}

const document = { version: 1, verbs: [{ verb: 'hangup' }] };
const json = (response: ServerResponse, value: unknown = document, headers = {}) =>
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

const secret = new Uint8Array(32).fill(3);
const session: LogicSession = {
  id: 'ses_1',
  endpoint: 'user:hotline',
  caller: 'user:alice',
  media: { audio: true, video: false, screen: false },
  createdAt: '2026-11-30T00:00:00.000Z',
  documentNumber: 2,
};

function fetcher(options: Partial<LogicFetcherOptions> = {}) {
  const asked: string[] = [];
  const fetch = logicFetcher({
    rule: new AddressRule({ allowLoopback: true }),
    nowMs: () => Date.now(),
    read: readLogicDocument,
    onAsked: (_accountId, outcome) => asked.push(outcome),
    totalMsMax: 600,
    ...options,
  });
  const from = (
    url: string,
    more: { kind?: 'json' | 'twiml'; fallbackUrl?: string; accountId?: string } = {},
  ) =>
    fetch({
      accountId: 'acc_1',
      kind: 'json',
      secrets: [secret],
      fallbackUrl: undefined,
      url,
      session,
      variables: { from: 'user:alice', dialStatus: 'no_answer' },
      ...more,
    });
  return { from, asked };
}

describe('a request for a document (HKS-3)', () => {
  test('is signed as a webhook is, tells the state of the session, and is answered with a document', async () => {
    const server = await serve((response) => json(response));
    const { from, asked } = fetcher();
    expect(await from(server.url)).toMatchObject({
      kind: 'document',
      document,
      attempts: [{ url: server.url, target: 'main', status: 200 }],
    });
    const [heard] = server.heard;
    const headers = (name: string) => [heard?.headers[name] ?? []].flat();
    expect(refusalOfWebhook({ headers, body: heard?.body ?? '' }, [secret], Date.now())).toBeUndefined();
    expect(JSON.parse(heard?.body ?? '')).toMatchObject({
      id: 'ses_1.2',
      type: 'logic.requested',
      data: { session, variables: { dialStatus: 'no_answer' } },
    });
    expect(asked).toEqual(['succeeded']);
  });

  test('that is down is asked once more, and then the fallback; each request counts', async () => {
    const down = await serve((response) => response.writeHead(503).end());
    const standby = await serve((response) => json(response));
    const { from, asked } = fetcher();
    const { attempts, ...fetched } = await from(down.url, { fallbackUrl: standby.url });
    expect(fetched).toMatchObject({ kind: 'document', url: standby.url });
    expect(attempts.map(({ target, status, error }) => [target, status, error])).toEqual([
      ['main', 503, 'status'],
      ['main', 503, 'status'],
      ['fallback', 200, undefined],
    ]);
    expect(asked).toEqual(['failed', 'failed', 'succeeded']);
  });

  test('a document that is none, and a refusal, are not asked for again; what is wrong is said', async () => {
    const wrong = await serve((response) => json(response, { version: 1, verbs: [{ verb: 'dance' }] }));
    const closed = await serve((response) => response.writeHead(404).end());
    const { from, asked } = fetcher();
    expect(await from(wrong.url, { fallbackUrl: closed.url })).toMatchObject({
      kind: 'failed',
      failure: 'unreachable',
      detail: 'The server answered 404.',
    });
    expect(await from(wrong.url)).toMatchObject({
      failure: 'invalid',
      detail: expect.stringContaining('/verbs/0'),
    });
    expect(asked).toHaveLength(3);
  });

  test('follows up to three hops, each signed for its address', async () => {
    const last = await serve((response) => json(response));
    const hop = await serve((response) => response.writeHead(307, { location: last.url }).end());
    const circle = await serve((response) => response.writeHead(302, { location: '/logic' }).end());
    const { from } = fetcher();
    expect(await from(hop.url)).toMatchObject({ kind: 'document', url: last.url });
    expect(last.heard[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(await from(circle.url)).toMatchObject({ kind: 'failed', failure: 'unreachable' });
    expect(circle.heard).toHaveLength(4);
  });
});

describe('C32: a hostile server harms nobody (C27 to C33)', () => {
  test('one that drips, one that is endless, and one that never answers are cut', async () => {
    const drip = await serve((response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    const huge = await serve((response) => response.writeHead(200).end('x'.repeat(70_000)));
    const silent = await serve(() => {});
    const { from } = fetcher({ totalMsMax: 300 });
    const startedMs = performance.now();
    expect(await from(drip.url)).toMatchObject({ kind: 'failed', attempts: [{ error: 'timeout' }] });
    expect(await from(silent.url)).toMatchObject({ kind: 'failed', attempts: [{ error: 'timeout' }] });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(await from(huge.url)).toMatchObject({
      failure: 'invalid',
      attempts: [{ error: 'response_too_large' }],
    });
  });

  test('a redirect to an address that is not public leads nowhere', async () => {
    const inside = await serve((response) => json(response));
    // The hop itself is found by name at an address that is looked up as public: nothing is sent past it.
    const { from, asked } = fetcher({ rule: new AddressRule({ allowLoopback: false }) });
    expect(await from(inside.url)).toMatchObject({
      kind: 'failed',
      attempts: [{ error: 'address_forbidden' }],
    });
    const outside = await serve((response) =>
      response.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
    );
    expect(await fetcher().from(outside.url)).toMatchObject({
      kind: 'failed',
      attempts: [{ status: 307 }, { url: 'http://169.254.169.254/', error: 'address_forbidden' }],
    });
    expect(inside.heard).toEqual([]);
    expect(asked).toEqual(['failed']);
  });

  test('one account whose server hangs waits alone: its next document is refused, another account’s comes', async () => {
    const silent = await serve(() => {});
    const good = await serve((response) => json(response));
    const { from } = fetcher({ totalMsMax: 5_000 });
    for (let count = 0; count < 20; count++) void from(silent.url);
    expect(await from(good.url)).toMatchObject({ kind: 'failed', failure: 'limit_reached' });
    expect(await from(good.url, { accountId: 'acc_2' })).toMatchObject({ kind: 'document' });
  });
});

describe('documents that may be kept (RFC 9111)', () => {
  test('while it is fresh nobody is asked; afterwards whether it changed', async () => {
    let nowMs = Date.now();
    const server = await serve((response, { headers }) =>
      headers['if-none-match'] === '"a"'
        ? response.writeHead(304).end()
        : json(response, document, { etag: '"a"', 'cache-control': 'max-age=60' }),
    );
    const { from, asked } = fetcher({ nowMs: () => nowMs });
    await from(server.url);
    expect(await from(server.url)).toMatchObject({ document, attempts: [{ isCached: true }] });
    expect(server.heard).toHaveLength(1);
    nowMs += 61_000;
    expect(await from(server.url)).toMatchObject({ document, attempts: [{ status: 304, isCached: true }] });
    expect(asked).toEqual(['succeeded', 'succeeded']);
    // It is the account's, and nobody else's.
    await from(server.url, { accountId: 'acc_2' });
    expect(server.heard).toHaveLength(3);
  });

  test('without a word about it, each call asks', async () => {
    const server = await serve((response, _heard, count) =>
      json(response, document, count === 1 ? { 'cache-control': 'no-store', etag: '"a"' } : {}),
    );
    const { from } = fetcher();
    for (const _ of [1, 2, 3]) await from(server.url);
    expect(server.heard.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('an application that was written for another platform', () => {
  test('takes our request by its own library, unchanged, and its document runs', async () => {
    const { default: twilio } = await import('twilio');
    const token = webhookSecretText(secret);
    const server = await serve((response, { headers, body }) => {
      const fields = Object.fromEntries(new URLSearchParams(body));
      const isOurs = twilio.validateRequest(token, String(headers['x-twilio-signature']), server.url, fields);
      const isAnyones = twilio.validateRequest(token, String(headers['x-twilio-signature']), server.url, {
        ...fields,
        From: 'user:mallory',
      });
      if (!isOurs || isAnyones) {
        response.writeHead(403).end();
        return;
      }
      const answer = new twilio.twiml.VoiceResponse();
      const dial = answer.dial({ timeout: 20, action: '/missed', sequential: true });
      dial.client('bob');
      dial.client('carol');
      answer.reject({ reason: 'busy' });
      response.writeHead(200, { 'content-type': 'text/xml' }).end(answer.toString());
    });
    const { from } = fetcher();
    expect(await from(server.url, { kind: 'twiml' })).toMatchObject({
      kind: 'document',
      document: {
        verbs: [
          { verb: 'dial', to: ['user:bob', 'user:carol'], ring: 'one', timeoutSeconds: 20, next: '/missed' },
          { verb: 'reject', reason: 'busy' },
        ],
      },
    });
    expect(Object.fromEntries(new URLSearchParams(server.heard[0]?.body))).toMatchObject({
      CallSid: 'ses_1',
      From: 'user:alice',
      To: 'user:hotline',
      DialCallStatus: 'no-answer',
    });
  });
});
