import { createId } from '@patchbay/kit/ids';
import type { Operations } from '@patchbay/sdk';
import { expect, test, vi } from 'vitest';
import { withSpeechDetection } from './speech-detection.ts';

const id = createId('dtc', 1);
const findings = {
  durationMs: 2_000,
  speechMs: 900,
  segments: [{ startMs: 100, endMs: 1_000, confidence: 0.9 }],
};

/** A platform that gives these answers, one after the other, and takes what is uploaded. */
function platform(answers: readonly object[]) {
  const left = [...answers];
  const calls: unknown[][] = [];
  const uploads: [string, number][] = [];
  const answer =
    (name: string) =>
    async (...parameters: unknown[]) => {
      calls.push([name, ...parameters]);
      return left.shift();
    };
  const names = ['createJob', 'getJob', 'cancelJob'];
  const generated = Object.fromEntries(names.map((name) => [name, answer(name)]));
  const send = async (url: string, { body }: RequestInit) => {
    uploads.push([url, (body as Blob).size]);
    return Response.json({});
  };
  return {
    ...withSpeechDetection(
      generated as unknown as Operations['speechDetection'],
      send as unknown as typeof fetch,
    ),
    ...{ calls, uploads },
  };
}

test('a file is uploaded, listened to, and what was heard is answered (SPD, SDK-1)', async () => {
  vi.useFakeTimers();
  try {
    const { listen, calls, uploads } = platform([
      { id, state: 'awaiting', uploadUrl: 'https://a.test/up', progressPercent: 0 },
      { id, state: 'completed', progressPercent: 100, findings },
    ]);
    const percents: number[] = [];
    const onProgress = (percent: number) => percents.push(percent);
    const asked = listen({ file: new Uint8Array(7), kind: 'answering-machine', onProgress });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await asked).toBe(findings);
    expect([uploads, percents]).toEqual([[['https://a.test/up', 7]], [100]]);
    expect(calls).toEqual([
      ['createJob', { kind: 'answering-machine', uploadBytes: 7 }, {}],
      ['getJob', { jobId: id }, {}],
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('a job that fails rejects with its code, and one that somebody else cancelled says so', async () => {
  const failure = { code: 'speech-detection.input_unsuitable', detail: 'There is no sound in it.' };
  const uri = 'https://a.test/a.png';
  await expect(platform([{ id, state: 'failed', failure }]).listen({ uri })).rejects.toMatchObject({
    ...{ code: failure.code, message: expect.stringContaining(failure.detail) },
  });
  await expect(platform([{ id, state: 'cancelled' }]).listen({ uri })).rejects.toMatchObject({
    code: 'speech-detection.is_over',
  });
});
