import type { ServerMessage } from '@patchbay/protocol/signaling/messages';
import { afterEach, expect, it, vi } from 'vitest';
import { Call, type CallSetup } from './call.ts';
import { LocalMedia } from './local-media.ts';
import type { PeerTransportOptions } from './peer-transport.ts';

afterEach(() => void vi.unstubAllGlobals());

const nothing = { audio: false, video: false, screen: false };
const trackOf = (kind: 'audio' | 'video') =>
  ({ kind, enabled: true, readyState: 'live', stop: () => undefined }) as unknown as MediaStreamTrack;

class FakeStream {
  readonly #tracks: Set<MediaStreamTrack>;
  constructor(tracks: readonly MediaStreamTrack[] = []) {
    this.#tracks = new Set(tracks);
  }
  getTracks = () => [...this.#tracks];
  getAudioTracks = () => this.getTracks().filter(({ kind }) => kind === 'audio');
  getVideoTracks = () => this.getTracks().filter(({ kind }) => kind === 'video');
  addTrack = (track: MediaStreamTrack) => this.#tracks.add(track);
  removeTrack = (track: MediaStreamTrack) => this.#tracks.delete(track);
}

/** A call with a microphone and a camera on both sides, whose other side is heard and seen. */
async function calling() {
  vi.stubGlobal('MediaStream', FakeStream);
  const [microphone, camera] = [trackOf('audio'), trackOf('video')];
  const [heard, seen] = [trackOf('audio'), trackOf('video')];
  const stream = new FakeStream([microphone, camera]) as unknown as MediaStream;
  const local = await LocalMedia.open({ stream });
  const transports: PeerTransportOptions[] = [];
  const said: { readonly type: string }[] = [];
  const call = new Call({
    connection: { send: (message: { type: string }) => said.push(message) },
    createTransport: (options: PeerTransportOptions) => {
      transports.push(options);
      return {
        getStats: async () => [],
        destroy: () => undefined,
        replaceTrack: () => undefined,
        addTrack: () => undefined,
      };
    },
    local,
    sessionId: 'ses_1',
    peer: 'bob',
    remoteMedia: nothing,
  } as unknown as CallSetup);
  const hear = (message: ServerMessage) => call.receive({ ...message, sequence: 1 });
  const of = {
    sessionId: 'ses_1',
    legId: 'leg_1',
    peer: 'bob',
    media: { ...nothing, audio: true, video: true },
  };
  hear({ type: 'started', ...of, initiator: true, generation: 0, iceServers: [], mode: 'auto' });
  for (const track of [heard, seen]) transports[0]?.onTrack(track);
  const control = (more: Partial<Extract<ServerMessage, { type: 'control' }>>) =>
    hear({ type: 'control', sessionId: 'ses_1', held: false, muted: nothing, peerMuted: nothing, ...more });
  const sent = () => [microphone.enabled, camera.enabled];
  const played = () => [heard.enabled, seen.enabled];
  return { call, local, control, sent, played, said, hear, transports, stop: () => call.end(ended) };
}
const ended = { code: 'signaling.hung_up', helpUrl: '', detail: '' };

it('a held call sends and plays nothing, says so once, and goes on as its person wants it by then (LIV-1)', async () => {
  const { call, control, sent, played, said, stop } = await calling();
  const holds: boolean[] = [];
  call.on('holdChanged', ({ isHeld }) => holds.push(isHeld));
  control({ held: true });
  control({ held: true });
  expect([sent(), played(), call.isHeld]).toEqual([[false, false], [false, false], true]);
  const before = said.length;
  call.mute('audio');
  // What is metered is what the person sends, and the other party is told of it.
  expect(said.slice(before)).toEqual([
    { type: 'media', sessionId: 'ses_1', audio: false, video: true, screen: false },
  ]);
  control({});
  expect([sent(), played(), call.isHeld]).toEqual([[false, true], [true, true], false]);
  expect(holds).toEqual([true, false]);
  stop();
});

it('what the platform mutes is not sent, whatever the person says meanwhile, and is as they said afterwards', async () => {
  const { call, control, sent, stop } = await calling();
  control({ muted: { ...nothing, video: true } });
  call.unmute('video');
  expect([sent(), call.mutedMedia.video, call.localMedia.video]).toEqual([[true, false], true, true]);
  control({});
  expect(sent()).toEqual([true, true]);
  stop();
});

it('a new microphone, and a new connection, are held as those before were', async () => {
  const { call, local, control, hear, transports, stop } = await calling();
  control({ held: true });
  const [microphone, heardAgain] = [trackOf('audio'), trackOf('audio')];
  local.adopt(microphone);
  hear({
    ...{ type: 'recover', sessionId: 'ses_1', generation: 1, initiator: true },
    ...{ iceServers: [], mode: 'relay', reason: 'relay_lost' },
  });
  transports[1]?.onTrack(heardAgain);
  transports[1]?.onConnected();
  expect([microphone.enabled, heardAgain.enabled]).toEqual([false, false]);
  control({});
  expect([microphone.enabled, heardAgain.enabled, call.isHeld]).toEqual([true, true, false]);
  stop();
});

it('a call that is sent on goes on with somebody else, by a new connection', async () => {
  const { call, hear, transports, stop } = await calling();
  const peers: string[] = [];
  call.on('peerChanged', ({ peer }) => peers.push(peer));
  const recover = {
    ...({ type: 'recover', sessionId: 'ses_1', generation: 1, initiator: true } as const),
    ...({ iceServers: [], mode: 'auto', reason: 'transferred' } as const),
  };
  hear({ ...recover, peer: 'carol', media: { ...nothing, audio: true } });
  expect([call.peer, peers, call.remoteMedia.video, transports.length]).toEqual([
    'carol',
    ['carol'],
    false,
    2,
  ]);
  hear({ ...recover, generation: 2 });
  expect([call.peer, peers]).toEqual(['carol', ['carol']]);
  stop();
});

it('what the other party may not send is not played, be it camera or screen', async () => {
  const { control, played, hear, stop } = await calling();
  control({ peerMuted: { ...nothing, screen: true } });
  expect(played()).toEqual([true, true]);
  hear({ type: 'media', sessionId: 'ses_1', audio: true, video: false, screen: true });
  expect(played()).toEqual([true, false]);
  control({ peerMuted: { ...nothing, audio: true } });
  expect(played()).toEqual([false, true]);
  stop();
});
