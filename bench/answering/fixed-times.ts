import type { Answerer } from '@patchbay/domain/speech-detection/answering-detector';

/**
 * The peer: fixed times, with those that Twilio documents as the defaults of its machine detection. Speech of 2.4 s is a
 * machine; 1.2 s of silence behind less than that is a person; 5 s without speech are unknown.
 */
export class FixedTimes {
  #nowMs = 0;
  #speechMs = 0;
  #silenceMs = 0;
  answeredBy: Answerer | undefined;

  push({ durationMs, isSpeech }: { readonly durationMs: number; readonly isSpeech: boolean }): void {
    if (this.answeredBy !== undefined) return;
    this.#nowMs += durationMs;
    if (isSpeech) {
      this.#speechMs += durationMs;
      this.#silenceMs = 0;
    } else this.#silenceMs += durationMs;
    if (this.#speechMs >= 2_400) this.answeredBy = 'machine';
    else if (this.#speechMs > 0 && this.#silenceMs >= 1_200) this.answeredBy = 'human';
    else if (this.#speechMs === 0 && this.#nowMs >= 5_000) this.answeredBy = 'unknown';
  }
}
