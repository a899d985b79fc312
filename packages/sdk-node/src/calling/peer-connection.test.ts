/** Against simple-peer, which stands behind every browser's call: both ways round, with tracks on either side. */
import { createRequire } from 'node:module';
import type { SignalData } from '@patchbay/protocol/signaling/messages';
import { until } from '@patchbay/testing/until';
import wrtc from '@roamhq/wrtc';
import { afterEach, expect, test } from 'vitest';
import { PeerConnection } from './peer-connection.ts';
import { loadWrtc } from './wrtc.ts';

interface SimplePeer {
  on(name: 'signal', listener: (data: SimpleSignal) => void): void;
  on(name: 'track', listener: (track: { kind: string }) => void): void;
  signal(data: object): void;
  destroy(): void;
}
interface SimpleSignal {
  readonly type: string;
  readonly sdp?: string;
  readonly candidate?: { candidate: string; sdpMid: string; sdpMLineIndex: number };
  readonly transceiverRequest?: { readonly kind: 'audio' | 'video' };
}

const fromBrowserSdk = createRequire(new URL('../../../sdk-browser/package.json', import.meta.url));
const Peer: new (options: object) => SimplePeer = fromBrowserSdk('simple-peer');
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0).reverse()) stop();
});

/** What sdk-browser does with simple-peer's signals, in short. */
function toSignal({ type, sdp, candidate, transceiverRequest }: SimpleSignal): SignalData | undefined {
  if (candidate !== undefined) return { kind: 'candidate', ...candidate };
  if (transceiverRequest !== undefined) return { kind: 'transceiver', media: transceiverRequest.kind };
  if (type === 'renegotiate') return { kind: 'renegotiate' };
  return (type === 'offer' || type === 'answer') && sdp !== undefined
    ? { kind: 'description', type, sdp }
    : undefined;
}
function toSimple(data: SignalData): object {
  if (data.kind === 'description') return { type: data.type, sdp: data.sdp };
  if (data.kind === 'candidate') return { type: 'candidate', candidate: data };
  if (data.kind === 'transceiver')
    return { type: 'transceiverRequest', transceiverRequest: { kind: data.media } };
  return { type: 'renegotiate', renegotiate: true };
}

function audioTrack(): MediaStreamTrack {
  const track = new wrtc.nonstandard.RTCAudioSource().createTrack();
  stops.push(() => track.stop());
  return track;
}

test.each([
  { what: 'offers, and both send', isInitiator: true, isSending: true, isSimpleSending: true },
  { what: 'answers, and both send', isInitiator: false, isSending: true, isSimpleSending: true },
  { what: 'offers nothing, and is sent a track', isInitiator: true, isSending: false, isSimpleSending: true },
  {
    what: 'answers an offer without a place for its track',
    isInitiator: false,
    isSending: true,
    isSimpleSending: false,
  },
])('it $what', async ({ isInitiator, isSending, isSimpleSending }) => {
  const got: string[] = [];
  const states: string[] = [];
  const stream = new wrtc.MediaStream(isSimpleSending ? [audioTrack()] : []);
  const simple = new Peer({ wrtc, initiator: !isInitiator, stream: isSimpleSending ? stream : undefined });
  stops.push(() => simple.destroy());
  const ours: PeerConnection = new PeerConnection({
    wrtc: await loadWrtc(),
    initiator: isInitiator,
    iceServers: [],
    isRelayOnly: false,
    tracks: isSending ? [audioTrack()] : [],
    onSignal: (data) => setImmediate(() => simple.signal(toSimple(data))),
    onTrack: ({ kind }) => got.push(`ours ${kind}`),
    onState: (state) => states.push(state),
  });
  stops.push(() => ours.close());
  simple.on('track', ({ kind }) => got.push(`simple ${kind}`));
  simple.on('signal', (signal) => {
    const data = toSignal(signal);
    if (data !== undefined) ours.signal(data);
  });
  const expected = [...(isSimpleSending ? ['ours audio'] : []), ...(isSending ? ['simple audio'] : [])];
  const isDone = () => expected.every((one) => got.includes(one)) && states.includes('connected');
  await until(isDone, { what: `${expected.join(' and ')}, got ${got}, ${states}`, timeoutMs: 8_000 });
  expect(await ours.path()).toEqual({ path: 'direct', transport: 'udp' });
});
