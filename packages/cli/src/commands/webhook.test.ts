import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hooks } from '@patchbay/domain/hooks/definition';
import { createId } from '@patchbay/kit/ids';
import { createSecret } from '@patchbay/protocol/credential/secret';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useDataFolder } from '../connection.ts';
import { openDataFolder, writeDevEnv } from '../up/data-folder.ts';
import { runAsProcess } from './fake-platform.testing.ts';

const key = createSecret({ keyId: createId('key'), mode: 'live', random: new Uint8Array(32).fill(7) });
const [accountId, webhookId] = [createId('acc'), createId('whk')];
const data = mkdtempSync(path.join(tmpdir(), 'patchbay-webhook-'));
const asked: { request: string; body: unknown }[] = [];
const replay = hooks.resources.replays.operations.start.response.parse({
  id: createId('rpl'),
  webhookId,
  state: 'running',
  fromCursor: '7',
  untilCursor: '90',
  cursor: '40',
  percentDone: 39,
  waitingCount: 32,
  deliveredCount: 1,
  failedCount: 0,
  startedAt: '2026-11-29T10:00:00.000Z',
});
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
  const below = request.url?.replace(`/v1/accounts/${accountId}/webhooks/${webhookId}`, '');
  asked.push({ request: `${request.method} ${below}`, body });
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(request.method === 'GET' ? {} : replay));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const PATCHBAY_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeDevEnv(openDataFolder(data), { PATCHBAY_URL, PATCHBAY_KEY: key, PATCHBAY_ACCOUNT: accountId });
});
afterAll(() => {
  useDataFolder(undefined);
  server.close();
  rmSync(data, { recursive: true });
});

const run = (...args: string[]) => runAsProcess(['webhook', ...args, '--data', data]);

test('a replay is asked for from a cursor or a time, and what it is at is said in one line', async () => {
  const { stdout } = await run('replay', webhookId, '--from', '7');
  expect(stdout).toContain('39 %');
  await run('replay', webhookId, '--since', '2026-11-29T10:00Z');
  expect(asked).toEqual([
    { request: 'POST /replay', body: { cursor: '7' } },
    { request: 'POST /replay', body: { since: '2026-11-29T10:00:00.000Z' } },
  ]);
});

test('what is no time, no number, or was never begun is said in one sentence, without a trace', async () => {
  const refused = async (...args: string[]) => {
    const { stderr } = (await run(...args).catch((error: unknown) => error)) as { stderr: string };
    expect(stderr).not.toMatch(/^\s+at /m);
    return stderr;
  };
  expect(await refused('replay', webhookId, '--since', 'yesterday')).toContain('It has to be a time');
  expect(await refused('batch', webhookId, 'many')).toContain('many');
  expect(await refused('progress', webhookId)).toContain('Nothing was ever sent again');
});
