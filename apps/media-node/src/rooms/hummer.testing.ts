import { createSocket } from 'node:dgram';
import type { ConferenceOrder } from '@patchbay/domain/logic/sound-order';
import { rms, shareOfTone } from '@patchbay/dsp/level';
import { toneSamples } from '@patchbay/dsp/tone';
import { RoomFrames } from '../media/room-frames.ts';
import { FRAME_SAMPLES, RATE_HZ } from '../media/sound-run.ts';

export const orderOf = (said: Partial<ConferenceOrder> = {}): ConferenceOrder => ({
  ...{ kind: 'conference', name: 'standup', identity: 'user:x', role: 'speaker', isMuted: false },
  ...{ startsRoom: true, endsRoom: false, tones: 'none', participantCountMax: 10, wait: [] },
  ...said,
});

/** A leg without WebRTC: it hums one tone into its room, and keeps what it hears. */
export class Hummer {
  readonly #socket = createSocket('udp4');
  readonly #frames = new RoomFrames({ ssrc: 1, sequence: 2, timestamp: 3 });
  readonly #hertz: number;
  #at = 0;
  #timer: NodeJS.Timeout | undefined;
  #startedMs = 0;
  mixer: { readonly host: string; readonly port: number } | undefined;
  heard: Int16Array[] = [];

  constructor(hertz: number) {
    this.#hertz = hertz;
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    this.#socket.on('message', (bytes) => this.#frames.hear(bytes));
    this.#startedMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), 5);
    return this.#socket.address().port;
  }

  /** Which of some tones it heard in the last 300 ms. */
  hears(hertz: readonly number[]): readonly number[] {
    const samples = Int16Array.from(this.heard.slice(-30).flatMap((frame) => [...frame]));
    if (this.heard.length < 30 || rms(samples) < 50) return [];
    return hertz.filter((each) => shareOfTone(samples, { hertz: each, rateHz: RATE_HZ }) > 0.1);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #tick(): void {
    while ((this.#at + 1) * 10 <= performance.now() - this.#startedMs) {
      const tone = { hertz: [this.#hertz], durationMs: 600_000, level: 0.1 };
      const frame = toneSamples(tone, {
        rateHz: RATE_HZ,
        from: this.#at * FRAME_SAMPLES,
        count: FRAME_SAMPLES,
      });
      this.#at += 1;
      const packet = this.#frames.say(frame);
      if (packet !== undefined && this.mixer !== undefined)
        this.#socket.send(packet, this.mixer.port, this.mixer.host);
      this.heard = [...this.heard.slice(-60), this.#frames.next() ?? new Int16Array(FRAME_SAMPLES)];
    }
  }
}
