import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, it } from 'vitest';
import { MemoryControlPlane } from './platform/testing/memory-control-plane.ts';
import { audioVideo as media } from './signaling/testing/machine-bench.ts';
import { TestSocket } from './signaling/testing/test-socket.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const killed = async (signaling: ChildProcess): Promise<void> => {
  if (signaling.exitCode !== null || signaling.signalCode !== null) return;
  signaling.kill('SIGKILL');
  await once(signaling, 'exit');
};

it('a session that the API ends while signaling is killed ends when the next process has begun, with the reason (LIV-1)', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-missed-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  const control = await MemoryControlPlane.start();
  closers.push(() => control.stop());
  const boot = () => control.nodes[0]?.boot;
  const start = async () => {
    const before = boot();
    const signaling = spawn(
      process.execPath,
      [path.join(import.meta.dirname, 'main.ts'), '--role', 'signaling'],
      {
        stdio: 'ignore',
        env: {
          NODE_ENV: 'test',
          PATCHBAY_CONTROL_URL: control.url,
          PATCHBAY_JOIN_TOKEN: 'a join token for a test',
          PATCHBAY_DATA: folder,
          PATCHBAY_DRAIN_SECONDS: '0',
        },
      },
    );
    closers.push(() => killed(signaling));
    await until(() => boot() !== undefined && boot() !== before, {
      what: 'signaling to be heard of',
      timeoutMs: 20_000,
    });
    return signaling;
  };
  const connect = async (identity: string) => {
    const client = new TestSocket(Number(new URL(control.nodes[0]?.urls.signal?.[0] ?? '').port));
    closers.push(() => client.socket.terminate());
    return await client.authenticate(control.token(identity));
  };
  const ended = () => control.events.find(({ type }) => type === 'session.ended');

  const signaling = await start();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  alice.socket.send(JSON.stringify({ type: 'call', sequence: 1, requestId: 'r', to: 'user:bob', media }));
  const { sessionId } = await bob.frame('incoming');
  bob.socket.send(JSON.stringify({ type: 'accept', sequence: 1, sessionId, media }));
  await alice.frame('started');
  await killed(signaling);
  const code = 'session.ended_by_account';
  control.publish({ type: 'session.end', sessionId, code, detail: 'It was ended over the API.' });
  await start();
  // Nobody came back: without the command it would end after the 30 seconds of grace, and for another reason.
  await until(() => ended() !== undefined, { what: 'the session to end', timeoutMs: 10_000 });
  expect(ended()?.data).toMatchObject({ reason: { code } });
}, 120_000);
