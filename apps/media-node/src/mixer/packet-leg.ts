import type { MediaAddress } from './mixer-port.ts';

/**
 * The way of packets to one participant and back, whatever carries them: plain UDP now, WebRTC later. What it gives to `onPacket` and
 * takes by `send` are RTP packets in clear; who sends something else is its to keep out.
 */
export interface PacketLeg {
  /** Where the participant sends to. */
  readonly address: MediaAddress;
  /** Takes a packet on its way. The bytes are the caller's again after four packets more; what cannot be sent is lost. */
  send(packet: Uint8Array): void;
  close(): void;
}

export interface PacketLegSpec {
  readonly remote: MediaAddress;
  readonly localHost: string;
  /** 0: a free one. */
  readonly localPort: number;
}

/** Opens a way; rejects where the address cannot be bound or reached. */
export type OpenPacketLeg = (
  spec: PacketLegSpec,
  onPacket: (packet: Uint8Array) => void,
) => Promise<PacketLeg>;
