/** The example of docs/composition.md, as it stands there: real nodes of signaling and jobs, a real control plane, the SDK. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { ManagedProcess } from '@patchbay/adapters/processes/managed-process';
import { createId } from '@patchbay/kit/ids';
import { afterEach, expect, test } from 'vitest';
import {
  enrolNode,
  makePlatform,
  masterKey,
  type Served,
  serve,
  signUp,
} from '../../../apps/control-plane/src/server/served.testing.ts';
import { inherited } from './env.ts';
import { patchbayOf } from './sdk-client.ts';
import { createTestDatabase } from './test-database.ts';
import { until } from './until.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const stops: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
}, 60_000);

const [, example = ''] =
  readFileSync(path.join(root, 'docs/composition.md'), 'utf8').match(/```ts\n([\s\S]*?)```/) ?? [];

/** What nodes and the SDK ask a control plane, and nothing that a page would. */
async function answer(served: Served, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = 'GET', url = '/' } = incoming;
  const headers = new Headers({ ...(incoming.headers as Record<string, string>), host: 'control.test' });
  const request = new Request(new URL(url, 'http://control.test'), {
    method,
    headers,
    signal: gone.signal,
    ...(method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
  });
  const { control } = served;
  const response = url.startsWith('/internal')
    ? await served.internal(request)
    : await control.answering(() => control.rest(request), headers);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]).pipe(outgoing);
}

async function start() {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-composition-'));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const database = await createTestDatabase();
  stops.push(() => database.drop());
  await makePlatform(database.applicationUrl);
  const served = serve(database.applicationUrl);
  stops.push(() => served.close());
  const server = createServer((incoming, outgoing) => {
    answer(served, incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const role of ['signaling', 'jobs'] as const) {
    const joinToken = await served.control.fleet.createJoinToken({
      roles: [role],
      region: 'local',
      lifetimeMs: 60_000,
    });
    const node = new ManagedProcess({
      name: role,
      args: [path.join(root, 'apps/media-node/src/main.ts'), '--role', role],
      cwd: root,
      env: {
        ...inherited,
        PATCHBAY_HOST: '127.0.0.1',
        PATCHBAY_CONTROL_URL: url,
        PATCHBAY_JOIN_TOKEN: joinToken,
        PATCHBAY_DATA: folder,
        PATCHBAY_DRAIN_SECONDS: '0',
        ...(role === 'jobs' ? { DATABASE_URL: database.applicationUrl, PATCHBAY_MASTER_KEY: masterKey } : {}),
      },
      onOutput: () => {},
      onCrash: () => {},
    });
    stops.push(() => node.stop(1_000));
  }
  const { accountId, key } = await signUp(served, 'composer');
  const signalUrl = await until(() => served.control.placement.signalUrl(), {
    what: 'the signaling node to serve',
    timeoutMs: 30_000,
  });
  const pb = patchbayOf({
    PATCHBAY_URL: url,
    PATCHBAY_KEY: key,
    PATCHBAY_ACCOUNT: accountId,
    PATCHBAY_SIGNAL_URL: signalUrl,
  });
  return { served, pb, accountId };
}

test('an event of a call is a message that a subscriber of a channel hears, by configuration alone (HKS-4)', async () => {
  const { served, pb, accountId } = await start();
  const heard: unknown[][] = [];
  const running: Promise<void> = new Function('pb', 'console', `return (async () => { ${example} })();`)(pb, {
    log: (...said: unknown[]) => heard.push(said),
  });
  running.catch((error: unknown) => heard.push([error]));
  // Whoever is not subscribed yet hears nothing of what is said now.
  await until(
    async () => {
      await pb.notification.publish({ channel: 'calls', data: { type: 'probe' } });
      return heard.length > 0;
    },
    { what: 'the subscriber', timeoutMs: 15_000 },
  );
  // What a node of signaling says of a call.
  const node = await enrolNode(served, ['signaling']);
  const sessionId = createId('ses');
  const of = { sessionId, accountId, atMs: Date.now(), region: 'local', data: {} };
  const lines = [
    { ...of, sequence: 1, type: 'session.created' },
    { ...of, sequence: 2, type: 'session.ended', data: { code: 'signaling.hung_up' } },
  ];
  await served.internal(node.request('sessionEvents', { events: lines }));
  const events = () => heard.filter(([type]) => type !== 'probe');
  await until(() => events().length >= 2, { what: 'both to be heard', timeoutMs: 15_000 });
  expect(events()).toEqual([
    ['signaling.session.started', sessionId],
    ['signaling.session.ended', sessionId],
  ]);
}, 120_000);
