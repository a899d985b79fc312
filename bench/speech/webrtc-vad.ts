import load from '@echogarden/fvad-wasm';
import { VOICE_RATE_HZ } from '@patchbay/dsp/voice-network';

/** It takes frames of 10, 20 or 30 ms. */
export const PEER_FRAME_MS = 30;
export const PEER_FRAME_SAMPLES = (PEER_FRAME_MS * VOICE_RATE_HZ) / 1_000;

type Library = Awaited<ReturnType<typeof load>>;

/** The peer: the voice activity detector of WebRTC, which browsers and softphones have. 0 takes the most for speech, 3 the least. */
export class WebRtcVad {
  readonly #library: Library;
  readonly #samplesAt: number;

  private constructor(library: Library) {
    this.#library = library;
    this.#samplesAt = library._malloc(2 * PEER_FRAME_SAMPLES);
  }

  static async open(): Promise<WebRtcVad> {
    return new WebRtcVad(await load());
  }

  /** Of each frame whether it is speech. */
  hear(samples: Int16Array, mode: number): readonly boolean[] {
    const library = this.#library;
    const instance = library._fvad_new();
    if (
      library._fvad_set_mode(instance, mode) !== 0 ||
      library._fvad_set_sample_rate(instance, VOICE_RATE_HZ) !== 0
    )
      throw new Error(`WebRTC has no mode ${mode}.`);
    const heard: boolean[] = [];
    for (let at = 0; at + PEER_FRAME_SAMPLES <= samples.length; at += PEER_FRAME_SAMPLES) {
      library.HEAP16.set(samples.subarray(at, at + PEER_FRAME_SAMPLES), this.#samplesAt / 2);
      const said = library._fvad_process(instance, this.#samplesAt, PEER_FRAME_SAMPLES);
      if (said < 0) throw new Error('WebRTC did not take a frame.');
      heard.push(said === 1);
    }
    library._fvad_free(instance);
    return heard;
  }
}
