/** The page of the browser tests: what a test asks for from outside hangs on `window.page`. */
import type { SignalData } from '@patchbay/protocol/signaling/messages';
import type { Call } from '../src/call.ts';
import type { IncomingCall } from '../src/incoming-call.ts';
import { connect, TokenSource } from '../src/index.ts';
import type { PeerTransportOptions } from '../src/peer-transport.ts';
import { createSimplePeer } from '../src/simple-peer-transport.ts';
import { sendTone, watchGaps } from './gaps.ts';

const seen: string[] = [];
const made: PeerTransportOptions[] = [];
const identity = new URLSearchParams(location.search).get('as') ?? '';
const pb = connect({
  token: TokenSource.endpoint(`/api/token?as=${identity}`),
  transport: (options) => {
    made.push(options);
    if (!location.search.includes('relay-only-network')) return createSimplePeer(options);
    // A network on which no address of this device can be reached: its host candidates are lost on their way, and
    // so are the other party's.
    const isRelayed = (data: SignalData) => data.kind !== 'candidate' || data.candidate.includes('typ relay');
    const withoutCandidates = (data: SignalData): SignalData =>
      data.kind === 'description'
        ? { ...data, sdp: data.sdp.replace(/a=candidate:.*typ (?!relay).*\r\n/g, '') }
        : data;
    const peer = createSimplePeer({
      ...options,
      onSignal: (data) => isRelayed(data) && options.onSignal(withoutCandidates(data)),
    });
    return { ...peer, signal: (data) => isRelayed(data) && peer.signal(withoutCandidates(data)) };
  },
});
if (location.search.includes('tone')) sendTone();
const video = document.querySelector('video') ?? document.createElement('video');
let current: Call | undefined;

function watch(call: Call): void {
  current = call;
  call.on('connected', ({ path }) => seen.push(`connected:${path}`));
  call.on('reconnecting', () => seen.push('reconnecting'));
  call.on('reconnected', () => seen.push('reconnected'));
  call.on('pathChanged', ({ path }) => seen.push(`pathChanged:${path}`));
  call.on('limitReached', ({ limit }) => seen.push(`limitReached:${limit}`));
  call.on('mediaChanged', (media) => seen.push(`media:${JSON.stringify(media)}`));
  call.on('trackSubscribed', (track) => {
    seen.push(`track:${track.kind}`);
    track.attach(video);
  });
  call.on('disconnected', ({ code }) => seen.push(`disconnected:${code}`));
}

pb.on('connected', (event) => seen.push(`pb:connected:${event.identity}`));
pb.on('reconnecting', () => seen.push('pb:reconnecting'));
pb.on('reconnected', ({ isResumed }) => seen.push(`pb:reconnected:${isResumed}`));
pb.on('disconnected', ({ code }) => seen.push(`pb:disconnected:${code}`));
pb.on('incoming', (incoming: IncomingCall) => {
  seen.push(`incoming:${incoming.from}`);
  incoming.once('cancelled', ({ code }) => seen.push(`cancelled:${code}`));
  if (!location.search.includes('silent')) void incoming.accept().then(watch);
});

const page = {
  seen,
  call: async (to: string, options: Parameters<typeof pb.call>[1]) => {
    try {
      watch(await pb.call(to, options));
      return 'ringing';
    } catch (error) {
      return (error as { code: string }).code;
    }
  },
  state: () => ({
    state: current?.state,
    generation: current?.generation,
    quality: current?.quality,
    localKinds: current?.localStream.getTracks().map(({ kind }) => kind),
    connections: made.length,
    videoTimeSeconds: video.currentTime,
    videoHeightPixels: video.videoHeight,
  }),
  /** As if packets had stopped, while in truth they flow: what follows has to be make before break. */
  interrupt: () => made.at(-1)?.onInterrupted(),
  watchGaps: () => watchGaps(video, () => current?.remoteTracks ?? []),
  loseSocket: () => pb.dropSocket(),
  mute: () => current?.mute('audio'),
  shareScreen: () => current?.shareScreen(),
  stopSharing: () => current?.stopSharingScreen(),
  hangUp: () => current?.hangUp(),
  doctor: () => pb.doctor(),
  close: () => pb.close(),
};
export type CallPage = typeof page;
Object.assign(window, { page });
