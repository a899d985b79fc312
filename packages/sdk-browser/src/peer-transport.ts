import type { IceServer, SignalData } from '@patchbay/protocol/signaling/messages';

/** One peer connection of one generation. The port behind which simple-peer stands, so that it can be replaced. */
export interface PeerTransport {
  /** What the other side's transport said. */
  signal(data: SignalData): void;
  addTrack(track: MediaStreamTrack, stream: MediaStream): void;
  /** Changes what is sent without a new negotiation. */
  replaceTrack(from: MediaStreamTrack, to: MediaStreamTrack, stream: MediaStream): void;
  getStats(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  destroy(): void;
}

export interface PeerTransportOptions {
  readonly initiator: boolean;
  readonly iceServers: readonly IceServer[];
  /** Shows no address of this device to the other side. */
  readonly isRelayOnly: boolean;
  readonly stream: MediaStream;
  readonly onSignal: (data: SignalData) => void;
  readonly onTrack: (track: MediaStreamTrack) => void;
  /** Packets flow. Also after an interruption. */
  readonly onConnected: () => void;
  /** Packets no longer arrive; it may pass. */
  readonly onInterrupted: () => void;
  /** It is over. Not called after `destroy`. */
  readonly onFailed: (error: Error) => void;
}

export type CreatePeerTransport = (options: PeerTransportOptions) => PeerTransport;
