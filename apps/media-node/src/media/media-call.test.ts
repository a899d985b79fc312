/** Chromium, signaling, the line and shards with WebRTC: all of it but the accounts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { magicAnswerOf } from '@patchbay/domain/logic/magic-endpoints';
import { documentSchema, type LogicDocument } from '@patchbay/domain/logic/verbs';
import { until } from '@patchbay/testing/until';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { CallSite, type TestParty } from '../../../../packages/sdk-browser/testing/call-site.ts';
import { MixerPool } from '../mixer/mixer-pool.ts';
import { MediaLines, MediaNodeLines } from '../platform/media-line.ts';
import { NodeIdentity } from '../platform/node-identity.ts';
import { SignalingLinks } from '../platform/node-link.ts';
import { Rooms } from '../rooms/rooms.ts';
import { MediaHost } from './media-host.ts';
import { soundMaker } from './sounds.ts';
import { SpeechEngine } from './speech.ts';

const nodeId = 'nod_media';
const site = new CallSite();
const stops: (() => unknown)[] = [];
const speech = new SpeechEngine();
let host: MediaHost;
let media: MediaLines;
let caller: TestParty;
let rooms: Rooms;

/** What an endpoint that was called does. */
function logicOf(name: string, document: LogicDocument): void {
  const url = `https://logic.test/${name}`;
  site.platform.logicOf.set(`acc_a user:${name}`, { standing: 'found', url, accountPath: ['acc_a'] });
  site.platform.documents.set(url, { ok: true, url, document, attempts: [] });
}
const documentOf = (...verbs: readonly object[]) => documentSchema.parse({ version: 1, verbs });

beforeAll(async () => {
  site.limits = { hasLogicNear: true };
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
  const mixer = new MixerPool({
    processCount: 1,
    events: {
      onActiveSpeakers: (...said) => rooms.mixerEvents.onActiveSpeakers(...said),
      onLevels: (...said) => rooms.mixerEvents.onLevels(...said),
      onEnded: (...said) => rooms.mixerEvents.onEnded(...said),
    },
  });
  stops.push(() => mixer.close());
  rooms = new Rooms({
    mixer,
    home: async () => ({ isHere: true }),
    release: () => {},
    mixed: (leg, address) => host.roomMixed(leg, address),
    over: (leg, result) => host.roomOver(leg, result),
    note: (leg, note) => host.note(leg, note),
    used: () => {},
    onMoved: () => {},
    onFailure: (_room, error) => {
      throw error;
    },
    changed: () => {},
    heard: () => {},
    nowMs: Date.now,
  });
  host = new MediaHost({
    rooms,
    shardCountMax: 1,
    legsPerShard: 3,
    clipsOf: soundMaker({
      fetch: async () => ({ error: 'host_unknown', latencyMs: 0 }),
      speak: speech.speak,
    }),
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
    () => speech.stop(),
    () => host.stop(),
    () => lines?.stop(),
  );
  site.platform.placeMedia = () => media.free();
  site.platform.onMedia = (word) => media.say(nodeId, word);
  await site.start();
  stops.push(() => site.stop());
  caller = await site.open('alice');
  await caller.page.evaluate(listenIn);
  await isFree();
}, 120_000);
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** A test that fails leaves nobody in a call or a room: what comes after it begins as if it had not been. */
const others: TestParty[] = [];
afterEach(async () => {
  await caller.do('hangUp');
  for (const { page } of others.splice(0)) await page.close();
  await until(() => host.load().legCount === 0, { what: 'all legs to go', timeoutMs: 10_000 });
});

const isFree = () =>
  until(() => media.free() !== undefined, { what: 'a free media node', timeoutMs: 10_000 });

/** In the page: keeps each peer connection, and looks at what comes out of it. */
function listenIn(): void {
  const Native = window.RTCPeerConnection;
  const made: RTCPeerConnection[] = [];
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
    }
  };
  const context = new AudioContext();
  Object.assign(window, {
    directions: () =>
      Object.fromEntries(
        made
          .at(-1)
          ?.getTransceivers()
          .map(({ receiver, currentDirection }) => [receiver.track.kind, currentDirection]) ?? [],
      ),
    press: (keys: string) => {
      const sender = made
        .at(-1)
        ?.getSenders()
        .find(({ dtmf }) => dtmf !== null);
      sender?.dtmf?.insertDTMF(keys, 200, 150);
    },
    /** Sends the two tones of a key as sound, as a telephone without events does. */
    sing: async (hertz: number[]) => {
      const out = context.createMediaStreamDestination();
      for (const frequency of hertz) {
        const oscillator = new OscillatorNode(context, { frequency });
        const gain = new GainNode(context, { gain: 0.2 });
        oscillator.connect(gain).connect(out);
        oscillator.start();
        oscillator.stop(context.currentTime + 1.5);
      }
      const [track] = out.stream.getAudioTracks();
      const sender = made
        .at(-1)
        ?.getSenders()
        .find(({ track: sent }) => sent?.kind === 'audio');
      if (track !== undefined) await sender?.replaceTrack(track);
    },
    /** The frequency of the strongest part of what is heard, and how strong it is, in decibels. */
    loudest: () => {
      const track = made
        .at(-1)
        ?.getReceivers()
        .find(({ track: { kind } }) => kind === 'audio')?.track;
      if (track === undefined) return [0, -200];
      const heard = window as unknown as { analyser?: AnalyserNode; of?: MediaStreamTrack };
      if (heard.of !== track) {
        heard.of = track;
        heard.analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
        context.createMediaStreamSource(new MediaStream([track])).connect(heard.analyser);
      }
      const bins = new Float32Array(heard.analyser?.frequencyBinCount ?? 0);
      heard.analyser?.getFloatFrequencyData(bins);
      const best = bins.reduce((top, value, at) => (value > (bins[top] ?? -200) ? at : top), 0);
      return [(best * context.sampleRate) / 4096, bins[best] ?? -200];
    },
  });
}
const inPage = <Value>(name: string, ...given: unknown[]): Promise<Value> => inPageOf(caller, name, ...given);
const inPageOf = <Value>({ page }: TestParty, name: string, ...given: unknown[]): Promise<Value> =>
  page.evaluate(
    ({ action, parameters }) =>
      (window as unknown as Record<string, (...each: unknown[]) => unknown>)[action]?.(...parameters),
    { action: name, parameters: given },
  ) as Promise<Value>;
