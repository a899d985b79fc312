import { decodeG711, encodeG711, type G711Law } from '@patchbay/dsp/g711';
import { Resampler } from '@patchbay/dsp/resample';
import { toneSamples } from '@patchbay/dsp/tone';
import { VOICE_RATE_HZ } from '@patchbay/dsp/voice-network';
import type { Spoken } from '../../apps/media-node/src/media/speech.ts';
import { Numbers } from '../numbers.ts';
import { humanGreetings, machineGreetings } from './greetings.ts';

export const backgrounds = [
  'quiet',
  'noise at 20 dB',
  'noise at 10 dB',
  'babble at 15 dB',
  'music at 15 dB',
] as const;
export type Background = (typeof backgrounds)[number];

/** One answered call, from the moment at which it was answered, and what is true of it. */
export interface LabelledCall {
  readonly name: string;
  readonly answeredBy: 'human' | 'machine';
  readonly background: Background;
  readonly samples: Int16Array;
  readonly speechFromMs: number;
  readonly beep: { readonly startMs: number; readonly durationMs: number } | undefined;
}

export type Say = (said: {
  readonly text: string;
  readonly voice: string;
  readonly rate: number;
}) => Promise<Spoken>;

const voices = ['slt', 'awb', 'rms', 'kal'] as const;
const beepHertz = [440, 620, 850, 1_000, 1_400] as const;
const beepMs = [180, 300, 500, 900] as const;
/** How long somebody waits for an answer before the recording ends. */
const AFTER_MS = 4_000;
const SPEECH_LEVEL = 0.2;

/** So many of each kind: people and machines by turns, every voice, every background, half of them over a telephone line. */
export async function labelledCalls(countOfEach: number, say: Say): Promise<readonly LabelledCall[]> {
  const numbers = new Numbers(20_261_201);
  const babble = await babbleOf(say);
  const calls: LabelledCall[] = [];
  let deck: Background[] = [];
  for (let index = 0; index < 2 * countOfEach; index++) {
    const isHuman = index % 2 === 0;
    const turn = index >> 1;
    const greetings: readonly string[] = isHuman ? humanGreetings : machineGreetings;
    const text = greetings[turn % greetings.length] ?? '';
    const voice = voices[(turn + Math.floor(turn / greetings.length)) % voices.length] ?? 'slt';
    // By lots of equal size, so that each background has each kind of greeting.
    if (deck.length === 0) deck = numbers.shuffled(backgrounds);
    const background = deck.pop() ?? 'quiet';
    const spoken = await say({ text, voice, rate: numbers.between(0.85, 1.2) });
    const speech = levelled(trimmed(atRate(spoken)));
    const before = silenceOf(numbers.between(200, 1_500));
    const parts = [before, speech];
    let beep: LabelledCall['beep'];
    if (!isHuman && numbers.next() < 0.75) {
      const gap = silenceOf(numbers.between(200, 1_500));
      const durationMs = numbers.of(beepMs, 300);
      const startMs = msOf(before.length + speech.length + gap.length);
      beep = { startMs, durationMs };
      parts.push(gap, tone(numbers.of(beepHertz, 1_000), durationMs));
    } else if (isHuman && numbers.next() < 0.3) {
      parts.push(
        silenceOf(numbers.between(1_800, 2_500)),
        levelled(trimmed(atRate(await say({ text: 'Hello?', voice, rate: 1 })))),
      );
    }
    parts.push(silenceOf(AFTER_MS));
    const clean = joined(parts);
    const heard = withBackground(clean, background, { numbers, babble });
    const isNarrow = numbers.next() < 0.5;
    calls.push({
      name: `${isHuman ? 'human' : 'machine'} ${turn}: ${text} (${voice}, ${background}${isNarrow ? ', 8 kHz' : ''})`,
      answeredBy: isHuman ? 'human' : 'machine',
      background,
      samples: isNarrow ? overTelephone(heard, 'mulaw') : heard,
      speechFromMs: msOf(before.length),
      beep,
    });
  }
  return calls;
}

const msOf = (sampleCount: number): number => Math.round((sampleCount * 1_000) / VOICE_RATE_HZ);
const silenceOf = (ms: number): Int16Array => new Int16Array(Math.round((ms * VOICE_RATE_HZ) / 1_000));
const tone = (hertz: number, durationMs: number): Int16Array =>
  toneSamples(
    { hertz: [hertz], durationMs, level: 0.25 },
    { rateHz: VOICE_RATE_HZ, from: 0, count: Math.round((durationMs * VOICE_RATE_HZ) / 1_000) },
  );

