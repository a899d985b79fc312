import { JitterBuffer, type JitterCounts } from '@patchbay/dsp/jitter-buffer';
import { minusDbovOf, silenceMinusDbov } from '@patchbay/dsp/level';
import { applyGain, crossfade } from '@patchbay/dsp/mix';
import { emptyRtpPacket, readRtp, rtpHeaderBytes, writeRtpHeader } from '@patchbay/protocol/rtp/rtp-packet';
import { type AudioCodec, type AudioDecoder, FRAME_MS, frameLengthOf, type RoomRateHz } from './codec.ts';
import type { EncodedStream } from './encoded-stream.ts';

/** 10 ms each in a tick, and one that gives delay back, with room to spare. */
const PENDING_MAX = 16;
/** In `#pending`: what is missing there. */
const CONCEALED = -1;
/** In `#pending`: the packet that follows becomes one with the one before it. */
const MERGED = -2;
/** RFC 6716 §3.2.5: of one payload. */
const PAYLOAD_MS_MAX = 120;
/** A sender that is so much softer than it says, for half a second of being heard, is measured from then on. */
const LIE_DB = 20;
const LIE_TICKS_MAX = 25;
const BUFFERS_OUT = 4;
const PACKET_BYTES_MAX = 1_500;

export interface LegSettings {
  readonly codec: AudioCodec;
  readonly rateHz: RoomRateHz;
  /** Of packets both ways. */
  readonly payloadType: number;
  /** Of the level in header extensions (RFC 6464), 1 to 255; 0: its sender says none. */
  readonly levelExtensionId: number;
  /** Where its outgoing stream begins (RFC 3550 §5.1: at random). */
  readonly outgoing: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number };
  /** Puts a packet on its way. The bytes are written to again after four more. */
  readonly send: (packet: Uint8Array) => void;
}

export interface LegCounts extends Readonly<JitterCounts> {
  /** Frames that were made up. */
  readonly concealed: number;
  /** Payloads that no decoder took. */
  readonly undecodable: number;
  /** Datagrams that were no packets of this leg: RTCP, other payload types, anything. */
  readonly foreign: number;
  readonly sent: number;
}

/**
 * One participant of a room: what comes from it in order and, if it is to be heard, as samples; what goes to it as packets. In a tick
 * first `pull`, then `decode` or `pass`, then `contribute`.
 */
