import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createId } from '@patchbay/kit/ids';
import { createSecret } from '@patchbay/protocol/credential/secret';
import { verifyWebhook } from '@patchbay/sdk-node';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, test, vi } from 'vitest';
import { openDataFolder, writeDevEnv } from '../up/data-folder.ts';

vi.setConfig({ testTimeout: 120_000 });
const cli = path.join(import.meta.dirname, '../main.ts');
const key = createSecret({ keyId: createId('key'), mode: 'live', random: new Uint8Array(32).fill(7) });
const accountId = createId('acc');

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  ends.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('listen brings each event once, in order and signed, to a server that comes and goes', async () => {
  const events = Array.from({ length: 3 }, (_, index) => ({
    id: createId('evt'),
    type: 'tenancy.key.created',
    timestamp: '2026-11-29T10:00:00.000Z',
    cursor: String(index + 1),
    accountId,
    data: { keyId: 'key_1' },
  }));
  // The third is told of only once the second has arrived.
  let toldCount = 2;
  let askedCount = 0;
  const platform = await serve((request, response) => {
    askedCount += 1;
    // It is away for longer than one call waits.
    if (askedCount > 1 && askedCount < 6)
      return void response.writeHead(503, { 'retry-after': '0' }).end('{}');
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://platform.test');
    const after = Number(searchParams.get('cursor'));
    const answer = pathname.endsWith('/latest')
      ? { cursor: '0' }
      : { items: events.slice(0, toldCount).filter(({ cursor }) => Number(cursor) > after) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const received: { headers: Record<string, string>; body: string }[] = [];
  const own = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      toldCount = received.length >= 2 ? 3 : toldCount;
      response.writeHead(received.length === 1 ? 500 : 200).end();
    });
  });
  const data = mkdtempSync(path.join(tmpdir(), 'patchbay-listen-'));
  ends.push(() => rmSync(data, { recursive: true }));
  const variables = { PATCHBAY_URL: `http://${platform}`, PATCHBAY_KEY: key, PATCHBAY_ACCOUNT: accountId };
  writeDevEnv(openDataFolder(data), variables);
  const child = spawn(process.execPath, [cli, 'listen', '--to', `${own}/hooks`, '--json', '--data', data], {
    env: { NODE_ENV: 'test', PATH: '' },
  });
  ends.push(() => child.kill());
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const lines = await until(
    () => {
      const all = said.split('\n').filter(Boolean);
      return all.length >= 4 && all.map((line) => JSON.parse(line) as Record<string, string>);
    },
    { what: 'three events', timeoutMs: 20_000 },
  );
  const [ready, ...forwarded] = lines;
  expect(forwarded.map(({ id, status }) => [id, status])).toEqual(
    events.map(({ id }, index) => [id, index === 0 ? 500 : 200]),
  );
  for (const { headers, body } of received) verifyWebhook({ secret: ready?.secret, headers, body });
  expect(received.map(({ body }) => JSON.parse(body))).toEqual(events);
});
