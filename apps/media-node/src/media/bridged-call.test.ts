/** Chromium, signaling, the line and shards with WebRTC: a call of two that goes through a media node while they talk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SessionChange } from '@patchbay/domain/sessions/control';
import { until } from '@patchbay/testing/until';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { CallSite, type TestParty } from '../../../../packages/sdk-browser/testing/call-site.ts';
import { MediaLines, MediaNodeLines } from '../platform/media-line.ts';
import { NodeIdentity } from '../platform/node-identity.ts';
import { SignalingLinks } from '../platform/node-link.ts';
import { MediaHost } from './media-host.ts';

const nodeId = 'nod_media';
/** What may be missing of sound or picture while a call moves (LIV-2). */
const GAP_MS_MAX = 300;
const RECOVERY_MS_MAX = 5_000;
const site = new CallSite();
const stops: (() => unknown)[] = [];
const parties: TestParty[] = [];
let host: MediaHost;
let media: MediaLines;
let count = 0;

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-media-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const identity = NodeIdentity.open(folder);
  identity.enrolled(nodeId);
  media = new MediaLines({
    publicKeyOf: async () => identity.publicKey,
    onNotice: (notice) => site.platform.tell(notice),
  });
  stops.push(() => media.stop());
  const links = await SignalingLinks.listen({
    listen: { host: '127.0.0.1', port: 0 },
    publicKeyOf: async () => undefined,
    onEvent: () => {},
    onMedia: (socket) => media.accept(socket),
    liveSessions: () => [],
  });
  stops.push(() => links.stop());
  let lines: MediaNodeLines | undefined;
  host = new MediaHost({
    rooms: { join: () => {}, leave: () => {} },
    shardCountMax: 2,
    legsPerShard: 4,
    clipsOf: async () => ({ failure: 'verb_unavailable', detail: 'Nothing is played here.' }),
    send: (line, frame) => lines?.send(line, frame),
    onRoom: () => lines?.beat(),
    onShardDied: () => {},
    onUnable: (detail) => {
      throw new Error(detail);
    },
  });
  lines = new MediaNodeLines({
    identity,
    boot: 1,
    linkUrls: () => [{ url: `ws://127.0.0.1:${links.port}`, isLive: true }],
    heartbeat: () => host.load(),
    onWord: (line, word) => host.hear(line, word),
    onLost: (line) => host.lose(line),
  });
  lines.start();
  stops.push(
    () => host.stop(),
    () => lines?.stop(),
  );
  site.platform.placeMedia = () => media.free();
  site.platform.onMedia = (word) => media.say(nodeId, word);
  await site.start();
  stops.push(() => site.stop());
  await until(() => media.free() !== undefined, { what: 'a free media node', timeoutMs: 10_000 });
}, 120_000);
afterEach(async () => {
  for (const { page } of parties.splice(0)) await page.close();
  await until(() => host.load().legCount === 0, { what: 'both ends to go', timeoutMs: 10_000 });
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Two that see and hear each other directly, each with a tone that never pauses. */
async function talk({ video = true } = {}) {
  count += 1;
  const names = [`alice${count}`, `bob${count}`] as const;
  const alice = await site.open(names[0], '&tone');
  const bob = await site.open(names[1], '&tone');
  parties.push(alice, bob);
  await alice.do('call', `user:${names[1]}`, { video });
  for (const party of [alice, bob]) {
    await party.sees('connected:direct');
    if (video) await party.plays(0.5);
    await party.do('watchGaps');
  }
  const { sessionId } = site.platform.eventsOf('session.created').at(-1) ?? { sessionId: '' };
  const order = async (change: SessionChange) => {
    const orderId = `order-${sessionId}-${site.platform.answers.size}`;
    const of = { orderId, sessionId, accountId: 'acc_a', by: { name: 'Alice', accountId: 'acc_a' } };
    site.platform.tell({ type: 'order', order: { ...of, issuedAtMs: Date.now(), change } });
    await until(() => site.platform.answers.has(orderId), { what: 'an answer' });
    expect(site.platform.answers.get(orderId)).toMatchObject({ kind: 'done', isChanged: true });
  };
  const isAt = async (generation: number, mode: string) => {
    const isThere = () => {
      const moved = site.platform.eventsOf('mode.changed').filter((line) => line.sessionId === sessionId);
      return moved.at(-1)?.data.mode === mode;
    };
    await until(isThere, { what: `mode ${mode}`, timeoutMs: 10_000 });
    for (const party of [alice, bob]) {
      if (video) await party.plays(2);
      expect(await party.do('state')).toMatchObject({ state: 'connected', generation });
    }
  };
  return { alice, bob, order, isAt };
}
const gapsOf = ({ page }: TestParty) => page.evaluate(() => window.gaps);

it('media goes through a node and back while two talk: both see and hear each other, without a gap of 300 ms (LIV-2)', async () => {
  const { alice, bob, order, isAt } = await talk();
  await order({ type: 'move', mode: 'media' });
  await isAt(1, 'media');
  expect(host.load().legCount).toBe(2);
  await order({ type: 'move', mode: 'p2p' });
  await isAt(2, 'p2p');
  await until(() => host.load().legCount === 0, { what: 'the node to be let go' });
  await order({ type: 'move', mode: 'media' });
  await isAt(3, 'media');
  for (const party of [alice, bob]) {
    expect((await party.seen()).filter((event) => event.startsWith('reconnect'))).toEqual([]);
    const gaps = await gapsOf(party);
    process.stdout.write(`${JSON.stringify(gaps)}\n`);
    expect(gaps?.heardMs).toBeGreaterThan(4_000);
    expect(gaps?.soundMs).toBeLessThan(GAP_MS_MAX);
    expect(gaps?.pictureMs).toBeLessThan(GAP_MS_MAX);
  }
}, 120_000);

it('a screen that is shared in a call of sound comes through the node as well (SDK-1)', async () => {
  const { alice, bob, order, isAt } = await talk({ video: false });
  await order({ type: 'move', mode: 'media' });
  await isAt(1, 'media');
  await alice.do('shareScreen');
  await bob.sees('track:video');
  await bob.plays(0.5);
  await alice.do('stopSharing');
  await bob.sees('media:{"audio":true,"video":false,"screen":false}', 2);
}, 120_000);

it('what is held is not sent on, whatever an application does (LIV-1)', async () => {
  const { alice, bob, order, isAt } = await talk({ video: false });
  await order({ type: 'move', mode: 'media' });
  await isAt(1, 'media');
  // An application that does not obey: it sends whatever it is told.
  await alice.page.evaluate(() => {
    const native = Object.getOwnPropertyDescriptor(MediaStreamTrack.prototype, 'enabled');
    if (native === undefined) throw new Error('No property.');
    Object.defineProperty(MediaStreamTrack.prototype, 'enabled', { ...native, set: () => {} });
  });
  await order({ type: 'mute', muted: { audio: true } });
  const heardOf = async () => (await gapsOf(bob))?.heardMs ?? 0;
  const isSilent = async () => {
    const before = await heardOf();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return (await heardOf()) === before;
  };
  await expect.poll(isSilent, { timeout: 10_000 }).toBe(true);
}, 120_000);

it('kill -9 of the shard between two: they are through another one within five seconds, and the application does nothing (LIV-3)', async () => {
  const { alice, bob, order, isAt } = await talk();
  await order({ type: 'move', mode: 'media' });
  await isAt(1, 'media');
  for (const pid of host.pids) process.kill(pid, 'SIGKILL');
  const killedMs = performance.now();
  for (const party of [alice, bob]) await party.sees('reconnected');
  const tookMs = performance.now() - killedMs;
  process.stdout.write(`back after ${Math.round(tookMs)} ms\n`);
  expect(tookMs).toBeLessThan(RECOVERY_MS_MAX);
  for (const party of [alice, bob]) {
    await party.plays(1);
    expect((await party.seen()).some((event) => event.startsWith('disconnected'))).toBe(false);
  }
}, 120_000);
