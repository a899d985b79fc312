/** Of a packet without contributing sources and extensions (RFC 3550 §5.1). */
export const rtpHeaderBytes = 12;
/** What a level is where a packet has none. */
export const noLevel = -1;

/**
 * What is read of an RTP packet. One is made once and filled for each packet, so that reading leaves nothing to collect; where
 * its payload is counts in bytes of that packet.
 */
export interface RtpPacket {
  payloadType: number;
  isMarked: boolean;
  sequence: number;
  timestamp: number;
  ssrc: number;
  payloadStart: number;
  payloadEnd: number;
  /** How far below full scale the sender says that the sound is (RFC 6464 §3): 0 to 127, or `noLevel`. */
  levelMinusDbov: number;
}

export const emptyRtpPacket = (): RtpPacket => ({
  payloadType: 0,
  isMarked: false,
  sequence: 0,
  timestamp: 0,
  ssrc: 0,
  payloadStart: 0,
  payloadEnd: 0,
  levelMinusDbov: noLevel,
});

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const uint32 = (bytes: Uint8Array, at: number): number =>
  ((uint16(bytes, at) << 16) | uint16(bytes, at + 2)) >>> 0;

/** RFC 8285 §4.2: elements of one byte of header. */
const ONE_BYTE_PROFILE = 0xbede;
/** RFC 8285 §4.3: of two; its last four bits are for the application. */
const TWO_BYTE_PROFILE = 0x1000;
/** RFC 8285 §4.2: at this id of the one-byte form, reading ends. */
const STOP_ID = 15;

interface Extension {
  readonly isOneByte: boolean;
  readonly start: number;
  readonly end: number;
}

/** The level in the elements of a header extension, or `noLevel`. */
function levelIn(bytes: Uint8Array, { isOneByte, start, end }: Extension, id: number): number {
  let at = start;
  while (at < end) {
    const head = bytes[at] ?? 0;
    // RFC 8285 §4.1.1: a byte of padding stands alone.
    if (head === 0) {
      at += 1;
      continue;
    }
    const elementId = isOneByte ? head >> 4 : head;
    if (isOneByte && elementId === STOP_ID) return noLevel;
    const lengthBytes = isOneByte ? (head & 0x0f) + 1 : (bytes[at + 1] ?? 0);
    const dataAt = at + (isOneByte ? 1 : 2);
    if (dataAt + lengthBytes > end) return noLevel;
    if (elementId === id && lengthBytes >= 1) return (bytes[dataAt] ?? 0) & 0x7f;
    at = dataAt + lengthBytes;
  }
  return noLevel;
}

/**
 * Reads a packet into `packet`, and says whether it is one: RTCP, other protocols of the same port, and what is cut off are
 * none (RFC 3550 §5.1, RFC 5761 §4). Nothing is thrown, whatever the bytes are; of bytes that are no packet, nothing in `packet`
 * is to be read.
 * @param levelExtensionId of the level in header extensions, 1 to 255 as negotiated; 0 where there is none.
 */
export function readRtp(bytes: Uint8Array, levelExtensionId: number, packet: RtpPacket): boolean {
  if (bytes.length < rtpHeaderBytes) return false;
  const first = bytes[0] ?? 0;
  const second = bytes[1] ?? 0;
  if (first >> 6 !== 2 || (second >= 192 && second <= 223)) return false;
  let at = rtpHeaderBytes + 4 * (first & 0x0f);
  packet.levelMinusDbov = noLevel;
  if ((first & 0x10) !== 0) {
    if (at + 4 > bytes.length) return false;
    const profile = uint16(bytes, at);
    const start = at + 4;
    at = start + 4 * uint16(bytes, at + 2);
    if (at > bytes.length) return false;
    const isOneByte = profile === ONE_BYTE_PROFILE;
    if (levelExtensionId > 0 && (isOneByte || (profile & 0xfff0) === TWO_BYTE_PROFILE))
      packet.levelMinusDbov = levelIn(bytes, { isOneByte, start, end: at }, levelExtensionId);
  }
  const paddingBytes = (first & 0x20) === 0 ? 0 : (bytes[bytes.length - 1] ?? 0);
  const end = bytes.length - paddingBytes;
  if (at > end || ((first & 0x20) !== 0 && paddingBytes === 0)) return false;
  packet.payloadType = second & 0x7f;
  packet.isMarked = (second & 0x80) !== 0;
  packet.sequence = uint16(bytes, 2);
  packet.timestamp = uint32(bytes, 4);
  packet.ssrc = uint32(bytes, 8);
  packet.payloadStart = at;
  packet.payloadEnd = end;
  return true;
}

/** Of a packet with its level, and nothing else, in its extension (RFC 8285 §4.2). */
export const rtpLevelHeaderBytes = 20;

/** Writes the bytes before a payload, its level among them (RFC 6464 §3). @param extensionId 1 to 14. */
export function writeRtpLevelHeader(
  into: Uint8Array,
  extensionId: number,
  header: Omit<RtpPacket, 'payloadStart' | 'payloadEnd'>,
): void {
  writeRtpHeader(into, header);
  into[0] = 0x90;
  into[12] = ONE_BYTE_PROFILE >> 8;
  into[13] = ONE_BYTE_PROFILE & 0xff;
  into[14] = 0;
  into[15] = 1;
  into[16] = (extensionId & 0x0f) << 4;
  into[17] = header.levelMinusDbov & 0x7f;
  into[18] = 0;
  into[19] = 0;
}

/** Writes the twelve bytes before a payload. Numbers are taken modulo the width of their fields. */
export function writeRtpHeader(
  into: Uint8Array,
  header: Pick<RtpPacket, 'payloadType' | 'isMarked' | 'sequence' | 'timestamp' | 'ssrc'>,
): void {
  into[0] = 0x80;
  into[1] = (header.isMarked ? 0x80 : 0) | (header.payloadType & 0x7f);
  into[2] = header.sequence >> 8;
  into[3] = header.sequence;
  into[4] = header.timestamp >>> 24;
  into[5] = header.timestamp >>> 16;
  into[6] = header.timestamp >>> 8;
  into[7] = header.timestamp;
  into[8] = header.ssrc >>> 24;
  into[9] = header.ssrc >>> 16;
  into[10] = header.ssrc >>> 8;
  into[11] = header.ssrc;
}
