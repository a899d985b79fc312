/** RTP and G.711: what the load needs, and written apart from the mixer's own, which it is to check. */

export interface SentPacket {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
  /** The one-byte header extension of the level (RFC 6464). */
  readonly level: { readonly id: number; readonly minusDbov: number } | undefined;
}

/** Below this the level's bit for a voice is set. */
const VOICE_MINUS_DBOV = 50;

export function writeRtp({
  payloadType,
  marker,
  sequence,
  timestamp,
  ssrc,
  payload,
  level,
}: SentPacket): Buffer {
  const head = level === undefined ? 12 : 20;
  const packet = Buffer.alloc(head + payload.length);
  packet[0] = level === undefined ? 0x80 : 0x90;
  packet[1] = (marker ? 0x80 : 0) | payloadType;
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(timestamp >>> 0, 4);
  packet.writeUInt32BE(ssrc >>> 0, 8);
  if (level !== undefined) {
    packet.writeUInt32BE(0xbede0001, 12);
    packet[16] = level.id << 4;
    packet[17] = (level.minusDbov < VOICE_MINUS_DBOV ? 0x80 : 0) | level.minusDbov;
  }
  packet.set(payload, head);
  return packet;
}

export interface ReturnedPacket {
  readonly payloadType: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** What is read of a packet that came back; undefined of what is none. */
export function readReturned(packet: Buffer): ReturnedPacket | undefined {
  if (packet.length < 12) return undefined;
  const [first, second] = [packet.readUInt8(0), packet.readUInt8(1)];
  if (first >> 6 !== 2 || (second >= 192 && second <= 223)) return undefined;
  let at = 12 + 4 * (first & 15);
  if ((first & 0x10) !== 0) {
    if (at + 4 > packet.length) return undefined;
    at += 4 + 4 * packet.readUInt16BE(at + 2);
  }
  const end = (first & 0x20) === 0 ? packet.length : packet.length - packet.readUInt8(packet.length - 1);
  if (at > end) return undefined;
  return {
    payloadType: second & 0x7f,
    sequence: packet.readUInt16BE(2),
    payload: Uint8Array.from(packet.subarray(at, end)),
  };
}
