import { goertzelCoefficient, goertzelPower } from '@patchbay/dsp/goertzel';
import { minusDbovOf } from '@patchbay/dsp/level';
import { emptyRtpPacket, readRtp, writeRtpHeader } from '@patchbay/protocol/rtp/rtp-packet';
import { type AudioCodec, FRAME_MS, frameLengthOf, type OpusSettings, type RoomRateHz } from './codec.ts';
import { opusCodec } from './opus-codec.ts';
import { Room, type RoomSettings } from './room.ts';

/** Tones that no sum of two of them falls on. */
export const toneHzOf = (index: number): number => 420 + 137 * index + 7 * ((index * index) % 5);

/** What a way does to a packet: loses it, or brings it so many ticks later. */
export type Way = (packetNumber: number) => 'lost' | number;

export interface ToneSender {
  readonly id: string;
  readonly toneHz: number;
  readonly codec?: AudioCodec;
  /** Of its tone. Default 3000. */
  readonly amplitude?: number;
  /** Whether its packets have its level; a number is what they say, whatever it is. Default: they have. */
  readonly saysLevel?: boolean | number;
  /** Whether it sounds at a tick. Default: always. */
  readonly talksAt?: (tick: number) => boolean;
  readonly way?: Way;
}

const LEVEL_ID = 1;
/** -20 dB of all that is heard: of twelve equal tones each has -11. */
const HEARD_SHARE_MIN = 0.01;
/** So many frames of silence are encoded; those that follow are the same. */
const SILENT_FRAMES_ENCODED = 3;
/** The quickest: what is tested is who hears whom. */
const quickOpus: OpusSettings = { coder: 'sound', complexity: 0, bitrateBps: 'auto' };

/** A packet as a participant sends it, with its level where it says one. */
function packetOf(
  header: { payloadType: number; sequence: number; timestamp: number; ssrc: number },
  payload: Uint8Array,
  minusDbov: number | undefined,
): Uint8Array {
  const start = minusDbov === undefined ? 12 : 20;
  const bytes = new Uint8Array(start + payload.length);
  writeRtpHeader(bytes, { ...header, isMarked: false });
  if (minusDbov !== undefined) {
    bytes[0] = 0x90;
    // RFC 8285 §4.2: one word of elements of one byte of header.
    bytes.set([0xbe, 0xde, 0, 1, LEVEL_ID << 4, 0x80 | minusDbov, 0, 0], 12);
  }
  bytes.set(payload, start);
  return bytes;
}

class ToneParticipant {
  readonly sender: ToneSender;
  readonly codec: AudioCodec;
  readonly sequences: number[] = [];
  readonly #rateHz: RoomRateHz;
  readonly #encoder;
  readonly #decoder;
  readonly #underWay: { readonly atTick: number; readonly packet: Uint8Array }[] = [];
  readonly #packet = emptyRtpPacket();
  readonly #payloads: Uint8Array[] = [];
  readonly #frames: Int16Array[] = [];
  readonly #frame: Int16Array;
  readonly #ssrc: number;
  /** Close to where it wraps around. */
  #sequence = 65_500;
  #silentFrames = 0;
  #payload: Uint8Array = new Uint8Array();

  constructor(sender: ToneSender, rateHz: RoomRateHz, ssrc: number) {
    this.sender = sender;
    this.codec = sender.codec ?? opusCodec;
    this.#rateHz = rateHz;
    this.#encoder = this.codec.openEncoder(rateHz, quickOpus);
    this.#decoder = this.codec.openDecoder(rateHz);
    this.#frame = new Int16Array(frameLengthOf(rateHz));
    this.#ssrc = ssrc;
  }

  get payloadType(): number {
    return this.codec.name === 'opus' ? 111 : 0;
  }

