import { Spectrum } from './spectrum.ts';

/** What it hears: mono of 16 kHz, in frames of 32 ms. */
export const VOICE_RATE_HZ = 16_000;
export const VOICE_FRAME_SAMPLES = 512;
export const VOICE_FRAME_MS = (VOICE_FRAME_SAMPLES * 1_000) / VOICE_RATE_HZ;

/** The end of the frame before stands in front of each, and as much of its own end, mirrored, behind it. */
const CONTEXT_SAMPLES = 64;
const BLOCK_SAMPLES = 256;
const HOP_SAMPLES = 128;
const BLOCKS = 4;
const BINS = BLOCK_SAMPLES / 2 + 1;
const KERNEL = 3;
const HIDDEN = 128;
const GATES = 4;

/** Channels in and out, and how far one goes on from one output to the next. */
const convolutions = [
  { input: BINS, output: 128, stride: 1 },
  { input: 128, output: 64, stride: 2 },
  { input: 64, output: 64, stride: 2 },
  { input: 64, output: HIDDEN, stride: 1 },
] as const;

/** One layer of many sums: `rows` of them, each over `columns` inputs. */
interface Layer {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
}

/** The numbers of Silero VAD v5 for 16 kHz, once for all sounds of a process. */
export interface VoiceWeights {
  readonly convolutions: readonly (Layer & (typeof convolutions)[number])[];
  readonly memory: Layer;
  readonly end: Layer;
}

/** Half precision, little endian: weights `[output][time][input]` and biases of each layer in turn. */
export function readVoiceWeights(bytes: Uint8Array): VoiceWeights {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count: number): Float32Array => {
    if (at + 2 * count > bytes.byteLength) throw new RangeError('The voice weights break off.');
    return Float32Array.from({ length: count }, () => {
      const half = view.getUint16(at, true);
      at += 2;
      return fromHalf(half);
    });
  };
  const layer = (rows: number, columns: number): Layer => ({
    weights: take(rows * columns),
    biases: take(rows),
  });
  const weights: VoiceWeights = {
    convolutions: convolutions.map((shape) => ({
      ...shape,
      ...layer(shape.output, KERNEL * shape.input),
    })),
    memory: layer(GATES * HIDDEN, 2 * HIDDEN),
    end: layer(1, HIDDEN),
  };
  if (at !== bytes.byteLength) throw new RangeError('There is more in the voice weights than is read.');
  return weights;
}

function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1_024) * 2 ** (exponent - 15);
}

/**
 * Hears in one sound, frame by frame, whether somebody speaks: the network of Silero VAD v5 (Silero Team, MIT), carried out here.
 * A spectrum of four blocks, four convolutions over them, and a memory (LSTM) that goes from one frame to the next.
 */
export class VoiceNetwork {
  readonly #weights: VoiceWeights;
  readonly #spectrum = new Spectrum(BLOCK_SAMPLES);
  readonly #samples = new Float64Array(CONTEXT_SAMPLES + VOICE_FRAME_SAMPLES + CONTEXT_SAMPLES);
  readonly #block = new Float64Array(BLOCK_SAMPLES);
  /** What goes into each convolution: one time after the other, with an empty one at either end. */
  readonly #inputs: readonly Float32Array[];
  readonly #outputs = new Float32Array(HIDDEN);
  /** What the memory is told, and what it last said. */
  readonly #told = new Float32Array(2 * HIDDEN);
  readonly #gates = new Float32Array(GATES * HIDDEN);
  readonly #cells = new Float32Array(HIDDEN);