export class MixLeg {
  readonly codec: AudioCodec;
  readonly frame: Int16Array;
  /** What it adds to the sums that hear it. */
  readonly contribution: Int32Array;
  /** Its own encoder, while what it hears is not what others hear; `mix.ts` gives and takes it. */
  stream: EncodedStream | undefined;
  /** For how many ticks that encoder has had the sound that all others have. */
  equalTicks = 0;
  /** Groups that it speaks to and that it hears, a bit each. */
  speaksTo = 1;
  hears = 1;
  gain = 1;
  /** 0 to 127 below full scale, of the last tick. */
  minusDbov = silenceMinusDbov;
  readonly #settings: LegSettings;
  readonly #jitter: JitterBuffer;
  readonly #decoder: AudioDecoder;
  readonly #packet = emptyRtpPacket();
  readonly #pending = new Int16Array(PENDING_MAX);
  #pendingCount = 0;
  /** Packets that were passed over last, decoded first when the leg begins to be heard: a decoder needs them to find into it. */
  #olderPassed = CONCEALED;
  #newerPassed = CONCEALED;
  #dueMs = 0;
  readonly #samples: Int16Array;
  readonly #decoded: Int16Array;
  #sampleCount = 0;
  #sourceCount = 0;
  #isLevelTrusted: boolean;
  #saysLevel: boolean;
  #lieTicks = 0;
  readonly #ramp = { from: 0, to: 0 };
  readonly #out: readonly Uint8Array[];
  readonly #header: {
    payloadType: number;
    isMarked: boolean;
    sequence: number;
    timestamp: number;
    ssrc: number;
  };
  #concealed = 0;
  #undecodable = 0;
  #foreign = 0;
  #sent = 0;

  constructor(settings: LegSettings) {
    const { codec, rateHz, payloadType, outgoing } = settings;
    const frameLength = frameLengthOf(rateHz);
    this.#settings = settings;
    this.codec = codec;
    this.frame = new Int16Array(frameLength);
    this.contribution = new Int32Array(frameLength);
    const { clockRateHz, durationMsOf, payloadBytesMax } = codec;
    this.#jitter = new JitterBuffer({ clockRateHz, durationMsOf, payloadBytesMax });
    const packetBytesMax = Math.max(PACKET_BYTES_MAX, rtpHeaderBytes + (payloadBytesMax ?? 0));
    this.#out = Array.from({ length: BUFFERS_OUT }, () => new Uint8Array(packetBytesMax));
    this.#decoder = codec.openDecoder(rateHz);
    const payloadLengthMax = (frameLength * PAYLOAD_MS_MAX) / FRAME_MS;
    this.#decoded = new Int16Array(payloadLengthMax);
    this.#samples = new Int16Array(2 * payloadLengthMax);
    this.#isLevelTrusted = settings.levelExtensionId > 0;
    this.#saysLevel = this.#isLevelTrusted;
    this.#header = { payloadType, isMarked: true, ...outgoing };
  }

  /** Whether its level is known before anything is decoded. */
  get saysLevel(): boolean {
    return this.#saysLevel;
  }

  /** Whether anything of it is in the sums of this tick. */
  get isIn(): boolean {
    return this.#ramp.from !== 0 || this.#ramp.to !== 0;
  }

  /** Whether it was heard in the last tick: if no more, it ends softly. */
  get isFading(): boolean {
    return this.#ramp.to !== 0;
  }

  get jitterMs(): number {
    return this.#jitter.jitterMs;
  }

  get delayMs(): number {
    return Math.max(0, this.#jitter.bufferedMs);
  }

  get counts(): LegCounts {
    const [concealed, undecodable] = [this.#concealed, this.#undecodable];
    return { ...this.#jitter.counts, concealed, undecodable, foreign: this.#foreign, sent: this.#sent };
  }

  /** A datagram from its sender, whatever is in it. */
  receive(bytes: Uint8Array, nowMs: number): void {
    const { levelExtensionId, payloadType } = this.#settings;
    if (!readRtp(bytes, levelExtensionId, this.#packet) || this.#packet.payloadType !== payloadType) {
      this.#foreign += 1;
      return;
    }
    this.#jitter.push(this.#packet, bytes, nowMs);
  }

  /** Takes what sounds in this tick, and its level where the sender says it. Nothing is decoded. */
  pull(): void {
    this.#pendingCount = 0;
    this.#dueMs += FRAME_MS;
    while (this.#dueMs > 0 && this.#pendingCount < PENDING_MAX) {
      const taken = this.#jitter.take();
      if (taken === 'waiting') {
        this.#pause();
        return;
      }
      this.#dueMs -= this.#jitter.durationMs;
      if (taken !== 'packet') this.#add(CONCEALED);
      else this.#addPacket(this.#jitter.takenSlot);
    }
    if (this.#pendingCount > 0 && this.#jitter.isAhead && this.#jitter.takeAhead() === 'packet') {
      this.#add(MERGED);
      this.#add(this.#jitter.takenSlot);
    }
  }

  /** Makes samples of what was pulled. */
  decode(): void {
    if (this.#jitter.sourceCount !== this.#sourceCount) {
      this.#sourceCount = this.#jitter.sourceCount;
      this.#decoder.reset();
    } else {
      if (this.#olderPassed >= 0) this.#decodeSlot(this.#olderPassed);
      if (this.#newerPassed >= 0) this.#decodeSlot(this.#newerPassed);
    }
    this.#forgetPassed();
    for (let index = 0; index < this.#pendingCount; index++) {
      const slot = this.#pending[index] ?? CONCEALED;
      if (slot === MERGED) this.#merge(this.#pending[++index] ?? CONCEALED);
      else this.#append(slot);
    }
    this.#cutFrame();
    this.#measure();
  }

  /** Leaves what was pulled undecoded: it is not heard. */
  pass(): void {
    this.#sampleCount = 0;
    for (let index = 0; index < this.#pendingCount; index++) {
      const slot = this.#pending[index] ?? CONCEALED;
      if (slot < 0) continue;
      this.#olderPassed = this.#newerPassed;
      this.#newerPassed = slot;
    }
  }

  /** What it adds to sums from now on: its samples at its gain, or nothing. The way there is a ramp. */
  contribute(isHeard: boolean): void {
    this.#ramp.from = this.#ramp.to;
    this.#ramp.to = isHeard ? this.gain : 0;
    if (this.isIn) applyGain(this.frame, this.#ramp, this.contribution);
  }

  /** Sends it 20 ms of sound. */
  send(payload: Uint8Array): void {
    const { codec } = this;
    const bytes = this.#out[this.#sent % BUFFERS_OUT];
    if (bytes === undefined || payload.length > bytes.length - rtpHeaderBytes) return;
    writeRtpHeader(bytes, this.#header);
    bytes.set(payload, rtpHeaderBytes);
    this.#settings.send(bytes.subarray(0, rtpHeaderBytes + payload.length));
    this.#sent += 1;
    this.#header.isMarked = false;
    this.#header.sequence = (this.#header.sequence + 1) & 0xffff;
    this.#header.timestamp = (this.#header.timestamp + (codec.clockRateHz * FRAME_MS) / 1_000) >>> 0;
  }

  /** Ticks that never were: what follows is later by them, as a receiver must know. */
  skip(tickCount: number): void {
    const skipped = (tickCount * this.codec.clockRateHz * FRAME_MS) / 1_000;
    this.#header.timestamp = (this.#header.timestamp + skipped) >>> 0;
  }

  #add(slot: number): void {
    if (this.#pendingCount < PENDING_MAX) this.#pending[this.#pendingCount++] = slot;
  }

  #decodeSlot(slot: number): number {
    return this.#decoder.decode(this.#jitter.payloadAt(slot), this.#decoded);
  }

  #append(slot: number): void {
    let count = slot === CONCEALED ? -1 : this.#decodeSlot(slot);
    if (count < 0) {
      if (slot !== CONCEALED) this.#undecodable += 1;
      count = Math.min(
        this.#decoded.length,
        Math.round((this.#jitter.durationMs * this.frame.length) / FRAME_MS),
      );
      this.#decoder.conceal(this.#decoded.subarray(0, count));
      this.#concealed += 1;
    }
    const room = this.#samples.length - this.#sampleCount;
    this.#samples.set(this.#decoded.subarray(0, Math.min(count, room)), this.#sampleCount);
    this.#sampleCount += Math.min(count, room);
  }

  /** Two packets in the time of one. */
  #merge(slot: number): void {
    const count = this.#decodeSlot(slot);
    if (count <= 0) return;
    const length = Math.min(count, this.#sampleCount);
    const tail = this.#samples.subarray(this.#sampleCount - length, this.#sampleCount);
    const next = this.#decoded.subarray(count - length, count);
    crossfade(tail, next);
    tail.set(next);
  }

  #cutFrame(): void {
    const length = this.frame.length;
    const count = Math.min(length, this.#sampleCount);
    this.frame.set(this.#samples.subarray(0, count));
    if (count < length) this.frame.fill(0, count);
    this.#samples.copyWithin(0, count, this.#sampleCount);
    this.#sampleCount -= count;
  }

  #addPacket(slot: number): void {
    const said = this.#jitter.levelMinusDbov;
    const isFirst = this.#pendingCount === 0;
    this.#add(slot);
    this.#saysLevel = this.#isLevelTrusted && said >= 0;
    if (this.#saysLevel) this.minusDbov = isFirst ? said : Math.min(said, this.minusDbov);
  }

  /** Nothing comes: silence, which needs no decoding. */
  #pause(): void {
    this.#dueMs = 0;
    this.minusDbov = silenceMinusDbov;
    this.#forgetPassed();
  }

  #forgetPassed(): void {
    this.#olderPassed = CONCEALED;
    this.#newerPassed = CONCEALED;
  }

  /** What was decoded is known better than what was said of it, which is a sender's word. */
  #measure(): void {
    const measured = minusDbovOf(this.frame);
    if (!this.#saysLevel) this.minusDbov = measured;
    else if (this.#pendingCount > 0) {
      this.#lieTicks = measured > this.minusDbov + LIE_DB ? this.#lieTicks + 1 : 0;
      if (this.#lieTicks >= LIE_TICKS_MAX) this.#isLevelTrusted = false;
    }
  }
}
