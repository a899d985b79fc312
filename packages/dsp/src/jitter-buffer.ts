import { TransitJitter } from './transit-jitter.ts';

/** Packets that are held at most, a power of two: at 20 ms each 640 ms, more than is ever waited for. */
const SLOT_COUNT = 32;
const SLOT_MASK = SLOT_COUNT - 1;
/** RFC 6716 §3.4: of Opus in one frame, and its first byte. 60 ms of G.711 are 480; what is longer is refused. */
const PAYLOAD_BYTES_MAX = 1_276;
/** How far back a packet may be and still be a late one, not another source (RFC 3550 §A.1). */
const MISORDER_MAX = 100;
/** Sound that stays away for so long is a pause or an end, not a loss: what comes then is collected anew. */
const STARVED_MS_MAX = 60;
/** A delay that was never needed for so long is given back. */
const WINDOW_MS = 2_000;
/** What is left beyond the packet that is played when a delay is given back. */
const SPARE_MS = 20;

/** What a slot has. */
const [EMPTY, WAITING, TAKEN, MISSED] = [0, 1, 2, 3] as const;

/** What the buffer reads of a packet; of its bytes, the payload alone. */
export interface JitterPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly levelMinusDbov: number;
}

export type PushOutcome = 'kept' | 'late' | 'duplicate' | 'strange' | 'refused';

/**
 * `packet`: its payload is to be played. `lost`: one is missing for good, and is to be concealed. `starved`: nothing has come yet;
 * conceal, and the delay grows by it. `waiting`: nothing to play, and nothing to conceal.
 */
export type Taken = 'packet' | 'lost' | 'starved' | 'waiting';

/** All of them count packets from the beginning. */
export interface JitterCounts {
  received: number;
  /** Were not there at their time; those that came later are in `late` too. */
  missed: number;
  late: number;
  duplicate: number;
  /** Of another source or too far ahead, once: two in a row are followed. */
  strange: number;
  /** Empty, too long, or not of the codec. */
  refused: number;
  /** Were left out to give back a delay. */
  skipped: number;
}

export interface JitterOptions {
  /** Of timestamps. */
  readonly clockRateHz: number;
  /** How long a payload sounds, in milliseconds, without decoding it; 0 of what is none. */
  readonly durationMsOf: (bytes: Uint8Array, start: number, end: number) => number;
  /** What is collected before the first is played. Default 40. */
  readonly startMs?: number;
  /** What is never exceeded. Default 200. */
  readonly delayMsMax?: number;
  /** Of one packet. Default: as much as Opus may have. */
  readonly payloadBytesMax?: number | undefined;
}

const signed16 = (value: number): number => (value << 16) >> 16;

/**
 * Brings packets into their order, and gives them at the pace of the caller's clock. It holds as much delay as packets came late,
 * and gives it back when it was not needed for two seconds: so a sender's clock that runs faster or slower shifts nothing for long.
 * It goes by sequence numbers; timestamps, which may be anything, move no memory. All it ever has is allocated at once, about 40 kB.
 */
export class JitterBuffer {
  readonly counts: JitterCounts = {
    received: 0,
    missed: 0,
    late: 0,
    duplicate: 0,
    strange: 0,
    refused: 0,
    skipped: 0,
  };
  readonly #transit: TransitJitter;
  readonly #durationMsOf: JitterOptions['durationMsOf'];
  readonly #delayMsMax: number;
  readonly #payloadBytesMax: number;
  readonly #bytes: Uint8Array;
  readonly #states = new Uint8Array(SLOT_COUNT);
  readonly #sequences = new Uint16Array(SLOT_COUNT);
  readonly #lengths = new Uint16Array(SLOT_COUNT);
  readonly #durationsMs = new Float32Array(SLOT_COUNT);
  readonly #levels = new Int8Array(SLOT_COUNT);
  #ssrc = -1;
  #next = 0;
  /** The one behind the newest that is held. */
  #end = 0;
  #isPlaying = false;
  #hasPlayed = false;
  #sourceCount = 0;
  #targetMs: number;
  #durationMs = 20;
  #takenSlot = 0;
  #waitedMs = 0;
  #starvedMs = 0;
  #holdMs = 0;
  #surplusMs = 0;
  #windowMs = 0;
  #leastMs = Number.POSITIVE_INFINITY;
  #strangeSsrc = -1;
  #strangeNext = -1;

