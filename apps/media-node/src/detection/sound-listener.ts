import type { DetectionOrder } from '@patchbay/domain/speech-detection/detection-order';
import type { Findings } from '@patchbay/domain/speech-detection/detection-record';
import { Listening } from '@patchbay/domain/speech-detection/listening';
import { BeepDetector } from '@patchbay/dsp/beep-detector';
import { rms } from '@patchbay/dsp/level';
import { SpeechGate } from '@patchbay/dsp/speech-gate';
import { VOICE_FRAME_SAMPLES, VOICE_RATE_HZ, type VoiceNetwork } from '@patchbay/dsp/voice-network';

/** Listens to one sound of `VOICE_RATE_HZ`, mono, in pieces of any length. */
export class SoundListener {
  readonly #network: VoiceNetwork;
  readonly #listening: Listening;
  readonly #gate = new SpeechGate();
  readonly #beeps = new BeepDetector(VOICE_RATE_HZ);
  readonly #frame = new Int16Array(VOICE_FRAME_SAMPLES);
  #filled = 0;
  #sampleCount = 0;

  constructor(network: VoiceNetwork, order: Pick<DetectionOrder, 'kind' | 'rules'>) {
    this.#network = network;
    this.#listening = new Listening(order);
  }

  /** How much was listened to. */
  get heardMs(): number {
    return (this.#sampleCount * 1_000) / VOICE_RATE_HZ;
  }

  push(samples: Int16Array): void {
    for (let at = 0; at < samples.length; ) {
      const taken = samples.subarray(at, at + VOICE_FRAME_SAMPLES - this.#filled);
      this.#frame.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === VOICE_FRAME_SAMPLES) this.#hear(VOICE_FRAME_SAMPLES);
    }
  }

  /** The sound is over: what is left of it is filled up with silence. */
  end(): Findings {
    if (this.#filled > 0) this.#hear(this.#filled);
    // A beep is over when it is gone for a moment; the one at the very end has no moment behind it.
    for (const beep of this.#beeps.push(new Int16Array(VOICE_RATE_HZ / 4))) this.#listening.beep(beep);
    return this.#listening.end();
  }

  #hear(sampleCount: number): void {
    const frame = this.#frame;
    frame.fill(0, sampleCount);
    this.#filled = 0;
    this.#sampleCount += sampleCount;
    const probability = this.#network.next(frame);
    let peak = 0;
    for (const sample of frame) peak = Math.max(peak, Math.abs(sample));
    for (const beep of this.#beeps.push(frame.subarray(0, sampleCount))) this.#listening.beep(beep);
    this.#listening.push({
      durationMs: (sampleCount * 1_000) / VOICE_RATE_HZ,
      probability,
      isSpeech: this.#gate.next(probability, rms(frame)),
      peak: peak / 32_768,
    });
  }
}
