import { readFileSync } from 'node:fs';
import type { FailedEnd } from '@patchbay/adapters/file-jobs/file-job-table';
import type { ClaimedDetection, Listened } from '@patchbay/adapters/speech-detection/detection-jobs';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import { detectionDefaults } from '@patchbay/domain/speech-detection/detection-order';
import { Resampler } from '@patchbay/dsp/resample';
import { toneSamples } from '@patchbay/dsp/tone';
import { writeWav } from '@patchbay/dsp/wav';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SpeechEngine } from '../media/speech.ts';
import { ffmpegTranscoder } from '../transcoding/transcode.ts';
import { detectionWorker } from './detection-worker.ts';
import { openVoiceNetwork } from './voice-activity.ts';

const RATE_HZ = 16_000;
const engine = new SpeechEngine();
afterAll(() => engine.stop());

async function spoken(text: string): Promise<Int16Array> {
  const said = await engine.pronounce({ text, voice: 'slt', rate: 1 });
  if ('problem' in said) throw new Error(said.problem);
  const { samples, rateHz } = said;
  const whole = new Resampler({ samples, fromHz: rateHz, toHz: RATE_HZ }).next(
    Math.ceil((samples.length * RATE_HZ) / rateHz),
  );
  // Without the silence that the engine puts at either end.
  const isLoud = (sample: number) => Math.abs(sample) > 300;
  return whole.slice(whole.findIndex(isLoud), whole.findLastIndex(isLoud) + 1);
}
const silence = (ms: number) => new Int16Array((ms * RATE_HZ) / 1_000);
const beep = (ms: number) =>
  toneSamples(
    { hertz: [1_000], durationMs: ms, level: 0.25 },
    { rateHz: RATE_HZ, from: 0, count: (ms * RATE_HZ) / 1_000 },
  );
function wavOf(...parts: readonly Int16Array[]): Uint8Array {
  const whole = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return writeWav({ samples: whole, rateHz: RATE_HZ });
}

let greeting: Int16Array;
let hello: Int16Array;
beforeAll(async () => {
  greeting = await spoken(
    'You have reached Alice Brown. I can not come to the phone. Please leave a message after the tone.',
  );
  hello = await spoken('Hello?');
}, 60_000);

/** What a worker says of a file, with the programs and the network that a node has. */
async function listen(
  file: Uint8Array,
  order: Partial<ClaimedDetection['order']> = {},
  { heldCount = Number.POSITIVE_INFINITY }: { readonly heldCount?: number } = {},
) {
  const ends: (Listened | FailedEnd)[] = [];
  const uses: (UsedBy & CountedUse)[] = [];
  const percents: number[] = [];
  const kind = order.kind ?? 'presence';
  const waiting: ClaimedDetection[] = [
    {
      ...{ id: 'dtc_1', accountId: 'acc_1', endpoint: 'user:bob', attempt: 1, kind },
      order: {
        ...{ input: { kind: 'uri', uri: 'https://files.test/a.wav' } },
        ...{ inputBytesMax: 10_000_000, mediaSecondsMax: 60, kind, rules: detectionDefaults, ...order },
      },
    },
  ];
  const worker = detectionWorker({
    queue: {
      claim: async () => waiting.splice(0),
      hold: async (_job, { percent }) => percents.push(percent) <= heldCount,
      release: async () => undefined,
      finish: async (_job, end) => {
        ends.push(end);
        return true;
      },
    },
    decoder: ffmpegTranscoder(),
    openNetwork: openVoiceNetwork,
    sources: {
      fetchTo:
        ({ takeBytes }) =>
        async () => {
          await takeBytes(file);
          return { status: 200, latencyMs: 1 };
        },
      stored: undefined,
    },
    ...{ region: 'local', atOnceMax: 1, holdMs: 5 },
    count: (usedBy, use) => uses.push({ ...usedBy, ...use }),
    onFailure: () => undefined,
  });
  worker.start();
  await vi.waitFor(() => expect(worker.jobCount + ends.length + percents.length).toBeGreaterThan(0));
  await vi.waitFor(() => expect(worker.jobCount).toBe(0), { timeout: 20_000 });
  await worker.stop();
  return { end: ends[0], uses };
}