  constructor({
    clockRateHz,
    durationMsOf,
    startMs = 40,
    delayMsMax = 200,
    payloadBytesMax = PAYLOAD_BYTES_MAX,
  }: JitterOptions) {
    this.#payloadBytesMax = payloadBytesMax;
    this.#bytes = new Uint8Array(SLOT_COUNT * payloadBytesMax);
    this.#transit = new TransitJitter(clockRateHz);
    this.#durationMsOf = durationMsOf;
    this.#targetMs = startMs;
    this.#delayMsMax = delayMsMax;
  }

  /** What has come and was not taken yet, gaps counted. */
  get bufferedMs(): number {
    return signed16(this.#end - this.#next) * this.#durationMs;
  }

  /** How unevenly packets come (RFC 3550 §6.4.1). */
  get jitterMs(): number {
    return this.#transit.jitterMs;
  }

  /** Where the packet that was taken last lies: for `payloadAt`. */
  get takenSlot(): number {
    return this.#takenSlot;
  }

  /** A payload that was taken. It stays for as many packets as the buffer can hold, less those that wait. */
  payloadAt(slot: number): Uint8Array {
    const start = slot * this.#payloadBytesMax;
    return this.#bytes.subarray(start, start + (this.#lengths[slot] ?? 0));
  }

  /** How long it sounds. After `lost` and `starved`: how long what is missing would have been. */
  get durationMs(): number {
    return this.#durationMs;
  }

  /** What its sender said of its level, 0 to 127; negative where nothing was said. */
  get levelMinusDbov(): number {
    return this.#levels[this.#takenSlot] ?? -1;
  }

  /** How many sources there were: with each, what decodes begins anew. */
  get sourceCount(): number {
    return this.#sourceCount;
  }

  /** More delay is held than was needed: `takeAhead` gives a part of it back. */
  get isAhead(): boolean {
    return this.#surplusMs >= this.#durationMs && this.bufferedMs >= this.#durationMs;
  }

  /** Takes a packet in. Its bytes are copied. */
  push(packet: JitterPacket, bytes: Uint8Array, nowMs: number): PushOutcome {
    const { payloadStart, payloadEnd } = packet;
    const lengthBytes = payloadEnd - payloadStart;
    if (lengthBytes <= 0 || lengthBytes > this.#payloadBytesMax) return this.#count('refused');
    const durationMs = this.#durationMsOf(bytes, payloadStart, payloadEnd);
    if (!(durationMs > 0 && durationMs <= 120)) return this.#count('refused');
    const place = this.#placeOf(packet);
    if (place !== 'kept') return this.#count(place);

    const slot = packet.sequence & SLOT_MASK;
    const at = slot * this.#payloadBytesMax;
    for (let index = 0; index < lengthBytes; index++)
      this.#bytes[at + index] = bytes[payloadStart + index] ?? 0;
    this.#states[slot] = WAITING;
    this.#sequences[slot] = packet.sequence;
    this.#lengths[slot] = lengthBytes;
    this.#durationsMs[slot] = durationMs;
    this.#levels[slot] = packet.levelMinusDbov;
    this.#durationMs = durationMs;
    if (signed16(packet.sequence + 1 - this.#end) > 0) this.#end = (packet.sequence + 1) & 0xffff;
    this.#transit.arrived(packet.timestamp, nowMs);
    this.counts.received += 1;
    return 'kept';
  }

  /** The next, as the caller's clock comes to it. */
  take(): Taken {
    if (!this.#isPlaying && !this.#mayBegin()) return 'waiting';
    const bufferedMs = this.bufferedMs;
    if (bufferedMs <= 0) return this.#starve();
    this.#starvedMs = 0;
    if (this.#holdMs > 0) {
      // A packet came too late by less than this: all that follow are played later.
      this.#holdMs = 0;
      return 'starved';
    }
    if (bufferedMs > this.#delayMsMax) this.#skipTo(this.#targetMs);
    this.#watchDelay();
    return this.#takeNext();
  }

  /** One more than the clock asks for, where `isAhead`: it is for the caller to make one of this and the one before it. */
  takeAhead(): Taken {
    this.#surplusMs -= this.#durationMs;
    const taken = this.#takeNext();
    if (taken === 'packet') this.counts.skipped += 1;
    return taken;
  }

  #count(outcome: Exclude<PushOutcome, 'kept'>): PushOutcome {
    this.counts[outcome] += 1;
    return outcome;
  }

  /** Whether a packet belongs to what is played, and is not over yet. */
  #placeOf({ ssrc, sequence }: JitterPacket): PushOutcome {
    if (this.#ssrc === -1) this.#beginAt(ssrc, sequence);
    const ahead = signed16(sequence - this.#next);
    const slot = sequence & SLOT_MASK;
    if (ssrc !== this.#ssrc || ahead >= SLOT_COUNT || ahead < -MISORDER_MAX) {
      // RFC 3550 §A.1: one such packet may be anything, the second in a row is a source that began anew.
      const isSecond = this.#strangeSsrc === ssrc && this.#strangeNext === sequence;
      this.#strangeSsrc = ssrc;
      this.#strangeNext = (sequence + 1) & 0xffff;
      if (!isSecond) return 'strange';
      this.#beginAt(ssrc, sequence);
      return 'kept';
    }
    const isHeld = this.#states[slot] !== EMPTY && this.#sequences[slot] === sequence;
    if (ahead >= 0) return isHeld && this.#states[slot] === WAITING ? 'duplicate' : 'kept';
    if (isHeld && this.#states[slot] === TAKEN) return 'duplicate';
    if (!this.#hasPlayed && signed16(this.#end - sequence) <= SLOT_COUNT) {
      // Nothing is played yet: what came first was not the first.
      this.#next = sequence;
      return 'kept';
    }
    if (isHeld && this.#states[slot] === MISSED) {
      this.#states[slot] = TAKEN;
      if (this.bufferedMs + this.#durationMs <= this.#delayMsMax) this.#grow();
    }
    return 'late';
  }

  #grow(): void {
    this.#holdMs = this.#durationMs;
    this.#targetMs = Math.min(this.#delayMsMax / 2, this.#targetMs + this.#durationMs);
  }

  #beginAt(ssrc: number, sequence: number): void {
    this.#states.fill(EMPTY);
    this.#sourceCount += 1;
    this.#hasPlayed = false;
    this.#ssrc = ssrc;
    this.#next = sequence;
    this.#end = sequence;
    this.#strangeSsrc = -1;
    this.#transit.forget();
    this.#collect();
  }

  #collect(): void {
    this.#isPlaying = false;
    this.#waitedMs = 0;
    this.#holdMs = 0;
    this.#surplusMs = 0;
    this.#forgetWindow();
  }

  #mayBegin(): boolean {
    const bufferedMs = this.bufferedMs;
    if (bufferedMs <= 0) return false;
    this.#isPlaying = bufferedMs >= this.#targetMs || this.#waitedMs >= this.#targetMs;
    this.#hasPlayed ||= this.#isPlaying;
    this.#waitedMs += this.#durationMs;
    this.#starvedMs = 0;
    return this.#isPlaying;
  }

  #starve(): Taken {
    this.#leastMs = 0;
    if (this.#starvedMs >= STARVED_MS_MAX) {
      this.#collect();
      return 'waiting';
    }
    this.#starvedMs += this.#durationMs;
    return 'starved';
  }

  #takeNext(): Taken {
    const sequence = this.#next;
    const slot = sequence & SLOT_MASK;
    const isThere = this.#states[slot] === WAITING && this.#sequences[slot] === sequence;
    this.#next = (sequence + 1) & 0xffff;
    if (isThere) {
      this.#states[slot] = TAKEN;
      this.#durationMs = this.#durationsMs[slot] ?? this.#durationMs;
      this.#takenSlot = slot;
      return 'packet';
    }
    this.#states[slot] = MISSED;
    this.#sequences[slot] = sequence;
    this.counts.missed += 1;
    return 'lost';
  }

  #skipTo(leftMs: number): void {
    while (this.bufferedMs > Math.max(leftMs, this.#durationMs)) {
      if (this.#takeNext() === 'packet') this.counts.skipped += 1;
    }
    this.#forgetWindow();
  }

  /** Finds what was never needed in a window. */
  #watchDelay(): void {
    this.#leastMs = Math.min(this.#leastMs, this.bufferedMs);
    this.#windowMs += this.#durationMs;
    if (this.#windowMs < WINDOW_MS) return;
    this.#surplusMs = Math.max(0, this.#leastMs - this.#durationMs - SPARE_MS);
    if (this.#surplusMs > 0)
      this.#targetMs = Math.max(2 * this.#durationMs, this.#targetMs - this.#durationMs);
    this.#forgetWindow();
  }

  #forgetWindow(): void {
    this.#windowMs = 0;
    this.#leastMs = Number.POSITIVE_INFINITY;
  }
}