function atRate({ samples, rateHz }: Spoken): Int16Array {
  return new Resampler({ samples, fromHz: rateHz, toHz: VOICE_RATE_HZ }).next(
    Math.ceil((samples.length * VOICE_RATE_HZ) / rateHz),
  );
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

/** Without the silence that the engine puts at either end. */
function trimmed(samples: Int16Array): Int16Array {
  const isLoud = (sample: number) => Math.abs(sample) > 300;
  return samples.slice(samples.findIndex(isLoud), samples.findLastIndex(isLoud) + 1);
}

/** As loud as all the others, by the power of what is not silent. */
function levelled(samples: Int16Array): Int16Array {
  const factor = (SPEECH_LEVEL * 32_767 * 0.5) / loudness(samples);
  return samples.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * factor))));
}

function loudness(samples: Int16Array): number {
  const loud = samples.filter((sample) => Math.abs(sample) > 300);
  let sum = 0;
  for (const sample of loud) sum += sample * sample;
  return Math.max(1, Math.sqrt(sum / Math.max(1, loud.length)));
}

/** Four who talk at once: of none of them a word is understood. */
async function babbleOf(say: Say): Promise<Int16Array> {
  const text = machineGreetings.slice(4, 9).join(' ');
  const spoken = await Promise.all(voices.map((voice) => say({ text, voice, rate: 1 })));
  const parts = spoken.map(atRate);
  return Int16Array.from({ length: Math.min(...parts.map(({ length }) => length)) }, (_, index) =>
    Math.round(
      parts.reduce((sum, part) => sum + (part[(index + 7_919) % part.length] ?? 0), 0) / parts.length,
    ),
  );
}

function withBackground(
  clean: Int16Array,
  background: Background,
  { numbers, babble }: { numbers: Numbers; babble: Int16Array },
): Int16Array {
  if (background === 'quiet') return clean;
  const { make, belowDb } = soundOf(background, numbers, babble);
  const noise = Float64Array.from(clean, (_, index) => make(index));
  let sum = 0;
  for (const value of noise) sum += value * value;
  const factor = (loudness(clean) * 10 ** (-belowDb / 20)) / Math.max(1e-9, Math.sqrt(sum / noise.length));
  return clean.map((sample, index) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample + (noise[index] ?? 0) * factor))),
  );
}

function soundOf(
  background: Exclude<Background, 'quiet'>,
  numbers: Numbers,
  babble: Int16Array,
): { readonly make: (index: number) => number; readonly belowDb: number } {
  const hiss = () => numbers.next() + numbers.next() + numbers.next() - 1.5;
  switch (background) {
    case 'noise at 20 dB':
      return { make: hiss, belowDb: 20 };
    case 'noise at 10 dB':
      return { make: hiss, belowDb: 10 };
    case 'babble at 15 dB':
      return { make: (index) => babble[index % babble.length] ?? 0, belowDb: 15 };
    case 'music at 15 dB':
      return { make: music, belowDb: 15 };
  }
}

/** Three notes at once with overtones, new ones each half of a second: C, A minor, F, G. */
function music(index: number): number {
  const chords = [
    [261.6, 329.6, 392],
    [220, 261.6, 329.6],
    [174.6, 220, 261.6],
    [196, 246.9, 293.7],
  ];
  const seconds = index / VOICE_RATE_HZ;
  const inChord = (seconds * 2) % 1;
  const notes = chords[Math.floor(seconds * 2) % chords.length] ?? [];
  let sum = 0;
  for (const note of notes)
    for (const [overtone, level] of [1, 0.5, 0.3].entries())
      sum += level * Math.sin(2 * Math.PI * note * (overtone + 1) * seconds);
  return sum * Math.exp(-2 * inChord);
}

/** 8 kHz and a law of G.711, and back. */
function overTelephone(samples: Int16Array, law: G711Law): Int16Array {
  const narrow = new Resampler({ samples, fromHz: VOICE_RATE_HZ, toHz: 8_000 }).next(samples.length >> 1);
  const codes = new Uint8Array(narrow.length);
  encodeG711(law, narrow, codes);
  decodeG711(law, codes, narrow);
  return new Resampler({ samples: narrow, fromHz: 8_000, toHz: VOICE_RATE_HZ }).next(samples.length);
}