  /** Sends what it says in a tick, and gives what arrives in it. */
  speak(tick: number): readonly Uint8Array[] {
    const { way = () => 0, saysLevel = true } = this.sender;
    this.#say(tick);
    const timestamp = (0xffff_f000 + (tick * this.codec.clockRateHz * FRAME_MS) / 1_000) >>> 0;
    const header = { payloadType: this.payloadType, sequence: this.#sequence, timestamp, ssrc: this.#ssrc };
    const level = typeof saysLevel === 'number' ? saysLevel : minusDbovOf(this.#frame);
    const packet = packetOf(header, this.#payload, saysLevel === false ? undefined : level);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const fate = way(tick);
    if (fate !== 'lost') this.#underWay.push({ atTick: tick + fate, packet });
    const arrived = this.#underWay.filter(({ atTick }) => atTick <= tick);
    const left = this.#underWay.filter(({ atTick }) => atTick > tick);
    this.#underWay.splice(0, this.#underWay.length, ...left);
    return arrived.map((each) => each.packet);
  }

  hear(bytes: Uint8Array): void {
    if (!readRtp(bytes, 0, this.#packet)) throw new Error('The mixer sent something that is no packet.');
    this.sequences.push(this.#packet.sequence);
    this.#payloads.push(bytes.slice(this.#packet.payloadStart, this.#packet.payloadEnd));
  }

  /** The last frames of all that it heard. */
  heard(frameCount: number): Int16Array {
    for (const payload of this.#payloads.splice(0)) {
      const frame = new Int16Array(this.#frame.length);
      this.#decoder.decode(payload, frame);
      this.#frames.push(frame);
    }
    const last = this.#frames.slice(-frameCount);
    const samples = new Int16Array(last.length * this.#frame.length);
    for (const [index, frame] of last.entries()) samples.set(frame, index * frame.length);
    return samples;
  }

  #say(tick: number): void {
    const { toneHz, amplitude = 3_000, talksAt = () => true } = this.sender;
    const isTalking = talksAt(tick);
    this.#silentFrames = isTalking ? 0 : this.#silentFrames + 1;
    if (this.#silentFrames > SILENT_FRAMES_ENCODED) return;
    const step = (2 * Math.PI * toneHz) / this.#rateHz;
    const from = tick * this.#frame.length;
    for (let index = 0; index < this.#frame.length; index++)
      this.#frame[index] = isTalking ? Math.round(amplitude * Math.sin(step * (from + index))) : 0;
    this.#payload = this.#encoder.encode(this.#frame);
  }
}

/** A room of senders of tones, by a clock that the test turns. */
export class ToneRoom {
  readonly room: Room;
  readonly #rateHz: RoomRateHz;
  readonly #participants = new Map<string, ToneParticipant>();
  readonly #receivers = new Map<string, (packet: Uint8Array) => void>();
  tick = 0;

  constructor(settings: Partial<RoomSettings> = {}) {
    this.#rateHz = settings.rateHz ?? 48_000;
    const defaults = { rateHz: this.#rateHz, legCountMax: 64, talkerCountMax: 3, opus: quickOpus } as const;
    this.room = new Room({ ...defaults, ...settings }, 0);
  }

  join(sender: ToneSender): void {
    const participant = new ToneParticipant(sender, this.#rateHz, 1_000 + this.#participants.size);
    this.#participants.set(sender.id, participant);
    const leg = this.room.add(
      sender.id,
      {
        codec: participant.codec,
        payloadType: participant.payloadType,
        levelExtensionId: sender.saysLevel === false ? 0 : LEVEL_ID,
        outgoing: { ssrc: 7, sequence: 65_530, timestamp: 0xffff_ff00 },
        send: (packet) => participant.hear(packet),
      },
      this.tick * FRAME_MS,
    );
    if (leg === undefined) throw new Error(`${sender.id} could not join.`);
    this.#receivers.set(sender.id, (packet) => leg.receive(packet, this.tick * FRAME_MS));
  }
  /** A datagram of anything, to where a leg listens. */
  inject(id: string, bytes: Uint8Array): void {
    this.#receivers.get(id)?.(bytes);
  }

  leave(id: string): void {
    this.room.remove(id, this.tick * FRAME_MS);
    this.#participants.delete(id);
  }

  run(tickCount: number): void {
    for (let count = 0; count < tickCount; count++) {
      for (const [id, participant] of this.#participants) {
        for (const packet of participant.speak(this.tick)) this.#receivers.get(id)?.(packet);
      }
      this.room.tick();
      this.tick += 1;
    }
  }

  /** Everything that somebody heard in the last so many ticks. */
  heardBy(id: string, tickCount: number): Int16Array {
    return this.#participants.get(id)?.heard(tickCount) ?? new Int16Array();
  }

  sequencesOf(id: string): readonly number[] {
    return this.#participants.get(id)?.sequences ?? [];
  }

  /** Whose tones somebody heard in the last so many ticks: each that has a part of all its energy. */
  whoIsHeardBy(id: string, tickCount: number): readonly string[] {
    const block = Float32Array.from(this.heardBy(id, tickCount));
    const energy = block.reduce((sum, value) => sum + value * value, 0);
    const shareOf = (hertz: number) =>
      (goertzelPower(block, goertzelCoefficient(hertz, this.#rateHz)) * 2) / block.length / energy;
    return [...this.#participants.values()]
      .map(({ sender }) => sender)
      .filter(({ toneHz }) => energy > 0 && shareOf(toneHz) > HEARD_SHARE_MIN)
      .map((sender) => sender.id);
  }
}
