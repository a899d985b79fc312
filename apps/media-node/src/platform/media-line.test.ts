import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeClientFrame } from '@patchbay/protocol/signaling/messages';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, it } from 'vitest';
import { MediaHost } from '../media/media-host.ts';
import type { MediaNotice, MediaWord } from '../signaling/platform.ts';
import { MediaLines, MediaNodeLines } from './media-line.ts';
import { NodeIdentity } from './node-identity.ts';
import { SignalingLinks } from './node-link.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A media node of two legs, and a signaling node that knows its key or does not. */
async function lined({ isKnown = true } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-line-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const identity = NodeIdentity.open(folder);
  identity.enrolled('nod_media');
  const clock = { nowMs: 0 };
  const notices: MediaNotice[] = [];
  const asked: string[] = [];
  const signaling = new MediaLines({
    publicKeyOf: async (nodeId) => {
      asked.push(nodeId);
      return isKnown ? identity.publicKey : undefined;
    },
    onNotice: (notice) => notices.push(notice),
    nowMs: () => clock.nowMs,
  });
  stops.push(() => signaling.stop());
  const links = await SignalingLinks.listen({
    listen: { host: '127.0.0.1', port: 0 },
    publicKeyOf: async () => undefined,
    onEvent: () => {},
    onMedia: (socket) => signaling.accept(socket),
    liveSessions: () => [],
  });
  stops.push(() => links.stop());
  const url = `ws://127.0.0.1:${links.port}`;
  const heard: MediaWord[] = [];
  const lost: string[] = [];
  const load = { legCount: 0, legCountMax: 2, isDraining: false };
  const node = new MediaNodeLines({
    identity,
    boot: 1,
    linkUrls: () => [{ url, isLive: true }],
    heartbeat: () => load,
    onWord: (_line, word) => heard.push(word),
    onLost: (line) => lost.push(line),
  });
  node.start();
  stops.push(() => node.stop());
  const isFree = () => {
    node.beat();
    return signaling.free() !== undefined;
  };
  return { signaling, node, url, notices, heard, lost, load, clock, asked, isFree };
}
const wordOf = (legId: string, isLast = false): MediaWord => ({
  type: 'frame',
  legId,
  sessionId: 'ses_1',
  accountId: 'acc_a',
  source: '{}',
  isLast,
});

it('words go both ways within milliseconds, and a node is free until it has as many legs as it takes', async () => {
  const { signaling, node, url, notices, heard, load, isFree } = await lined();
  await until(isFree, { what: 'a free node' });
  expect(signaling.free()).toEqual({ nodeId: 'nod_media' });
  const startedMs = performance.now();
  signaling.say('nod_media', wordOf('leg_1'));
  signaling.say('nod_media', wordOf('leg_2'));
  // Before the node has said that they are there.
  expect(signaling.free()).toBeUndefined();
  await until(() => heard.length === 2, { what: 'two words' });
  const leg = { legId: 'leg_1', sessionId: 'ses_1' };
  const hangup = { type: 'hangup', sessionId: 'ses_1', sequence: 0 } as const;
  node.send(url, { type: 'frame', ...leg, source: encodeClientFrame(hangup) });
  node.send(url, { type: 'frame', ...leg, source: '{"type":"nonsense"}' });
  node.send(url, { type: 'sounded', ...leg, number: 1, result: { kind: 'done' } });
  await until(() => notices.length === 2, { what: 'two notices' });
  expect(performance.now() - startedMs).toBeLessThan(300);
  expect(notices).toMatchObject([
    { type: 'mediaFrame', nodeId: 'nod_media', ...leg, message: { type: 'hangup' } },
    { type: 'mediaSounded', nodeId: 'nod_media', number: 1 },
  ]);
  signaling.say('nod_media', wordOf('leg_1', true));
  expect(signaling.free()).toEqual({ nodeId: 'nod_media' });
  load.isDraining = true;
  node.beat();
  await until(() => signaling.free() === undefined, { what: 'a node that drains' });
});

it('nobody without the key of an enrolled media node is heard', async () => {
  const { signaling, notices, asked, lost, isFree } = await lined({ isKnown: false });
  await until(() => lost.length > 0, { what: 'the line to be refused' });
  expect(asked).toEqual(['nod_media']);
  expect(isFree()).toBe(false);
  expect(notices).toEqual([]);
  signaling.say('nod_media', wordOf('leg_1'));
  await until(() => notices.length === 1, { what: 'the answer that nobody is there' });
  expect(notices).toEqual([{ type: 'mediaDead', nodeId: 'nod_media' }]);
});

it('a line that is silent for longer than two heartbeats is dead at both ends, and is made again', async () => {
  const { notices, lost, url, clock, isFree } = await lined();
  await until(isFree, { what: 'a free node' });
  const isOver = () => {
    // Each time anew: a heartbeat may be on its way.
    clock.nowMs += 60_000;
    return notices.length > 0 && lost.length > 0;
  };
  await until(isOver, { what: 'the end of the line' });
  expect([notices[0], lost[0]]).toEqual([{ type: 'mediaDead', nodeId: 'nod_media' }, url]);
  await until(isFree, { what: 'another line' });
});

it('a machine without WebRTC says so, takes no leg, and is known to take none', async () => {
  const said: string[] = [];
  const sent: object[] = [];
  const host = new MediaHost({
    shardCountMax: 2,
    legsPerShard: 20,
    program: path.join(import.meta.dirname, '../media/testing/unable-process.ts'),
    clipsOf: async () => [],
    rooms: { join: () => {}, leave: () => {} },
    send: (_line, frame) => sent.push(frame),
    onRoom: () => {},
    onShardDied: (how) => said.push(how),
    onUnable: (detail) => said.push(detail),
  });
  stops.push(() => host.stop());
  await host.known;
  expect([host.isUnable, host.load().legCountMax]).toEqual([true, 0]);
  host.hear('line', wordOf('leg_1'));
  expect(sent).toMatchObject([{ type: 'legLost', legId: 'leg_1', detail: 'This media node is full.' }]);
  expect(said).toEqual(['Could not find wrtc binary on any of the paths.']);
});