test('of a file it is said where somebody speaks, how much, and what it costs whom (SPD, MET-1)', async () => {
  const { end, uses } = await listen(wavOf(silence(1_000), hello, silence(1_500), hello, silence(1_000)));
  if (end?.kind !== 'listened') throw new Error('It was not listened to.');
  const { findings } = end;
  const helloMs = (hello.length * 1_000) / RATE_HZ;
  expect(findings.segments).toHaveLength(2);
  const [first, second] = findings.segments;
  expect(Math.abs((first?.startMs ?? 0) - 1_000)).toBeLessThan(200);
  expect(Math.abs((second?.startMs ?? 0) - 2_500 - helloMs)).toBeLessThan(200);
  expect(Math.abs(findings.durationMs - 3_500 - 2 * helloMs)).toBeLessThan(5);
  expect(findings.speechMs + findings.silenceMs).toBe(findings.durationMs);
  expect(findings).not.toHaveProperty('answering');
  expect(uses.map(({ meter, endpoint, quantity }) => [meter.split('.')[1], endpoint, quantity])).toEqual([
    ['requests', 'user:bob', 1],
    ['soundMs', 'user:bob', findings.durationMs],
    ['detections', 'user:bob', 2],
    ['processMs', 'user:bob', expect.any(Number)],
  ]);
}, 30_000);

test('of an answered call it is said who answered, and where the beep of a machine ends', async () => {
  const kind = 'answering-machine' as const;
  const machine = await listen(wavOf(silence(500), greeting, silence(800), beep(400), silence(1_500)), {
    kind,
  });
  if (machine.end?.kind !== 'listened') throw new Error('It was not listened to.');
  const { answering, beeps } = machine.end.findings;
  const beepEndMs = 500 + (greeting.length * 1_000) / RATE_HZ + 800 + 400;
  expect(answering).toMatchObject({ answeredBy: 'machine' });
  expect(beeps).toHaveLength(1);
  expect(Math.abs((answering?.beepEndMs ?? 0) - beepEndMs)).toBeLessThan(80);
  expect(machine.uses.map(({ meter }) => meter)).toContain('speech-detection.decisions');
  const human = await listen(wavOf(silence(500), hello, silence(4_000)), { kind });
  expect(human.end).toMatchObject({ findings: { answering: { answeredBy: 'human' } } });
  expect(JSON.stringify(human.end)).not.toContain('beepEndMs');
}, 30_000);

test('a beep at the very end is heard', async () => {
  const { end } = await listen(wavOf(silence(500), beep(300)));
  expect(end).toMatchObject({ findings: { beepCount: 1, segmentCount: 0, talkRatio: 0 } });
}, 30_000);

test('what has no sound, is no sound or is longer than is taken ends by its code and counts nothing', async () => {
  const text = readFileSync(import.meta.filename);
  expect(await listen(text)).toMatchObject({ end: { reason: 'input_unsupported' }, uses: [] });
  const long = wavOf(silence(3_000));
  expect(await listen(long, { mediaSecondsMax: 1 })).toMatchObject({
    end: { reason: 'input_too_large' },
    uses: [],
  });
  const cut = wavOf(silence(1_000)).subarray(0, 44);
  expect(await listen(cut)).toMatchObject({ end: { kind: 'failed', reason: 'input_broken' }, uses: [] });
}, 30_000);

test('one that is cancelled is no longer listened to, and nothing of it is written or counted', async () => {
  const { end, uses } = await listen(wavOf(silence(50_000)), {}, { heldCount: 0 });
  expect([end, uses]).toEqual([undefined, []]);
}, 30_000);
