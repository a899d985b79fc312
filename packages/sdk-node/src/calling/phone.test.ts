/** Calls between two processes' worth of phones: a real signaling node, real WebRTC, sound that is measured. */

import { type AddressInfo, createServer, type Server } from 'node:net';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, test } from 'vitest';
import { startSignaling } from '../../../../apps/media-node/src/signaling/signaling-server.ts';
import { MemoryPlatform } from '../../../../apps/media-node/src/signaling/testing/memory-platform.ts';
import { type IncomingPhoneCall, Phone } from './phone.ts';
import type { MediaTrack, PhoneCall } from './phone-call.ts';
import { hearTone, playTone } from './testing/tone.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start() {
  const platform = new MemoryPlatform();
  const log = { info() {}, warn() {}, error() {} };
  const serve = (port: number) =>
    startSignaling({ listen: { host: '127.0.0.1', port }, platform, region: 'eu', log });
  let server = await serve(0);
  stops.push(() => server.stop());
  const { port } = server;
  /** Another node takes its place, which knows none of its conversations. */
  const replace = async (meanwhile: () => void) => {
    await server.stop();
    meanwhile();
    server = await serve(port);
  };
  const connect = async (identity: string) => {
    const phone = await Phone.connect(() => ({
      token: platform.token({ identity, limits: { pagesUrl: 'https://platform.example/docs/errors/' } }),
      signalUrl: `ws://127.0.0.1:${port}/`,
      expiresAtMs: Date.now() + 60_000,
    }));
    stops.push(() => phone.close());
    return phone;
  };
  return { platform, connect, replace };
}

const connectionsOf = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

function tone(): MediaTrack {
  const { track, stop } = playTone();
  stops.push(stop);
  return track;
}

function listen(call: PhoneCall) {
  const ear = hearTone(call);
  stops.push(ear.stop);
  return ear;
}

const next = <Value>(ask: () => Value | undefined, what: string) => until(ask, { what, timeoutMs: 10_000 });

async function callBob({ connect }: Awaited<ReturnType<typeof start>>, tracksOfBob: readonly MediaTrack[]) {
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  let incoming: IncomingPhoneCall | undefined;
  bob.on('incoming', (ring) => {
    incoming = ring;
  });
  const placed = await alice.call('user:bob', { tracks: [tone()] });
  const ring = await next(() => incoming, 'bob to be rung');
  return { alice, bob, placed, ring, taken: () => ring.accept({ tracks: tracksOfBob }) };
}

test('a server places a call and takes one, and both hear each other (SDK-1)', {
  timeout: 30_000,
}, async () => {
  const { placed, ring, taken: accept } = await callBob(await start(), [tone()]);
  expect([placed.peer, ring.from, ring.media.audio]).toEqual(['bob', 'alice', true]);
  const paths: string[] = [];
  placed.on('connected', ({ path }) => paths.push(path));
  const taken = accept();
  taken.on('connected', ({ path }) => paths.push(path));
  const [atAlice, atBob] = [listen(placed), listen(taken)];
  await next(() => (atAlice.isHeard() && atBob.isHeard()) || undefined, 'both to hear the tone');
  await next(() => paths.length === 2 || undefined, 'both to be connected');
  expect(paths).toEqual(['direct', 'direct']);

  let reason: string | undefined;
  taken.on('disconnected', ({ code }) => {
    reason = code;
  });
  placed.hangUp();
  expect(await next(() => reason, 'bob to be told')).toMatch(/^signaling\./);
});

test('a rejected call ends with its reason, and one to nobody is refused', { timeout: 20_000 }, async () => {
  const started = await start();
  const { alice, placed, ring } = await callBob(started, []);
  let reason: string | undefined;
  placed.on('disconnected', ({ code }) => {
    reason = code;
  });
  ring.reject();
  expect(await next(() => reason, 'alice to be told')).toMatch(/^signaling\./);
  await expect(alice.call('user:nobody')).rejects.toMatchObject({
    name: 'PatchbayError',
    code: expect.stringMatching(/^signaling\./),
  });
});

test('a phone that the platform does not know is refused, with the reason', async () => {
  const { platform, connect } = await start();
  platform.token = () => 'un.known';
  await expect(connect('mallory')).rejects.toMatchObject({ name: 'PatchbayError', code: 'auth.missing' });
});

test('a call that is asked for while the connection is lost is placed on the next one', {
  timeout: 30_000,
}, async () => {
  const { connect, replace } = await start();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  const rung = new Promise<IncomingPhoneCall>((resolve) => bob.on('incoming', resolve));
  let placed: Promise<PhoneCall | undefined> | undefined;
  await replace(() => {
    // Bob may come back a moment later than Alice: she tries until he is there.
    placed = until(() => alice.call('user:bob').catch(() => undefined), { what: 'the call to be placed' });
  });
  expect((await rung).from).toBe('alice');
  expect((await placed)?.peer).toBe('bob');
});

test('a call of a phone that was closed is refused at once', async () => {
  const { connect } = await start();
  const alice = await connect('alice');
  alice.close();
  await expect(alice.call('user:bob')).rejects.toMatchObject({ code: 'client.closed' });
});

test('what signaling never answers is given up in time, and leaves nothing open', async () => {
  const silent = createServer((socket) => socket.resume().on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  stops.push(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const { platform } = await start();
  const mint = () => ({
    token: platform.token({ identity: 'alice' }),
    signalUrl: `ws://127.0.0.1:${port}/`,
    expiresAtMs: Date.now() + 60_000,
  });
  await expect(Phone.connect(mint, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'client.timeout' });
  await until(async () => (await connectionsOf(silent)) === 0, { what: 'closed sockets', timeoutMs: 5_000 });
});

test('every reason has the address of its page', async () => {
  const { connect } = await start();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  bob.on('incoming', (incoming) => void incoming.accept());
  const call = await alice.call('user:bob');
  const ended = new Promise<{ helpUrl: string }>((resolve) => call.once('disconnected', resolve));
  call.hangUp();
  expect((await ended).helpUrl).toBe('https://platform.example/docs/errors/signaling.hung_up');
});
