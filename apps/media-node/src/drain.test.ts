import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServerFrame } from '@patchbay/protocol/signaling/messages';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { method } from '@patchbay/protocol/stun/message';
import { encodeChannelData } from '@patchbay/protocol/turn/channel-data';
import { codeOf, lifetime } from '@patchbay/protocol/turn/testing/client-session';
import { openRawClient, type RawClient } from '@patchbay/testing/raw-turn-client';
import { until } from '@patchbay/testing/until';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readEnv } from './platform/env.ts';
import { createFaults } from './platform/faults.ts';
import { MemoryControlPlane } from './platform/testing/memory-control-plane.ts';
import { runRelay } from './relay/role.ts';
import { runSignaling } from './signaling/role.ts';
import { TestSocket } from './signaling/testing/test-socket.ts';

vi.setConfig({ testTimeout: 120_000 });

const runners = { relay: runRelay, signaling: runSignaling };
const log = pino({ level: 'silent' });
const media = { audio: true, video: false, screen: false };
let folder: string;
let control: MemoryControlPlane;
/** Stops in the order of the starts, reversed; each node is stopped once. */
const stops: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-drain-'));
  control = await MemoryControlPlane.start();
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await control.stop();
  rmSync(folder, { recursive: true });
});

/** Runs a role as its own process would, and answers how it is asked to stop. */
async function run(role: keyof typeof runners, drainSeconds: number) {
  const env = readEnv({
    PATCHBAY_CONTROL_URL: control.url,
    PATCHBAY_JOIN_TOKEN: 'a join token for a test',
    PATCHBAY_DATA: path.join(folder, `${role}-${control.nodes.length}`),
    PATCHBAY_TURN_PORT: '0',
    PATCHBAY_ALLOW_LOOPBACK_PEERS: '1',
    PATCHBAY_DRAIN_SECONDS: String(drainSeconds),
  });
  const ask = await runners[role](env, log, createFaults(log));
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= ask();
    return stopping;
  };
  stops.push(stop);
  const node = control.nodes.at(-1);
  await until(() => node?.boot !== undefined, { what: 'the first heartbeat' });
  return { stop, turnUrl: () => node?.urls.turn?.[0], isDraining: () => node?.isDraining };
}

const signalPort = () => {
  const url = control.nodes.find(({ roles }) => roles.includes('signaling'))?.urls.signal?.[0];
  return Number(new URL(url ?? '').port);
};

async function connect(identity: string): Promise<TestSocket> {
  const client = new TestSocket(signalPort());
  stops.push(() => client.socket.terminate());
  return await client.authenticate(control.token(identity));
}

type Started = Extract<ServerFrame, { type: 'started' }>;

/** Two clients in a call through a relay, the first with an allocation there. */
async function startCall() {
  const alice = await connect('alice');
  const bob = await connect('bob');
  const frame = { requestId: 'r', to: 'user:bob', media, mode: 'relay' };
  alice.socket.send(JSON.stringify({ type: 'call', sequence: 1, ...frame }));
  const { sessionId } = await bob.frame('incoming');
  bob.socket.send(JSON.stringify({ type: 'accept', sequence: 1, sessionId, media }));
  const { iceServers } = await alice.frame('started');
  const client = await clientOf(iceServers);
  expect(codeOf(await client.allocate())).toBe(0);
  // Time has a price from the first media on.
  const anywhere = { ip: ipFromText('127.0.0.1') ?? new Uint8Array(4), port: 9 };
  expect(await client.bind(0x4000, anywhere)).toBe(0);
  client.send(encodeChannelData({ channel: 0x4000, data: Uint8Array.of(0x90) }));
  // What comes behind it on the same socket is answered after it.
  expect(codeOf(await client.ask(method.binding))).toBe(0);
  return { alice, bob, sessionId, client, turnUrl: iceServers[0]?.urls[0] };
}

async function clientOf(iceServers: Started['iceServers']): Promise<RawClient> {
  const [server] = iceServers;
  const { username = '', credential: password = '', urls = [] } = server ?? {};
  const port = Number(/:(\d+)\?/.exec(urls[0] ?? '')?.[1]);
  const client = await openRawClient(
    { ip: ipFromText('127.0.0.1') ?? new Uint8Array(4), port },
    { username, password },
  );
  stops.push(() => client.socket.close());
  return client;
}

it('a relay that is asked to stop hands its calls to another, waits for them, and uploads all it counted (RES-1, MET-2)', async () => {
  await run('signaling', 0);
  const relays = [await run('relay', 600), await run('relay', 600)];
  const { alice, client, turnUrl } = await startCall();
  const leaving = relays.find((relay) => relay.turnUrl() === turnUrl);
  const staying = relays.find((relay) => relay.turnUrl() !== turnUrl);
  const startedAtMs = Date.now();
  const stopped = leaving?.stop();
  const { reason, iceServers } = await alice.frame('recover');
  expect(reason).toBe('relay_draining');
  expect(iceServers[0]?.urls).toEqual([staying?.turnUrl()]);
  // What it has goes on meanwhile; nobody new comes in.
  expect(codeOf(await client.ask(method.refresh, [lifetime(600)]))).toBe(0);
  const { iceServers: former } = await alice.frame('started');
  expect(codeOf(await (await clientOf(former)).allocate())).toBe(508);
  const next = await clientOf(iceServers);
  expect(codeOf(await next.allocate())).toBe(0);
  await until(() => leaving?.isDraining() === true, { what: 'the control plane to hear of it' });
  const lived = Date.now() - startedAtMs;
  await client.ask(method.refresh, [lifetime(0)]);
  await stopped;
  expect(control.sumOf('allocationMs')).toBeGreaterThanOrEqual(lived);
  expect(alice.frames.filter(({ type }) => type === 'recover' || type === 'ended')).toHaveLength(1);
  await next.ask(method.refresh, [lifetime(0)]);
});

it('a relay that nobody can be moved from stops at its bound, and what it counted is uploaded', async () => {
  await run('signaling', 0);
  const relay = await run('relay', 1);
  await startCall();
  const askedAtMs = Date.now();
  await relay.stop();
  const tookMs = Date.now() - askedAtMs;
  expect(tookMs).toBeGreaterThanOrEqual(1_000);
  expect(tookMs).toBeLessThan(8_000);
  expect(control.sumOf('allocations')).toBe(1);
  expect(control.sumOf('allocationMs')).toBeGreaterThanOrEqual(1_000);
});

it('signaling that is asked to stop takes no new calls, tells those who are left at its bound, and uploads the end', async () => {
  const signaling = await run('signaling', 2);
  await run('relay', 0);
  const { alice, bob, sessionId } = await startCall();
  const stopped = signaling.stop();
  const carol = await connect('carol');
  carol.socket.send(JSON.stringify({ type: 'call', sequence: 1, requestId: 'r', to: 'user:bob', media }));
  expect((await carol.frame('refused')).problem.code).toBe('signaling.draining');
  expect(alice.frames.some(({ type }) => type === 'ended')).toBe(false);
  await stopped;
  for (const client of [alice, bob])
    expect((await client.frame('ended')).reason.code).toBe('signaling.node_stopped');
  expect(signaling.isDraining()).toBe(true);
  const ended = control.events.filter((event) => event.sessionId === sessionId).at(-1);
  expect(ended?.type).toBe('session.ended');
  expect(control.sumOf('connectedMs')).toBe(2 * Number(ended?.data.connectedMs));
});
