import { createId } from '@patchbay/kit/ids';
import type { Operations } from '@patchbay/sdk';
import { expect, test, vi } from 'vitest';
import { withTranscoding } from './transcoding.ts';

const id = createId('trc', 1);
const made = { mediaType: 'audio/wav' };
const job = { id, progressPercent: 0 };

/** A platform that gives these answers, one after the other, and takes what is uploaded. */
function transcoding({ status = 200, answers }: { status?: number; answers: readonly object[] }) {
  const left = [...answers];
  const calls: unknown[][] = [];
  const uploads: { url: string; method: string | undefined; sizeBytes: number }[] = [];
  const names = ['createJob', 'probe', 'getJob', 'cancelJob', 'result'];
  const answer =
    (name: string) =>
    async (...parameters: unknown[]) => {
      calls.push([name, ...parameters]);
      return name === 'result' ? made : left.shift();
    };
  const generated = Object.fromEntries(names.map((name) => [name, answer(name)]));
  const send = async (url: string, { method, body }: RequestInit) => {
    uploads.push({ url, method, sizeBytes: (body as Blob).size });
    return Response.json({ code: 'transcoding.upload_invalid', detail: 'Too short.' }, { status });
  };
  return {
    ...withTranscoding(generated as unknown as Operations['transcoding'], send as unknown as typeof fetch),
    ...{ calls, uploads },
  };
}

test('a file is uploaded, waited for and answered, of the account that is named', async () => {
  vi.useFakeTimers();
  try {
    const accountId = createId('acc', 1);
    const { transcode, calls, uploads } = transcoding({
      answers: [
        { ...job, state: 'awaiting', uploadUrl: 'https://a.test/up' },
        { ...job, state: 'running', progressPercent: 40 },
        { ...job, state: 'completed', progressPercent: 100 },
      ],
    });
    const percents: number[] = [];
    const file = new Uint8Array(7);
    const onProgress = (percent: number) => percents.push(percent);
    const asked = transcode({ file, format: 'wav', accountId, onProgress }, { idempotencyKey: 'k' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await asked).toBe(made);
    expect(uploads).toEqual([{ url: 'https://a.test/up', method: 'PUT', sizeBytes: 7 }]);
    expect(percents).toEqual([40, 100]);
    expect(calls).toEqual([
      ['createJob', accountId, { format: 'wav', uploadBytes: 7 }, { idempotencyKey: 'k' }],
      ['getJob', accountId, { jobId: id }, {}],
      ['getJob', accountId, { jobId: id }, {}],
      ['result', accountId, { jobId: id }, {}],
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('what is in a file is answered, and a job that fails rejects with its code', async () => {
  const media = { kind: 'audio', container: 'mp3', sizeBytes: 3 };
  const looking = transcoding({ answers: [{ ...job, state: 'completed', media }] });
  expect(await looking.inspect({ uri: 'https://a.test/a.mp3' })).toBe(media);
  expect(looking.uploads).toEqual([]);
  const failure = { code: 'transcoding.input_broken', detail: 'It breaks off.' };
  const failing = transcoding({ answers: [{ ...job, state: 'failed', failure }] });
  await expect(failing.transcode({ uri: 'https://a.test/a.mp3', format: 'wav' })).rejects.toMatchObject({
    ...{ code: failure.code, message: expect.stringContaining(failure.detail) },
  });
});

test('a job that nobody waits for any more, and one whose file was not taken, is cancelled', async () => {
  const awaiting = { ...job, state: 'awaiting', uploadUrl: 'https://a.test/up' };
  const refused = transcoding({ status: 422, answers: [awaiting] });
  await expect(refused.transcode({ file: new Blob(['abc']), format: 'wav' })).rejects.toMatchObject({
    ...{ code: 'transcoding.upload_invalid', message: expect.stringContaining('Too short.') },
  });
  expect(refused.calls.at(-1)).toEqual(['cancelJob', { jobId: id, state: 'cancelled' }, {}]);
  const ending = new AbortController();
  const left = transcoding({ answers: [{ ...job, state: 'queued' }] });
  const waiting = left.transcode({ uri: 'https://a.test/a.mp3', format: 'wav' }, { signal: ending.signal });
  await vi.waitFor(() => expect(left.calls).toHaveLength(1));
  ending.abort('enough');
  await expect(waiting).rejects.toBe('enough');
  expect(left.calls.at(-1)?.[0]).toBe('cancelJob');
});