/** What the caller hears, once it is what is looked for. */
async function hears(
  isIt: (hertz: number, decibels: number) => boolean,
  what: string,
  { party = caller, withinMs = 10_000 } = {},
): Promise<void> {
  const heard: string[] = [];
  const deadlineMs = Date.now() + withinMs;
  while (Date.now() < deadlineMs) {
    const [hertz = 0, decibels = -200] = await inPageOf<number[]>(party, 'loudest');
    if (isIt(hertz, decibels)) return;
    heard.push(`${Math.round(hertz)} Hz ${Math.round(decibels)} dB`);
  }
  throw new Error(`${what} was not heard, but ${heard.slice(-10)}`);
}
const isTone = (wanted: number) => (hertz: number, decibels: number) =>
  Math.abs(hertz - wanted) < 15 && decibels > -40;

/** A key is pressed again by whoever sees that nothing followed, as by a person; twice in vain, and it does not work. */
const KEY_MS = 4_000;
const KEY_COUNT_MAX = 3;
async function untilFollows(key: string, follows: () => Promise<void>): Promise<void> {
  for (let count = 1; ; count++) {
    await inPage('press', key);
    try {
      await follows();
      return;
    } catch (error) {
      if (count === KEY_COUNT_MAX) throw error;
    }
  }
}

async function call(name: string, { video = false, party = caller } = {}): Promise<void> {
  const count = (await party.seen()).filter((event) => event === 'connected:direct').length;
  expect(await party.do('call', `user:${name}`, { video })).toBe('ringing');
  await party.sees('connected:direct', count + 1);
}

it('magic-answers: the caller hears the tone, and then themselves; hanging up frees the leg (PRD-1)', async () => {
  const magic = magicAnswerOf('user:magic-answers');
  if (magic === undefined || 'failure' in magic) throw new Error('It has no document.');
  logicOf('magic-answers', magic.document);
  await call('magic-answers', { video: true });
  await hears(isTone(1_000), 'the tone');
  // The fake microphone beeps twice a second, at other frequencies.
  await hears((hertz, decibels) => Math.abs(hertz - 1_000) > 50 && decibels > -60, 'the echo');
  expect(host.load().legCount).toBe(1);
  // A picture that nobody looks at is not sent.
  expect(await inPage('directions')).toEqual({ audio: 'sendrecv', video: 'inactive' });
  await caller.do('hangUp');
  await until(() => host.load().legCount === 0, { what: 'the leg to go' });
}, 120_000);

