/** The example of docs/notification.md, as it stands there, against a real signaling node. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, test } from 'vitest';
import { readEnv } from '../../../apps/media-node/src/platform/env.ts';
import { createLog } from '../../../apps/media-node/src/platform/log.ts';
import { MemoryControlPlane } from '../../../apps/media-node/src/platform/testing/memory-control-plane.ts';
import { runSignaling } from '../../../apps/media-node/src/signaling/role.ts';
import { connect, type PatchbayClient, TokenSource } from './index.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const [, example = ''] =
  readFileSync(new URL('../../../docs/notification.md', import.meta.url), 'utf8').match(
    /```ts\n([\s\S]*?)```/,
  ) ?? [];

async function startNode() {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-example-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const control = await MemoryControlPlane.start();
  stops.push(() => control.stop());
  const env = readEnv({
    PATCHBAY_HOST: '127.0.0.1',
    PATCHBAY_CONTROL_URL: control.url,
    PATCHBAY_JOIN_TOKEN: 'a join token for a test',
    PATCHBAY_DATA: folder,
    PATCHBAY_DRAIN_SECONDS: '0',
  });
  stops.push(await runSignaling(env, createLog('signaling', { write: () => undefined })));
  const signalUrl = await until(() => control.nodes[0]?.urls.signal?.[0], { what: 'the node to be known' });
  const token = (identity: string) =>
    TokenSource.custom(async () => ({ token: control.token(identity), signalUrl }));
  return { control, token };
}

test('the example has ten lines, shows what is published and who is there, and goes on after a lost connection', async () => {
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(10);
  const { control, token } = await startNode();
  const shown: string[] = [];
  let client: PatchbayClient | undefined;
  const names = ['connect', 'TokenSource', 'show'];
  const run = new Function(...names, `return (async () => { ${example} })();`);
  const running: Promise<void> = run(
    () => {
      client = connect({ token: token('alice') });
      return client;
    },
    { endpoint: () => undefined },
    (line: string) => shown.push(line),
  );
  running.catch(() => undefined);
  stops.push(() => client?.close());
  await until(() => shown.includes('alice: Hello.'), { what: 'the message' });
  const carol = connect({ token: token('carol') });
  stops.push(() => carol.close());
  await carol.channel('chat:room-7').subscribe({ presence: true }).ready();
  await until(() => shown.includes('carol is here'), { what: 'carol to be seen' });
  client?.dropSocket();
  control.channels.publish(control.accountId, 'chat:room-7', {
    data: '{"text":"While away."}',
    publisher: 'bob',
  });
  await until(() => shown.includes('bob: While away.'), { what: 'what was published meanwhile' });
  expect(shown.filter((line) => line === 'alice: Hello.')).toHaveLength(1);
}, 120_000);
