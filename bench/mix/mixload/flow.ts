import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Decoder, Encoder } from '@evan/opus';
import { type ReturnedPacket, readReturned, writeRtp } from './rtp.ts';
import { isTalking, speechWithTone, type Talk } from './signal.ts';

export const FRAME_MS = 20;
const LOOP_SECONDS = 5;
export const RATE_HZ = 48_000;
const FRAME_LENGTH = (RATE_HZ * FRAME_MS) / 1_000;

/** One participant: what it sends, to whom, and where it listens for the mix. */
export interface FlowSpec {
  readonly localPort: number;
  readonly remotePort: number;
  readonly payloadType: number;
  readonly ssrc: number;
  readonly toneHz: number;
  readonly talk: Talk;
  readonly levelExtensionId: number;
}

interface Frame {
  readonly payload: Uint8Array;
  readonly minusDbov: number;
}

/** One loop of a flow's sound, encoded before the run so that sending costs next to nothing. */
function encodeLoop({ toneHz, talk, ssrc }: FlowSpec): readonly Frame[] {
  const samples = speechWithTone({ toneHz, rateHz: RATE_HZ, seconds: LOOP_SECONDS, talk, seed: ssrc });
  const encoder = new Encoder({ channels: 1, sample_rate: RATE_HZ, application: 'voip' });
  encoder.bitrate = 32_000;
  encoder.complexity = 5;
  return Array.from({ length: samples.length / FRAME_LENGTH }, (_, index) => {
    const slice = samples.slice(index * FRAME_LENGTH, (index + 1) * FRAME_LENGTH);
    const rms = Math.sqrt(slice.reduce((sum, x) => sum + x * x, 0) / FRAME_LENGTH) / 32768;
    const minusDbov = Math.min(127, Math.max(0, Math.round(-20 * Math.log10(rms + 1e-7))));
    return { payload: Uint8Array.from(encoder.encode(slice)), minusDbov };
  });
}

export class Flow {
  readonly spec: FlowSpec;
  readonly #frames: readonly Frame[];
  readonly #socket: Socket = createSocket('udp4');
  /** Milliseconds of the run at which the next packet goes. */
  dueAtMs: number;
  #tick = 0;
  #sequence: number;
  sent = 0;
  received: ReturnedPacket[] = [];
  /** When each packet of them came. */
  readonly receivedMs: number[] = [];
  /** When it began to talk. */
  readonly begunMs: number[] = [];
  #isTalking = false;
  octets = 0;
  gapMsMax = 0;
  #lastMs: number | undefined;

  constructor(spec: FlowSpec, place: { readonly index: number; readonly count: number }) {
    this.spec = spec;
    this.#frames = encodeLoop(spec);
    this.dueAtMs = (place.index * FRAME_MS) / place.count;
    this.#sequence = spec.ssrc & 0xffff;
  }

  async open(): Promise<void> {
    this.#socket.on('message', (packet) => this.#receive(packet));
    const listening = once(this.#socket, 'listening');
    this.#socket.bind(this.spec.localPort, '127.0.0.1');
    await listening;
    const connected = once(this.#socket, 'connect');
    this.#socket.connect(this.spec.remotePort, '127.0.0.1');
    await connected;
    // A mixer that is not there yet, or no more.
    this.#socket.on('error', () => undefined);
  }

  send(): void {
    const { payloadType, ssrc, levelExtensionId } = this.spec;
    const frame = this.#frames[this.#tick % this.#frames.length];
    if (frame === undefined) return;
    const packet = writeRtp({
      payloadType,
      marker: this.#tick === 0,
      sequence: this.#sequence++,
      timestamp: this.#tick * FRAME_LENGTH,
      ssrc,
      payload: frame.payload,
      level: levelExtensionId > 0 ? { id: levelExtensionId, minusDbov: frame.minusDbov } : undefined,
    });
    this.#socket.send(packet);
    const isNowTalking = isTalking(this.spec.talk, (this.#tick % this.#frames.length) * FRAME_MS);
    if (isNowTalking && !this.#isTalking) this.begunMs.push(performance.now());
    this.#isTalking = isNowTalking;
    this.sent += 1;
    this.#tick += 1;
    this.dueAtMs += FRAME_MS;
  }

  /** What was counted until now was the warming up. */
  forget(): void {
    this.sent = 0;
    this.received = [];
    this.receivedMs.length = 0;
    this.begunMs.length = 0;
    this.octets = 0;
    this.gapMsMax = 0;
    this.#lastMs = undefined;
  }

  close(): void {
    this.#socket.close();
  }

  /** What came back, a frame for each packet; what is missing is left out, not concealed. */
  decode(): readonly Int16Array[] {
    const decoder = new Decoder({ channels: 1, sample_rate: RATE_HZ });
    return this.received.map(({ payload }) => {
      const bytes = decoder.decode(payload);
      return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
    });
  }

  get lost(): number {
    const [first, last] = [this.received.at(0), this.received.at(-1)];
    if (first === undefined || last === undefined) return 0;
    return Math.max(0, ((last.sequence - first.sequence) & 0xffff) + 1 - this.received.length);
  }

  #receive(packet: Buffer): void {
    const rtp = readReturned(packet);
    if (rtp === undefined) return;
    const nowMs = performance.now();
    if (this.#lastMs !== undefined) this.gapMsMax = Math.max(this.gapMsMax, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.octets += packet.length;
    this.received.push(rtp);
    this.receivedMs.push(nowMs);
  }
}