  constructor(weights: VoiceWeights) {
    this.#weights = weights;
    let times = BLOCKS;
    this.#inputs = weights.convolutions.map(({ input, stride }) => {
      const buffer = new Float32Array((times + 2) * input);
      times = Math.ceil(times / stride);
      return buffer;
    });
  }

  /**
   * How probable it is that somebody speaks in the next frame, 0 to 1.
   * @param frame of `VOICE_FRAME_SAMPLES`.
   */
  next(frame: Int16Array): number {
    if (frame.length !== VOICE_FRAME_SAMPLES)
      throw new RangeError(`A frame has ${VOICE_FRAME_SAMPLES} samples, and this one ${frame.length}.`);
    this.#take(frame);
    this.#analyse();
    this.#convolve();
    return this.#remember();
  }

  #take(frame: Int16Array): void {
    const samples = this.#samples;
    samples.copyWithin(0, VOICE_FRAME_SAMPLES, VOICE_FRAME_SAMPLES + CONTEXT_SAMPLES);
    for (let index = 0; index < VOICE_FRAME_SAMPLES; index++)
      samples[CONTEXT_SAMPLES + index] = (frame[index] ?? 0) / 32_768;
    const last = CONTEXT_SAMPLES + VOICE_FRAME_SAMPLES - 1;
    for (let index = 1; index <= CONTEXT_SAMPLES; index++) samples[last + index] = samples[last - index] ?? 0;
  }

  #analyse(): void {
    const [input] = this.#inputs;
    if (input === undefined) return;
    for (let time = 0; time < BLOCKS; time++) {
      const from = time * HOP_SAMPLES;
      this.#block.set(this.#samples.subarray(from, from + BLOCK_SAMPLES));
      const powers = this.#spectrum.powersOf(this.#block);
      for (let bin = 0; bin < BINS; bin++) input[(time + 1) * BINS + bin] = Math.sqrt(powers[bin] ?? 0);
    }
  }

  #convolve(): void {
    for (const [
      index,
      { weights, biases, input: width, output, stride },
    ] of this.#weights.convolutions.entries()) {
      const input = this.#inputs[index];
      if (input === undefined) return;
      const next = this.#inputs[index + 1];
      const columns = KERNEL * width;
      const times = input.length / width - 2;
      for (let time = 0; time < times; time += stride)
        for (let row = 0; row < output; row++) {
          const sum = (biases[row] ?? 0) + product(weights, row * columns, input, time * width, columns);
          const value = sum > 0 ? sum : 0;
          if (next === undefined) this.#outputs[row] = value;
          else next[(time / stride + 1) * output + row] = value;
        }
    }
  }

  #remember(): number {
    const { memory, end } = this.#weights;
    const [told, gates, cells] = [this.#told, this.#gates, this.#cells];
    told.set(this.#outputs);
    for (let row = 0; row < gates.length; row++)
      gates[row] =
        (memory.biases[row] ?? 0) + product(memory.weights, row * told.length, told, 0, told.length);
    let sum = end.biases[0] ?? 0;
    for (let unit = 0; unit < HIDDEN; unit++) {
      const cell =
        logistic(gates[HIDDEN + unit] ?? 0) * (cells[unit] ?? 0) +
        logistic(gates[unit] ?? 0) * Math.tanh(gates[2 * HIDDEN + unit] ?? 0);
      cells[unit] = cell;
      const said = logistic(gates[3 * HIDDEN + unit] ?? 0) * Math.tanh(cell);
      told[HIDDEN + unit] = said;
      if (said > 0) sum += said * (end.weights[unit] ?? 0);
    }
    return logistic(sum);
  }
}

const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

/** Of two rows of numbers, from where each begins: in four sums, which wait for each other less than one does. */
// biome-ignore lint/complexity/useMaxParams: an object for each of a million sums costs more than the sums.
function product(
  one: Float32Array,
  oneFrom: number,
  other: Float32Array,
  otherFrom: number,
  count: number,
): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const whole = count - (count % 4);
  for (let index = 0; index < whole; index += 4) {
    first += (one[oneFrom + index] ?? 0) * (other[otherFrom + index] ?? 0);
    second += (one[oneFrom + index + 1] ?? 0) * (other[otherFrom + index + 1] ?? 0);
    third += (one[oneFrom + index + 2] ?? 0) * (other[otherFrom + index + 2] ?? 0);
    fourth += (one[oneFrom + index + 3] ?? 0) * (other[otherFrom + index + 3] ?? 0);
  }
  for (let index = whole; index < count; index++)
    first += (one[oneFrom + index] ?? 0) * (other[otherFrom + index] ?? 0);
  return first + second + (third + fourth);
}
