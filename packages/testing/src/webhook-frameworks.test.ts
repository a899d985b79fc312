/**
 * The examples of docs/webhooks.md as they stand there, in the frameworks that they are for: signed as the platform signs,
 * and answered as it is answered.
 */
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { signWebhook, webhookSecretText } from '@patchbay/protocol/webhook/signature';
import * as sdk from '@patchbay/sdk-node';
import { NextRequest } from 'next/server.js';
import ts from 'typescript';
import { afterEach, expect, test } from 'vitest';
import { documentedFiles } from './documented-code.ts';

const bytes = new Uint8Array(32).fill(7);
const files = documentedFiles('docs/webhooks.md');
const require = createRequire(import.meta.url);
let printed: unknown[][] = [];
const servers: Server[] = [];
afterEach(() => {
  printed = [];
  for (const server of servers.splice(0)) server.close();
});

/** Runs a file of the page, and answers what it exports. */
function run(title: string): Readonly<Record<string, unknown>> {
  const options = { module: ts.ModuleKind.CommonJS, esModuleInterop: true, target: ts.ScriptTarget.ES2024 };
  const { outputText } = ts.transpileModule(files.get(title) ?? '', { compilerOptions: options });
  const exported: Record<string, unknown> = {};
  const given = (name: string) => (name === '@patchbay/sdk-node' ? sdk : require(name));
  const world = { env: { PATCHBAY_WEBHOOK_SECRET: webhookSecretText(bytes), PORT: '0' } };
  const log = (...texts: unknown[]) => printed.push(texts);
  new Function('require', 'exports', 'process', 'console', outputText)(given, exported, world, { log });
  return exported;
}

const event = (id: string, more = {}) => ({
  id,
  type: 'signaling.session.ended',
  timestamp: '2026-11-29T10:00:00.000Z',
  cursor: '7',
  accountId: 'acc_1',
  data: { sessionId: 'ses_1', code: 'signaling.hung_up', ...more },
});

function signed(content: object, by = bytes): RequestInit & { readonly headers: Record<string, string> } {
  const body = JSON.stringify(content);
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  const signature = signWebhook({ id: 'evt_1', timestampSeconds, body }, [by]);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signature,
  };
  return { method: 'POST', headers, body };
}

type Ask = (path: string, init: RequestInit) => Promise<Response>;

async function over(server: Server): Promise<Ask> {
  servers.push(server);
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

const frameworks: readonly [string, () => Promise<Ask>][] = [
  [
    'a route handler of Next.js',
    async () => {
      const { POST } = run('next/app/hooks/route.ts') as { POST: (...given: unknown[]) => Promise<Response> };
      return (path, init) =>
        POST(
          new NextRequest(`https://app.test${path}`, init as ConstructorParameters<typeof NextRequest>[1]),
          {
            params: Promise.resolve({}),
          },
        );
    },
  ],
  [
    'Express 5',
    async () =>
      over(createServer((run('express/app.ts') as { app: Parameters<typeof createServer>[1] }).app)),
  ],
  ['plain Node', async () => over((run('node/server.ts') as { server: Server }).server)],
];

test.each(frameworks)('%s: an event is handled and taken, as the page says', async (_name, start) => {
  const ask = await start();
  expect((await ask('/hooks', signed(event('evt_1')))).status).toBe(204);
  expect(printed).toEqual([['evt_1', 'signaling.hung_up']]);
});

test.each(frameworks)(
  '%s: the largest batch that is sent is handled event by event',
  async (_name, start) => {
    const ask = await start();
    const events = Array.from({ length: 100 }, (_, index) =>
      event(`evt_${index}`, { note: 'x'.repeat(2_400) }),
    );
    const batch = signed({ events });
    expect(String(batch.body).length).toBeGreaterThan(250_000);
    expect((await ask('/hooks', batch)).status).toBe(204);
    expect(printed.map(([id]) => id)).toEqual(events.map(({ id }) => id));
  },
);

test.each(frameworks)('%s: what we did not sign reaches nobody', async (_name, start) => {
  const ask = await start();
  const forged = await ask('/hooks', signed(event('evt_1'), new Uint8Array(32).fill(8)));
  expect([forged.status, (await forged.json()).code]).toEqual([401, 'client.webhook_invalid']);
  expect(printed).toEqual([]);
});

test('Express 5: behind express.json() it says what is wrong, and the event comes again', async () => {
  const express = require('express');
  const app = express();
  app.use(express.json());
  app.use((run('express/app.ts') as { app: unknown }).app);
  const ask = await over(createServer(app));
  const refused = await ask('/hooks', signed(event('evt_1')));
  expect(refused.status).toBe(500);
  expect((await refused.json()).detail).toContain('before express.json()');
});
