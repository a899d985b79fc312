import { minusDbovOf, silenceMinusDbov } from '@patchbay/dsp/level';
import {
  emptyRtpPacket,
  readRtp,
  rtpLevelHeaderBytes,
  writeRtpLevelHeader,
} from '@patchbay/protocol/rtp/rtp-packet';
import { readL16, writeL16 } from '../mixer/l16-codec.ts';
import { FRAME_SAMPLES } from './sound-run.ts';

/** What both ends of a leg's way to its room know: they are on one machine, and nobody negotiates. */
export const roomWire = { codec: 'l16', payloadType: 96, levelExtensionId: 1 } as const;

/** A packet has two frames of 10 ms, as the mixer's clock goes. */
const PACKET_SAMPLES = 2 * FRAME_SAMPLES;
/** Silence is sent for 200 ms, so that what ends ends softly; then nothing is, and the mixer has nothing to do for it. */
const SILENT_PACKETS_SENT = 10;
/** What waits before the first frame is played, after a pause as well: the mixer's process is not always on time. */
const START_FRAMES = 3;
/** More than this is a delay that nobody needs: it is cut to `START_FRAMES`. */
const WAITING_FRAMES_MAX = 12;

/**
 * The sound between a leg and its room, without sockets and clock: frames of 10 ms on the side of the leg, RTP packets of 20 ms
 * on that of the mixer.
 */
export class RoomFrames {
  readonly #out = new Int16Array(PACKET_SAMPLES);
  #outCount = 0;
  #silentCount = SILENT_PACKETS_SENT;
  readonly #header: {
    payloadType: number;
    isMarked: boolean;
    sequence: number;
    timestamp: number;
    ssrc: number;
    levelMinusDbov: number;
  };
  readonly #packet = emptyRtpPacket();
  #waiting: Int16Array[] = [];
  #isPlaying = false;

  /** @param start where its stream begins, at random (RFC 3550 §5.1). */
  constructor(start: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number }) {
    const { payloadType } = roomWire;
    this.#header = { payloadType, isMarked: true, ...start, levelMinusDbov: silenceMinusDbov };
  }

  /** What the leg says. Answers a packet where one is full, and is to be sent. */
  say(frame: Int16Array): Uint8Array | undefined {
    this.#out.set(frame.subarray(0, FRAME_SAMPLES), this.#outCount);
    this.#outCount += FRAME_SAMPLES;
    if (this.#outCount < PACKET_SAMPLES) return undefined;
    this.#outCount = 0;
    const header = this.#header;
    header.levelMinusDbov = minusDbovOf(this.#out);
    this.#silentCount = header.levelMinusDbov === silenceMinusDbov ? this.#silentCount + 1 : 0;
    const isSent = this.#silentCount <= SILENT_PACKETS_SENT;
    const bytes = isSent ? this.#write() : undefined;
    header.isMarked = !isSent;
    header.timestamp = (header.timestamp + PACKET_SAMPLES) >>> 0;
    return bytes;
  }

  /** A packet of the mixer; anything else is passed over. */
  hear(bytes: Uint8Array): void {
    const packet = this.#packet;
    if (!readRtp(bytes, 0, packet) || packet.payloadType !== roomWire.payloadType) return;
    const { payloadStart, payloadEnd } = packet;
    if (payloadEnd - payloadStart !== 2 * PACKET_SAMPLES) return;
    for (const half of [0, 2 * FRAME_SAMPLES]) {
      const frame = new Int16Array(FRAME_SAMPLES);
      readL16(bytes.subarray(payloadStart + half), frame);
      this.#waiting.push(frame);
    }
    if (this.#waiting.length > WAITING_FRAMES_MAX)
      this.#waiting.splice(0, this.#waiting.length - START_FRAMES);
  }

  /** What the leg hears next; undefined where the room says nothing. */
  next(): Int16Array | undefined {
    this.#isPlaying = this.#waiting.length > 0 && (this.#isPlaying || this.#waiting.length >= START_FRAMES);
    return this.#isPlaying ? this.#waiting.shift() : undefined;
  }

  #write(): Uint8Array {
    const bytes = new Uint8Array(rtpLevelHeaderBytes + 2 * PACKET_SAMPLES);
    writeRtpLevelHeader(bytes, roomWire.levelExtensionId, this.#header);
    writeL16(this.#out, bytes.subarray(rtpLevelHeaderBytes));
    this.#header.sequence = (this.#header.sequence + 1) & 0xffff;
    return bytes;
  }
}
