import type { SafeRequest } from '@patchbay/adapters/outgoing/safe-request';
import { type Passage, plainManner, type SpokenPassage } from '@patchbay/domain/speech/passage';
import { mulawSamples } from '@patchbay/dsp/g711';
import { rms } from '@patchbay/dsp/level';
import { readWav, writeWav } from '@patchbay/dsp/wav';
import { afterAll, expect, test } from 'vitest';
import { SpeechEngine } from '../media/speech.ts';
import type { ProgramEnd, ProgramRun } from '../programs/run-program.ts';
import { speechEngines } from './engines.ts';
import { renderPassages } from './render.ts';
import { soundWriter } from './sound-writer.ts';

const flite = new SpeechEngine();
afterAll(() => flite.stop());

const said = (voice: string, manner: Partial<SpokenPassage['manner']> = {}): SpokenPassage => ({
  ...{ kind: 'speech', text: 'Hello there, my friend.', characters: 1, words: 4, voice },
  manner: { ...plainManner, ...manner },
});
const wave = {
  rateHz: 8_000,
  samples: Int16Array.from({ length: 800 }, (_, index) => 8_000 * Math.sin(index / 5)),
};
const noFetch = async () => ({ error: 'address_forbidden', latencyMs: 1 }) as const;
const secondsOf = (sound: object) => {
  if (!('samples' in sound && 'rateHz' in sound)) throw new Error(JSON.stringify(sound));
  return (sound.samples as Int16Array).length / (sound.rateHz as number);
};

test('Flite speaks faster and slower, and each of its voices is another (TTS)', async () => {
  const pronounce = speechEngines({ flite, fetch: noFetch });
  const [plain, slow, kal] = await Promise.all(
    [said('slt'), said('slt', { rate: 0.5 }), said('kal')].map((passage) => pronounce(passage, {})),
  );
  expect(secondsOf(slow ?? {}) / secondsOf(plain ?? {})).toBeCloseTo(2, 0);
  expect(kal).toMatchObject({ rateHz: 8_000 });
});

test('espeak-ng is asked over pipes, and where it is not installed that is said with the remedy', async () => {
  const runs: [readonly string[], string][] = [];
  const ends: ProgramEnd[] = [
    { kind: 'done', output: writeWav(wave) },
    { kind: 'absent' },
    { kind: 'failed', detail: 'Why.' },
  ];
  const espeak = async (args: readonly string[], text: string) => {
    runs.push([args, text]);
    return ends.shift() ?? ({ kind: 'absent' } as const);
  };
  const pronounce = speechEngines({ flite, fetch: noFetch, espeak });
  const passage = { ...said('espeak-de-female', { rate: 2, pitch: 1.5 }), text: '--version' };
  expect(await pronounce(passage, {})).toMatchObject({ rateHz: 8_000 });
  // A text is never an argument.
  expect(runs).toEqual([
    [['-b', '1', '-v', 'de+f3', '-s', '350', '-p', '75', '--stdin', '--stdout'], '--version'],
  ]);
  expect(await pronounce(passage, {})).toMatchObject({
    failure: 'unavailable',
    detail: expect.stringContaining('apt-get install espeak-ng'),
  });
  expect(await pronounce(passage, {})).toEqual({ failure: 'failed', detail: 'espeak-ng: Why.' });
});

test('a voice of one’s own is made at providerUrl, asked by POST and answered as WAVE', async () => {
  const asked: SafeRequest[] = [];
  const answers = [
    { status: 200, bytes: writeWav(wave) },
    { status: 500, error: 'status' as const },
    { status: 200, bytes: Buffer.from('no') },
  ];
  const fetch = async (request: SafeRequest) => {
    asked.push(request);
    return { latencyMs: 1, ...answers.shift() };
  };
  const pronounce = speechEngines({ flite, fetch });
  const where = { providerUrl: 'https://voices.test/speak' };
  expect(await pronounce(said('own:anna', { rate: 1.2 }), where)).toMatchObject({ rateHz: 8_000 });
  expect(asked).toMatchObject([{ url: where.providerUrl }]);
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
    text: 'Hello there, my friend.',
    voice: 'anna',
    rate: 1.2,
    pitch: 1,
  });
  expect(await pronounce(said('own:anna'), where)).toEqual({
    failure: 'failed',
    detail: 'The engine at providerUrl: status 500.',
  });
  expect(await pronounce(said('own:anna'), where)).toMatchObject({
    failure: 'failed',
    detail: expect.stringContaining('no WAVE file'),
  });
  expect(await pronounce(said('own:anna'), {})).toMatchObject({ failure: 'unavailable' });
});

test('passages become one sound of one rate: pauses, other rates and loudness included; each says how long it is', async () => {
  const passages: Passage[] = [said('a'), { kind: 'pause', milliseconds: 250 }, said('b', { volumeDb: -6 })];
  const pronounce = async () => wave;
  const sound = await renderPassages(passages, { pronounce, rateHz: 16_000 });
  if ('failure' in sound) throw new Error(sound.detail);
  expect(sound.passageMs).toEqual([100, 250, 100]);
  expect(sound.samples).toHaveLength(16_000 * 0.45);
  const [loud, pause, soft] = [
    sound.samples.subarray(0, 1_600),
    sound.samples.subarray(1_600, 5_600),
    sound.samples.subarray(5_600),
  ];
  expect(rms(pause)).toBe(0);
  expect(rms(loud) / rms(soft)).toBeCloseTo(2, 1);
  const failing = { failure: 'unavailable', detail: 'No engine.' } as const;
  expect(await renderPassages(passages, { pronounce: async () => failing, rateHz: 8_000 })).toEqual(failing);
});

test('C50: what needs nothing is written by ourselves, the rest by FFmpeg from raw samples with nothing but pipes', async () => {
  const runs: ProgramRun[] = [];
  const write = soundWriter({
    ffmpegPath: '/opt/ffmpeg',
    run: async (run) => {
      runs.push(run);
      return { kind: 'done', output: new Uint8Array([1]) };
    },
  });
  expect(readWav((await write(wave, 'wav')) as Uint8Array)).toEqual(wave);
  expect(await write(wave, 'pcm')).toHaveLength(1_600);
  const ulaw = (await write(wave, 'pcmu')) as Uint8Array;
  const heard = Int16Array.from(ulaw, (code) => mulawSamples[code] ?? 0);
  expect(rms(heard.map((sample, index) => sample - (wave.samples[index] ?? 0)))).toBeLessThan(150);
  expect(await write(wave, 'ogg-opus')).toEqual(new Uint8Array([1]));
  expect(await write(wave, 'mp3')).toEqual(new Uint8Array([1]));
  for (const { program, args, input } of runs) {
    expect([program, input.length]).toEqual(['/opt/ffmpeg', 1_600]);
    expect(args.join(' ')).toContain('-protocol_whitelist pipe -f s16le -ar 8000 -ac 1 -i pipe:0 -f ');
    expect(args.at(-1)).toBe('pipe:1');
  }
});
