import type { SignalData } from '@patchbay/protocol/signaling/messages';
// The prebuilt bundle carries its own Buffer and process: the plain module expects a bundler to have Node's.
import SimplePeer from 'simple-peer/simplepeer.min.js';
import type { CreatePeerTransport } from './peer-transport.ts';

/** PeerTransport on simple-peer. The only file that knows it. */
export const createSimplePeer: CreatePeerTransport = (options) => {
  const { initiator, iceServers, isRelayOnly, stream } = options;
  let isDestroyed = false;
  const peer = new SimplePeer({
    initiator,
    stream,
    trickle: true,
    config: {
      iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
      iceTransportPolicy: isRelayOnly ? 'relay' : 'all',
      // One transport for sound, pictures and data. Otherwise whoever offers allocates a relay for each of the three, and
      // forgets two of them in the relay when the answer joins them before the relay has answered (decision 0008).
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
    },
  });
  const unlessDestroyed = (act: () => void) => {
    if (!isDestroyed) act();
  };
  peer.on('signal', (data: SimplePeerSignal) => {
    const signal = fromSimplePeer(data);
    if (signal !== undefined) unlessDestroyed(() => options.onSignal(signal));
  });
  peer.on('track', (track: MediaStreamTrack) => unlessDestroyed(() => options.onTrack(track)));
  // Its own 'connect' waits for a data channel, which a party that is no simple-peer need not open.
  peer.on('iceStateChange', (state: RTCIceConnectionState) => {
    if (state === 'connected' || state === 'completed') unlessDestroyed(options.onConnected);
    else if (state === 'disconnected') unlessDestroyed(options.onInterrupted);
  });
  const fail = (error: Error) => {
    unlessDestroyed(() => {
      isDestroyed = true;
      options.onFailed(error);
    });
  };
  peer.on('error', fail);
  peer.on('close', () => fail(new Error('The peer connection closed.')));
  return {
    signal: (data) => unlessDestroyed(() => peer.signal(toSimplePeer(data))),
    addTrack: (track, to) => peer.addTrack(track, to),
    replaceTrack: (from, to, within) => peer.replaceTrack(from, to, within),
    getStats: () =>
      new Promise((resolve, reject) => {
        peer.getStats((error: Error | null, reports: readonly Readonly<Record<string, unknown>>[]) => {
          if (error === null) resolve(reports);
          else reject(error);
        });
      }),
    destroy: () => {
      isDestroyed = true;
      peer.destroy();
    },
  };
};

interface SimplePeerSignal {
  readonly type?: string;
  readonly sdp?: string;
  readonly candidate?: RTCIceCandidateInit;
  readonly renegotiate?: boolean;
  readonly transceiverRequest?: { readonly kind: 'audio' | 'video' };
}

function fromSimplePeer({
  type,
  sdp,
  candidate,
  renegotiate,
  transceiverRequest,
}: SimplePeerSignal): SignalData | undefined {
  if (candidate !== undefined) {
    return {
      kind: 'candidate',
      candidate: candidate.candidate ?? '',
      ...(candidate.sdpMid == null ? {} : { sdpMid: candidate.sdpMid }),
      ...(candidate.sdpMLineIndex == null ? {} : { sdpMLineIndex: candidate.sdpMLineIndex }),
    };
  }
  if (renegotiate === true) return { kind: 'renegotiate' };
  if (transceiverRequest !== undefined) return { kind: 'transceiver', media: transceiverRequest.kind };
  if ((type === 'offer' || type === 'answer') && sdp !== undefined) return { kind: 'description', type, sdp };
  return undefined;
}

function toSimplePeer(data: SignalData): SimplePeerSignal {
  switch (data.kind) {
    case 'description':
      return { type: data.type, sdp: data.sdp };
    case 'candidate': {
      const { kind: _kind, ...candidate } = data;
      return { type: 'candidate', candidate };
    }
    case 'renegotiate':
      return { type: 'renegotiate', renegotiate: true };
    case 'transceiver':
      return { type: 'transceiverRequest', transceiverRequest: { kind: data.media } };
  }
}
