import type { SafeRequest, SafeResponse } from '@patchbay/adapters/outgoing/safe-request';
import { expect, test } from 'vitest';
import { ORDER_SAMPLES_MAX, soundMaker } from './sounds.ts';
import type { Speak } from './speech.ts';

/** Eight samples at 8 kHz. */
const wav = Buffer.from(
  '524946463400000057415645666d74201000000001000100401f0000803e00000200100064617461100000000100010001000100010001000100010',
  'hex',
);
const asked: SafeRequest[] = [];
const answers: Readonly<Record<string, Omit<SafeResponse, 'latencyMs'>>> = {
  'https://a.test/hello.wav': { status: 200, bytes: wav },
  'https://a.test/moved.wav': { status: 302, error: 'redirect', headers: { location: '/hello.wav' } },
  'https://a.test/circle.wav': { status: 302, error: 'redirect', headers: { location: '/circle.wav' } },
  'https://a.test/gone.wav': { status: 404, error: 'status' },
  'https://a.test/large.wav': { status: 200, error: 'response_too_large' },
  'https://a.test/page.wav': { status: 200, bytes: Buffer.from('<html>') },
  'https://a.test/empty.wav': { status: 200 },
};
const fetch = async (request: SafeRequest): Promise<SafeResponse> => {
  asked.push(request);
  return { latencyMs: 1, ...(answers[request.url] ?? { error: 'address_forbidden' }) };
};
const speak: Speak = async ({ text }) =>
  text === ''
    ? { failure: 'verb_unavailable', detail: 'No engine.' }
    : { rateHz: 16_000, samples: new Int16Array(text.length) };
const clipsOf = soundMaker({ fetch, speak });
const play = (url: string, repeatCount = 1) => clipsOf([{ kind: 'play', url, repeatCount }]);

test('prompts become what is played, in their order: speech, files over redirects, pauses and sounds of our own', async () => {
  const clips = await clipsOf([
    { kind: 'say', text: 'hello', repeatCount: 2 },
    { kind: 'play', url: 'https://a.test/moved.wav', repeatCount: 3 },
    { kind: 'pause', milliseconds: 500 },
    { kind: 'play', url: 'tone:350+440/200', repeatCount: 2 },
    { kind: 'play', url: 'echo:30', repeatCount: 1 },
  ]);
  const tone = { kind: 'tone', hertz: [350, 440], milliseconds: 200 };
  expect(clips).toEqual([
    { kind: 'samples', rateHz: 16_000, samples: new Int16Array(5), repeatCount: 2 },
    { kind: 'samples', rateHz: 8_000, samples: expect.any(Int16Array), repeatCount: 3 },
    { kind: 'silence', milliseconds: 500 },
    tone,
    tone,
    { kind: 'echo', milliseconds: 30 },
  ]);
  expect(asked.map(({ url, method }) => [method, url])).toEqual([
    ['GET', 'https://a.test/moved.wav'],
    ['GET', 'https://a.test/hello.wav'],
  ]);
});

test.each([
  ['https://a.test/gone.wav', 'unreachable', 'status 404'],
  ['https://a.test/large.wav', 'unreachable', 'response_too_large'],
  ['https://a.test/circle.wav', 'unreachable', 'redirect'],
  ['http://10.0.0.1/a.wav', 'unreachable', 'address_forbidden'],
  ['https://a.test/page.wav', 'invalid', 'It is no WAVE file.'],
  ['https://a.test/empty.wav', 'invalid', 'It is no WAVE file.'],
  ['tone:nothing', 'invalid', 'is no sound'],
])('%s fails by its name: %s, %s', async (url, failure, detail) => {
  asked.length = 0;
  expect(await play(url)).toEqual({ failure, detail: expect.stringContaining(detail) });
  expect(asked.length).toBeLessThanOrEqual(4);
});

test('an engine that is not there fails all of an order, with its words', async () => {
  const prompts = [
    { kind: 'play', url: 'tone:beep', repeatCount: 1 },
    { kind: 'say', text: '', repeatCount: 1 },
  ] as const;
  expect(await clipsOf([...prompts])).toEqual({ failure: 'verb_unavailable', detail: 'No engine.' });
});

test('files that are too much together are refused before the next is fetched', async () => {
  const long: Speak = async () => ({ rateHz: 16_000, samples: new Int16Array(ORDER_SAMPLES_MAX) });
  asked.length = 0;
  const prompts = [
    { kind: 'say', text: 'long', repeatCount: 1 },
    { kind: 'play', url: 'https://a.test/hello.wav', repeatCount: 1 },
    { kind: 'play', url: 'https://a.test/hello.wav', repeatCount: 1 },
  ] as const;
  const made = await soundMaker({ fetch, speak: long })([...prompts]);
  expect(made).toMatchObject({
    failure: 'invalid',
    detail: expect.stringContaining('One verb plays at most'),
  });
  expect(asked).toHaveLength(1);
});
