/** The signaling node is killed while two servers talk through a relay: a process of its own, real WebRTC, real sound. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freeTcpPort } from '@patchbay/testing/free-port';
import { until } from '@patchbay/testing/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryControlPlane } from '../../../../apps/media-node/src/platform/testing/memory-control-plane.ts';
import { Phone } from './phone.ts';
import type { PhoneCall } from './phone-call.ts';
import { hearTone, playTone } from './testing/tone.ts';

const program = path.resolve(import.meta.dirname, '../../../../apps/media-node/src/main.ts');
const stops: (() => unknown)[] = [];
let folder: string;
let control: MemoryControlPlane;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-killed-'));
  control = await MemoryControlPlane.start();
  env = {
    NODE_ENV: 'test',
    PATCHBAY_CONTROL_URL: control.url,
    PATCHBAY_JOIN_TOKEN: 'a join token for a test',
    PATCHBAY_SIGNAL_PORT: String(await freeTcpPort()),
    PATCHBAY_LINK_PORT: String(await freeTcpPort()),
    PATCHBAY_TURN_PORT: '0',
    PATCHBAY_ALLOW_LOOPBACK_PEERS: '1',
    PATCHBAY_DRAIN_SECONDS: '0',
  };
  startRole('relay');
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await control.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the process of a role, and answers how it is killed. */
function startRole(role: 'relay' | 'signaling', data: string = role) {
  const child: ChildProcess = spawn(process.execPath, [program, '--role', role], {
    env: { ...env, PATCHBAY_DATA: path.join(folder, data) },
    stdio: 'ignore',
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  stops.push(() => end('SIGTERM'));
  return { kill: () => end('SIGKILL') };
}

async function connect(identity: string): Promise<Phone> {
  const phone = await Phone.connect(() => ({
    token: control.token(identity),
    signalUrl: `ws://127.0.0.1:${env.PATCHBAY_SIGNAL_PORT}/`,
    expiresAtMs: Date.now() + 3_600_000,
  }));
  stops.push(() => phone.close());
  return phone;
}

async function talk() {
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  const listen = (call: PhoneCall) => {
    const ear = hearTone(call);
    stops.push(ear.stop);
    return { call, told: watch(call), ear };
  };
  const taken = new Promise<ReturnType<typeof listen>>((resolve) => {
    bob.on('incoming', (incoming) => resolve(listen(incoming.accept({ tracks: [tone()], mode: 'relay' }))));
  });
  const sides = [
    listen(await alice.call('user:bob', { tracks: [tone()], mode: 'relay' })),
    await taken,
  ] as const;
  const told = sides.map((side) => side.told);
  const heard = sides.map(({ ear }) => ear);
  await until(() => told.every((each) => each.includes('connected:relay')), { what: 'a relayed call' });
  await until(() => heard.every((ear) => ear.isHeard()), { what: 'both to hear the other' });
  return { hangUp: () => sides[1].call.hangUp(), told, heard, sessionId: sides[0].call.id };
}

function tone() {
  const { track, stop } = playTone();
  stops.push(stop);
  return track;
}

/** What the application is told. */
function watch(call: PhoneCall): string[] {
  const told: string[] = [];
  call.on('connected', (reached) => told.push(`connected:${reached.path}`));
  call.on('reconnecting', ({ reason }) => told.push(`reconnecting:${reason}`));
  call.on('reconnected', () => told.push('reconnected'));
  call.on('disconnected', ({ code }) => told.push(`disconnected:${code}`));
  return told;
}

test('kill -9 of signaling: a relayed call goes on without a gap in its sound, on the same connection; it is one session, and its time is exact (LIV-3, MET-2, MET-7)', {
  timeout: 60_000,
}, async () => {
  const signaling = startRole('signaling');
  const { hangUp, told, heard, sessionId } = await talk();
  await signaling.kill();
  const killedAtMs = Date.now();
  startRole('signaling');
  await until(() => told.every((each) => each.includes('reconnected')), {
    what: 'signaling to be back',
    timeoutMs: 20_000,
  });
  const awayMs = Date.now() - killedAtMs;
  for (const each of told)
    expect(each).toEqual(['connected:relay', 'reconnecting:signaling_away', 'reconnected']);
  await until(() => Date.now() - killedAtMs > awayMs + 1_500, { what: 'the call to go on' });
  for (const ear of heard) expect(ear.silentMsMax()).toBeLessThan(1_000);

  hangUp();
  await until(() => told[0]?.at(-1) === 'disconnected:signaling.hung_up', {
    what: 'the other to hear of it',
  });
  const log = () => control.events.filter((event) => event.sessionId === sessionId);
  const end = await until(() => log().find(({ type }) => type === 'session.ended'), {
    what: 'the end in the log',
  });
  const lines = new Map(log().map((event) => [event.sequence, event.type]));
  expect([...lines.keys()].toSorted((one, other) => one - other)).toEqual(
    [...lines.keys()].map((_, index) => index + 1),
  );
  for (const type of ['session.created', 'session.ended'])
    expect([...lines.values()].filter((each) => each === type)).toHaveLength(1);
  expect(control.events.every((event) => event.sessionId === sessionId)).toBe(true);
  const connectedMs = Number(end.data.connectedMs);
  await until(() => control.sumOf('connectedMs') >= 2 * connectedMs, { what: 'all of the usage' });
  expect(control.sumOf('connectedMs')).toBe(2 * connectedMs);
  expect(control.sumOf('sessions')).toBe(1);
});

test('signaling that comes back without its state says that it failed, and the calls end with that reason', {
  timeout: 60_000,
}, async () => {
  const signaling = startRole('signaling');
  const { told } = await talk();
  await signaling.kill();
  startRole('signaling', 'another');
  await until(() => told.every((each) => each.at(-1)?.startsWith('disconnected')), {
    what: 'the end',
    timeoutMs: 20_000,
  });
  for (const each of told)
    expect(each.slice(1)).toEqual(['reconnecting:signaling_away', 'disconnected:signaling.node_lost']);
});
