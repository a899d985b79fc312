import { readUint32 } from '../stun/byte-order.ts';

/** What a relay sees that it carries. Sharing of a screen looks like any other picture. */
export const observedMedia = ['data', 'audio', 'video'] as const;
export type ObservedMedia = (typeof observedMedia)[number];

/** RFC 3550 §5.1: what comes before the first CSRC. SRTP leaves it clear. */
const rtpHeaderLengthBytes = 12;
/** Streams that are told apart in one allocation; what comes above it is judged by its rate alone. */
const streamCountMax = 16;
/** A stream that was silent for so long is forgotten. */
const silenceMsMax = 5_000;
/** Fewer are no stream yet: a stray packet says nothing. */
const packetCountMin = 4;
/** A clock is measured over so long, anew after the longer of the two, and not by timestamps that leap. */
const clockSpanMsMin = 300;
const clockSpanMsMax = 10_000;
const clockStepMax = 10 * 90_000;
/** RFC 3551 §5: video runs on a clock of 90 kHz; no sound does. */
const videoClockHz = { min: 80_000, max: 100_000 } as const;
const audioClockHz = { min: 5_000, max: 60_000 } as const;
/** Opus has 510 kbit/s at most (RFC 6716 §2.1.1): one stream of more is no sound, whatever its clock says. */
const audioBitsPerSecondMax = 600_000;
/** Where clock and type say nothing: pictures fill their packets. */
const videoPacketBytesMin = 400;

/** RFC 3551 §6: payload types with one meaning that are in use. WebRTC gives numbers to all others anew in each session. */
const staticMedia: ReadonlyMap<number, ObservedMedia> = new Map([
  ...[0, 3, 4, 8, 9, 13, 15, 18].map((payloadType) => [payloadType, 'audio'] as const),
  ...[26, 31, 32, 33, 34].map((payloadType) => [payloadType, 'video'] as const),
]);

/** One source in one direction (RFC 3550 §3), as far as its headers tell. */
interface Stream {
  readonly ssrc: number;
  readonly direction: 'in' | 'out';
  payloadType: number;
  /** Of the first packet from which its clock is measured. */
  clockFromMs: number;
  clockFromTimestamp: number;
  timestamp: number;
  lastMs: number;
  /** Since the last judgement. */
  packetCount: number;
  sizeBytes: number;
}

/**
 * Says what an allocation carries from what is clear in it: the headers of SRTP (RFC 3711 §3.1) and the record types of
 * DTLS. It reads sixteen bytes of a packet and keeps sixteen streams at most. Packets are told apart as RFC 7983 §7 says.
 */
export class MediaObserver {
  readonly #streams: Stream[] = [];
  #untrackedBytes = 0;
  #dataPacketCount = 0;
  #hasControl = false;
  #sinceMs: number | undefined;

  /** Takes one packet of payload: it is on the way of every packet, so it makes nothing for one of a known stream. */
  look(data: Uint8Array, direction: 'in' | 'out', nowMs: number): void {
    this.#sinceMs ??= nowMs;
    const first = data[0] ?? 0;
    if (first >= 128 && first <= 191) this.#lookAtRtp(data, direction, nowMs);
    // RFC 9147 §4.1: application data of DTLS 1.2, and what is encrypted of 1.3.
    else if (first === 23 || (first >= 32 && first <= 63)) this.#dataPacketCount++;
  }