it('keys as events and keys as tones go to the address of the gather, while prompts are spoken (HKS-3, DTM)', async () => {
  const prompts = [
    { verb: 'say', text: 'Please enter your number, and then press the pound key, one after the other.' },
  ];
  logicOf('keys', documentOf({ verb: 'gather', finishOn: '#', timeoutSeconds: 20, next: '/more', prompts }));
  const digitsAt = (name: string) =>
    site.platform.asked.find(({ url }) => url.endsWith(name))?.variables.digits;
  const more = documentOf({ verb: 'gather', digitsMax: 1, timeoutSeconds: 20, next: '/over', prompts: [] });
  const url = 'https://logic.test/more';
  site.platform.documents.set(url, { ok: true, url, document: more, attempts: [] });
  await call('keys');
  await hears((_hertz, decibels) => decibels > -50, 'the prompt');
  await inPage('press', '5520#');
  await until(() => digitsAt('/more') !== undefined, { what: 'the keys', timeoutMs: 10_000 });
  expect(digitsAt('/more')).toBe('5520');
  await inPage('sing', [770, 1_477]);
  await until(() => digitsAt('/over') !== undefined, { what: 'the sung key', timeoutMs: 10_000 });
  expect(digitsAt('/over')).toBe('6');
  await caller.sees('disconnected:signaling.logic_unreachable');
}, 120_000);

it('two callers in one room hear each other, and neither themselves; its key leaves it, and the document goes on (CNF, HKS-3)', async () => {
  logicOf(
    'room',
    documentOf(
      { verb: 'conference', name: 'standup', leaveOn: '*', tones: 'none' },
      { verb: 'play', url: 'tone:1500/60000' },
    ),
  );
  const other = await site.open('carol');
  others.push(other);
  await other.page.evaluate(listenIn);
  await call('room');
  await call('room', { party: other });
  const people = () => rooms.snapshotOf({ accountId: 'acc_a', name: 'standup' })?.participants ?? [];
  await until(() => people().filter(({ standing }) => standing === 'in').length === 2, {
    what: 'two in the room',
    timeoutMs: 10_000,
  });
  // Each sings a tone of its own for a second and a half.
  await Promise.all([inPageOf(caller, 'sing', [600]), hears(isTone(600), 'the first', { party: other })]);
  await until(() => people().some(({ spokeMs }) => spokeMs > 0), { what: 'who spoke' });
  await Promise.all([inPageOf(other, 'sing', [900]), hears(isTone(900), 'the second')]);
  const [own = 0, decibels = 0] = await inPageOf<number[]>(other, 'loudest');
  expect(isTone(900)(own, decibels)).toBe(false);
  await untilFollows('*', () => hears(isTone(1_500), 'what follows the room', { withinMs: KEY_MS }));
  expect(people()).toHaveLength(1);
  const lines = site.platform.events.map(({ type }) => type).filter((type) => type.startsWith('room.'));
  expect(lines).toEqual(['room.joined', 'room.joined', 'room.left']);
  await caller.do('hangUp');
  await other.do('hangUp');
  await until(() => host.load().legCount === 0 && people().length === 0, { what: 'the room to be empty' });
}, 120_000);

it('kill -9 of a shard ends its legs within five seconds with the reason, and a new call works (LIV-3)', async () => {
  logicOf('tone', documentOf({ verb: 'play', url: 'tone:700/60000' }));
  logicOf('doomed', documentOf({ verb: 'conference', name: 'doomed' }));
  await call('doomed');
  const doomed = { accountId: 'acc_a', name: 'doomed' };
  await until(() => rooms.snapshotOf(doomed)?.participants.length === 1, { what: 'somebody in the room' });
  const [pid = 0] = host.pids;
  const killedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  await caller.sees('disconnected:signaling.media_lost');
  expect(performance.now() - killedMs).toBeLessThan(5_000);
  // The room is left by whoever was in that process, and by nobody else.
  expect(rooms.snapshotOf(doomed)).toBeUndefined();
  await isFree();
  await call('tone');
  await hears(isTone(700), 'the tone of another shard');
  await caller.do('hangUp');
}, 120_000);
