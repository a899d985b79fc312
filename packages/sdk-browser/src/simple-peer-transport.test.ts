import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => vi.unstubAllGlobals());

/** A peer connection that notes how it was made, and never gets anywhere. */
class FakePeerConnection {
  static readonly configurations: RTCConfiguration[] = [];
  readonly iceConnectionState = 'new';
  readonly iceGatheringState = 'new';
  readonly signalingState = 'stable';
  constructor(configuration: RTCConfiguration) {
    FakePeerConnection.configurations.push(configuration);
  }
  createDataChannel = () => ({ close: () => undefined });
  createOffer = () => new Promise<never>(() => undefined);
  close = () => undefined;
}

it.each([
  [true, 'relay'],
  [false, 'all'],
] as const)(
  'one transport for all media, so that a caller allocates one relay and not one for each kind (decision 0008); relay alone: %s',
  async (isRelayOnly, iceTransportPolicy) => {
    vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
    vi.stubGlobal('RTCSessionDescription', class {});
    vi.stubGlobal('RTCIceCandidate', class {});
    const { createSimplePeer } = await import('./simple-peer-transport.ts');
    const iceServers = [{ urls: ['turn:192.0.2.1:3478'], username: 'u', credential: 'c' }];
    const nothing = () => undefined;
    const peer = createSimplePeer({
      initiator: true,
      iceServers,
      isRelayOnly,
      stream: { getTracks: () => [] } as unknown as MediaStream,
      onSignal: nothing,
      onTrack: nothing,
      onConnected: nothing,
      onInterrupted: nothing,
      onFailed: nothing,
    });
    expect(FakePeerConnection.configurations.at(-1)).toMatchObject({
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
      iceTransportPolicy,
      iceServers,
    });
    peer.destroy();
  },
);