  #lookAtRtp(data: Uint8Array, direction: 'in' | 'out', nowMs: number): void {
    const second = data[1] ?? 0;
    // RFC 5761 §4: the types of RTCP, where both pass by one port.
    if (second >= 192 && second <= 223) {
      this.#hasControl = true;
      return;
    }
    if (data.length < rtpHeaderLengthBytes) return;
    const ssrc = readUint32(data, 8);
    const timestamp = readUint32(data, 4);
    const stream = this.#find(ssrc, direction) ?? this.#begin(ssrc, direction);
    if (stream === undefined) {
      this.#untrackedBytes += data.length;
      return;
    }
    const isLeap = Math.abs((timestamp - stream.timestamp) | 0) > clockStepMax;
    if (isLeap || nowMs - stream.clockFromMs > clockSpanMsMax) {
      stream.clockFromMs = nowMs;
      stream.clockFromTimestamp = timestamp;
    }
    stream.payloadType = second & 0x7f;
    stream.timestamp = timestamp;
    stream.lastMs = nowMs;
    stream.packetCount++;
    stream.sizeBytes += data.length;
  }

  #find(ssrc: number, direction: 'in' | 'out'): Stream | undefined {
    for (const stream of this.#streams)
      if (stream.ssrc === ssrc && stream.direction === direction) return stream;
    return undefined;
  }

  #begin(ssrc: number, direction: 'in' | 'out'): Stream | undefined {
    if (this.#streams.length >= streamCountMax) return undefined;
    const stream: Stream = {
      ssrc,
      direction,
      payloadType: 0,
      // So that its first packet begins its clock.
      clockFromMs: Number.NEGATIVE_INFINITY,
      clockFromTimestamp: 0,
      timestamp: 0,
      lastMs: 0,
      packetCount: 0,
      sizeBytes: 0,
    };
    this.#streams.push(stream);
    return stream;
  }

  /** The most that passed since it was asked last: pictures, sound or data. Undefined where nothing says what it was. */
  take(nowMs: number): ObservedMedia | undefined {
    if (this.#sinceMs === undefined) return undefined;
    const spanMs = Math.max(1, nowMs - this.#sinceMs);
    const kinds = this.#streams.map((stream) => mediaOf(stream, spanMs));
    const isUntrackedVideo = bitsPerSecond(this.#untrackedBytes, spanMs) > audioBitsPerSecondMax;
    const isQuiet = this.#streams.every(({ packetCount }) => packetCount === 0) && !this.#hasControl;
    // A few are a handshake, which is of no kind: sessions of media begin with one, too.
    const hasData = isQuiet && this.#dataPacketCount >= packetCountMin;
    this.#forget(nowMs);
    if (isUntrackedVideo || kinds.includes('video')) return 'video';
    if (kinds.includes('audio')) return 'audio';
    return hasData ? 'data' : undefined;
  }

  #forget(nowMs: number): void {
    for (let index = this.#streams.length - 1; index >= 0; index--) {
      const stream = this.#streams[index];
      if (stream === undefined) continue;
      // One that said too little goes on to be counted.
      if (stream.packetCount >= packetCountMin) {
        stream.packetCount = 0;
        stream.sizeBytes = 0;
      }
      if (nowMs - stream.lastMs > silenceMsMax) this.#streams.splice(index, 1);
    }
    this.#untrackedBytes = 0;
    if (this.#dataPacketCount >= packetCountMin) this.#dataPacketCount = 0;
    this.#hasControl = false;
    this.#sinceMs = undefined;
  }
}

const bitsPerSecond = (sizeBytes: number, spanMs: number): number => (sizeBytes * 8_000) / spanMs;

function mediaOf(stream: Stream, spanMs: number): ObservedMedia | undefined {
  const { packetCount, sizeBytes, payloadType } = stream;
  if (packetCount < packetCountMin) return undefined;
  // Below this span a burst of a frame would be a rate.
  if (spanMs >= clockSpanMsMin && bitsPerSecond(sizeBytes, spanMs) > audioBitsPerSecondMax) return 'video';
  const clockHz = clockHzOf(stream);
  if (clockHz !== undefined && isWithin(clockHz, videoClockHz)) return 'video';
  const known = staticMedia.get(payloadType);
  if (known !== undefined || clockHz === undefined) return known;
  if (isWithin(clockHz, audioClockHz)) return 'audio';
  return sizeBytes / packetCount >= videoPacketBytesMin ? 'video' : 'audio';
}

const isWithin = (value: number, { min, max }: { readonly min: number; readonly max: number }): boolean =>
  value >= min && value <= max;

/** How fast its timestamps run; undefined while it has been heard for too short a time. */
function clockHzOf({ clockFromMs, clockFromTimestamp, timestamp, lastMs }: Stream): number | undefined {
  const spanMs = lastMs - clockFromMs;
  // Timestamps wrap (RFC 3550 §5.1).
  return spanMs < clockSpanMsMin ? undefined : (((timestamp - clockFromTimestamp) >>> 0) * 1_000) / spanMs;
}
