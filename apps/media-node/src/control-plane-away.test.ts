import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '@patchbay/testing/until';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnv } from './platform/env.ts';
import { createFaults } from './platform/faults.ts';
import { MemoryControlPlane } from './platform/testing/memory-control-plane.ts';
import { otherFamilyOf } from './relay/other-family.ts';
import { runRelay } from './relay/role.ts';
import { runSignaling } from './signaling/role.ts';
import { TestSocket } from './signaling/testing/test-socket.ts';

const log = pino({ level: 'silent' });
let folder: string;
let control: MemoryControlPlane;
const stops: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-away-'));
  control = await MemoryControlPlane.start();
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(folder, { recursive: true });
});

const envOf = (role: string, host = '127.0.0.1') =>
  readEnv({
    PATCHBAY_HOST: host,
    PATCHBAY_CONTROL_URL: control.url,
    PATCHBAY_JOIN_TOKEN: 'a join token for a test',
    PATCHBAY_DATA: path.join(folder, role),
    PATCHBAY_TURN_PORT: '0',
    PATCHBAY_ALLOW_LOOPBACK_PEERS: '1',
    PATCHBAY_DRAIN_SECONDS: '0',
  });

/** The relays that signaling would place a call on. */
async function relaysOfferedTo(token: string, signalUrl: string): Promise<readonly string[]> {
  const client = new TestSocket(new URL(signalUrl));
  await client.authenticate(token);
  client.socket.terminate();
  return (await client.frame('authenticated')).relayUrls;
}

it('a relay that is started again while the control plane is away is heard by signaling (architecture §6)', async () => {
  stops.push(await runSignaling(envOf('signaling'), log));
  const stopRelay = await runRelay(envOf('relay'), log, createFaults(log));
  const token = control.token('alice');
  const signalUrl = await until(() => control.nodes[0]?.urls.signal?.[0], { what: 'signaling to be known' });
  const offered = () => relaysOfferedTo(token, signalUrl);
  await until(async () => (await offered()).length === 1, { what: 'the relay to be heard' });
  const env = envOf('relay');
  await control.stop();
  await stopRelay();
  expect(await offered()).toEqual([]);
  stops.push(await runRelay(env, log, createFaults(log)));
  await until(async () => (await offered()).length === 1, { what: 'the relay to be heard again' });
}, 120_000);

const hasIpv6 = otherFamilyOf('127.0.0.1', undefined) !== undefined;

it.skipIf(!hasIpv6)(
  'on an IPv6 address signaling is reached, hears the relay, and offers it (T18)',
  async () => {
    stops.push(await runSignaling(envOf('signaling', '::1'), log));
    stops.push(await runRelay(envOf('relay', '::1'), log, createFaults(log)));
    const signalUrl = await until(() => control.nodes[0]?.urls.signal?.[0], {
      what: 'signaling to be known',
    });
    const offered = () => relaysOfferedTo(control.token('alice'), signalUrl);
    const [turnUrl = ''] = await until(async () => ((await offered()).length === 1 ? offered() : undefined), {
      what: 'the relay to be heard',
    });
    expect(turnUrl).toMatch(/^turn:\[::1\]:\d+\?transport=udp$/);
  },
  30_000,
);
