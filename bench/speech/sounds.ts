import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Resampler } from '@patchbay/dsp/resample';
import { VOICE_RATE_HZ } from '@patchbay/dsp/voice-network';
import { readWav } from '@patchbay/dsp/wav';
import { Numbers } from '../numbers.ts';

const run = promisify(execFile);

export const noises = ['white', 'pink', 'hum'] as const;
export type Noise = (typeof noises)[number];
export const ratiosDb = [20, 10, 5, 0] as const;

/** One sound, and which of its parts of 10 ms somebody speaks in. */
export interface LabelledSound {
  readonly clean: Int16Array;
  readonly isSpeech: readonly boolean[];
}

export const LABEL_MS = 10;
const LABEL_SAMPLES = (LABEL_MS * VOICE_RATE_HZ) / 1_000;
const voices = ['en-us', 'en-gb', 'en-us+f3', 'en-gb+m4', 'de', 'fr+f2', 'es', 'it+f4'] as const;
const sentences = [
  'The weather is fine today.',
  'Could you send me the papers before noon, please?',
  'Yes.',
  'I have waited for an hour, and nobody came.',
  'Number five, number seven, and number twelve.',
  'No, thank you. Perhaps another time.',
  'We are open from Monday to Friday.',
  'Well, let me think about it.',
] as const;
/** A pause that is shorter belongs to what is said. */
const PAUSE_LABELS_MAX = 20;
/** Below the loudest of a sentence there is none of it: 40 dB. */
const HEARD_RATIO = 0.01;
const SPEECH_RMS = 3_000;

/** Sentences that espeak-ng speaks, with as much silence between: what is speech is measured where there is no noise yet. */
export async function labelledSounds(count: number, signal: AbortSignal): Promise<readonly LabelledSound[]> {
  const numbers = new Numbers(20_261_202);
  const sounds: LabelledSound[] = [];
  for (let index = 0; index < count; index++) {
    signal.throwIfAborted();
    const parts: Int16Array[] = [];
    for (let sentence = 0; sentence < 4; sentence++) {
      parts.push(silence(numbers.between(700, 2_500)));
      const text = sentences[(index + sentence * 3) % sentences.length] ?? '';
      parts.push(await spoken(text, voices[index % voices.length] ?? 'en-us', numbers.between(130, 190)));
    }
    parts.push(silence(numbers.between(700, 1_500)));
    const clean = joined(parts);
    sounds.push({ clean, isSpeech: labelsOf(clean) });
  }
  return sounds;
}

const silence = (ms: number) => new Int16Array(Math.round(ms / LABEL_MS) * LABEL_SAMPLES);

async function spoken(text: string, voice: string, wordsAMinute: number): Promise<Int16Array> {
  const args = ['--stdout', '-v', voice, '-s', String(Math.round(wordsAMinute)), text];
  const { stdout } = await run('espeak-ng', args, { encoding: 'buffer', maxBuffer: 20_000_000 });
  const sound = readWav(stdout);
  if ('problem' in sound) throw new Error(`bench speech: ${sound.problem}`);
  const { samples, rateHz } = sound;
  const said = new Resampler({ samples, fromHz: rateHz, toHz: VOICE_RATE_HZ }).next(
    Math.ceil((samples.length * VOICE_RATE_HZ) / rateHz),
  );
  const factor = SPEECH_RMS / rmsOfLoud(said);
  return said.map((sample) => clipped(sample * factor));
}

const clipped = (value: number) => Math.max(-32_768, Math.min(32_767, Math.round(value)));

function rmsOfLoud(samples: Int16Array): number {
  const loud = samples.filter((sample) => Math.abs(sample) > 300);
  let sum = 0;
  for (const sample of loud) sum += sample * sample;
  return Math.max(1, Math.sqrt(sum / Math.max(1, loud.length)));
}

function joined(parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function labelsOf(clean: Int16Array): readonly boolean[] {
  const powers = Array.from({ length: Math.floor(clean.length / LABEL_SAMPLES) }, (_, index) => {
    let sum = 0;
    for (const sample of clean.subarray(index * LABEL_SAMPLES, (index + 1) * LABEL_SAMPLES))
      sum += sample * sample;
    return Math.sqrt(sum / LABEL_SAMPLES);
  });
  const loudest = Math.max(...powers);
  const labels = powers.map((power) => power > loudest * HEARD_RATIO);
  let lastHeard = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < labels.length; index++) {
    if (labels[index] !== true) continue;
    if (index - lastHeard <= PAUSE_LABELS_MAX + 1) labels.fill(true, lastHeard, index);
    lastHeard = index;
  }
  return labels;
}

/** With a noise that is so many dB below what is said, over all of it. */
export function withNoise(clean: Int16Array, noise: Noise, ratioDb: number): Int16Array {
  const numbers = new Numbers(20_261_203);
  const make = makerOf(noise, numbers);
  const made = Float64Array.from(clean, (_, index) => make(index));
  let sum = 0;
  for (const value of made) sum += value * value;
  const factor = (rmsOfLoud(clean) * 10 ** (-ratioDb / 20)) / Math.sqrt(sum / made.length);
  return clean.map((sample, index) => clipped(sample + (made[index] ?? 0) * factor));
}

function makerOf(noise: Noise, numbers: Numbers): (index: number) => number {
  const white = () => numbers.next() + numbers.next() + numbers.next() - 1.5;
  switch (noise) {
    case 'white':
      return white;
    case 'pink': {
      // Three poles (Kellet): within a tenth of a dB of 3 dB an octave at most of the frequencies of speech.
      let [slow, middle, fast] = [0, 0, 0];
      return () => {
        const next = white();
        slow = 0.99765 * slow + next * 0.099046;
        middle = 0.963 * middle + next * 0.2965164;
        fast = 0.57 * fast + next * 1.0526913;
        return slow + middle + fast + next * 0.1848;
      };
    }
    case 'hum':
      return (index) => {
        const at = (2 * Math.PI * 50 * index) / VOICE_RATE_HZ;
        return Math.sin(at) + 0.6 * Math.sin(2 * at) + 0.4 * Math.sin(5 * at) + 0.3 * white();
      };
  }
}
