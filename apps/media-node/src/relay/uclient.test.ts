import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { openRawSocket } from '@patchbay/testing/raw-turn-client';
import { describe, expect, it } from 'vitest';
import { createMemoryPlatform, silentLog } from './memory-platform.ts';
import { otherFamilyOf } from './other-family.ts';
import { startRelay } from './relay.ts';

const run = promisify(execFile);
const uclient = '/usr/bin/turnutils_uclient';
const peerProgram = '/usr/bin/turnutils_peer';
const stunclient = '/usr/bin/turnutils_stunclient';
const isInstalled = [uclient, peerProgram, stunclient].every((path) => existsSync(path));
const why = isInstalled ? '' : ' (skipped: turnutils_uclient is not installed; apt-get install coturn)';

const otherFamily = otherFamilyOf('127.0.0.1', undefined);

async function freePort(): Promise<number> {
  const socket = await openRawSocket();
  socket.close();
  return socket.address.port;
}

// They send at a pace of their own, and mostly wait: all at once take as long as one.
describe.skipIf(!isInstalled)(`T21: coturn's own clients${why}`, { concurrent: true }, () => {
  it.for([
    ['channels', ['-c', '-X'], 500],
    ['Send indications', ['-c', '-X', '-s'], 500],
    ['pairs of ports, RTP and RTCP', ['-X'], 600],
    ['client to client', ['-y', '-c', '-X'], 600],
    ['dual allocations', ['-Z', '-y'], 600],
  ] as const)(
    '%s: every message comes back, and the bytes recorded are the bytes sent',
    { timeout: 60_000 },
    async ([_, flags, messages], { onTestFinished }) => {
      const closers: (() => void | Promise<void>)[] = [];
      onTestFinished(async () => {
        for (const close of closers.reverse()) await close();
      });
      const platform = createMemoryPlatform();
      platform.addCredential('ann', 'secret', {});
      const listen = { host: '127.0.0.1', port: 0 };
      const relay = await startRelay({
        listen,
        relayHost: '127.0.0.1',
        ...(otherFamily === undefined ? {} : { relayHostOtherFamily: otherFamily }),
        region: 'test',
        platform,
        log: silentLog,
        allowLoopbackPeers: true,
      });
      closers.push(() => relay.stop());
      const peerPort = String(await freePort());
      const peer = spawn(peerProgram, ['-L', '127.0.0.1', '-p', peerPort], { stdio: 'ignore' });
      closers.push(() => void peer.kill());
      const load = ['-n', '100', '-m', '5', '-l', '160', '-z', '2'];
      const place = ['-p', String(relay.port), '-e', '127.0.0.1', '-r', peerPort];
      const { stdout } = await run(
        uclient,
        ['-u', 'ann', '-w', 'secret', ...place, ...load, ...flags, '127.0.0.1'],
        { timeout: 50_000 },
      );
      const [sent, received] = [/tot_send_msgs=(\d+)/g, /tot_recv_msgs=(\d+)/g].map((pattern) =>
        Number([...stdout.matchAll(pattern)].at(-1)?.[1]),
      );
      expect([sent, received]).toEqual([messages, messages]);
      expect(stdout).toMatch(/Total lost packets 0/);
      const isDual = flags.some((flag) => flag === '-Z') && otherFamily !== undefined;
      expect(
        platform
          .eventsOf('allocation.started')
          .some(({ relayedAddressOtherFamily: other }) => other !== undefined),
      ).toBe(isDual);
      await relay.stop();
      closers.shift();
      const bytes = messages * 160;
      expect([
        platform.sumOf('bytes', { direction: 'in' }),
        platform.sumOf('bytes', { direction: 'out' }),
      ]).toEqual([bytes, bytes]);
      expect(platform.sumOf('packets')).toBe(2 * messages);
    },
  );

  it('turnutils_stunclient is told its address', async ({ onTestFinished }) => {
    const platform = createMemoryPlatform();
    const listen = { host: '127.0.0.1', port: 0 };
    const relay = await startRelay({
      listen,
      relayHost: '127.0.0.1',
      region: 'test',
      platform,
      log: silentLog,
    });
    onTestFinished(() => relay.stop());
    const { stdout } = await run(stunclient, ['-p', String(relay.port), '127.0.0.1'], { timeout: 10_000 });
    expect(stdout).toMatch(/reflexive addr: 127\.0\.0\.1:\d+/);
  });
});
