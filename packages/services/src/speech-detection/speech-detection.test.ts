import { createId } from '@patchbay/kit/ids';
import { serviceContext } from '@patchbay/testing/service-context';
import { memorySpeechDetectionPorts } from '@patchbay/testing/speech-detection-ports';
import { expect, test } from 'vitest';
import { speechDetection } from './definition.ts';
import { handlers } from './handlers.ts';

type Operations = (typeof speechDetection)['operations'];
type Options = Parameters<typeof memorySpeechDetectionPorts>[0];

const accountId = createId('acc', 1);
const uri = 'https://files.test/a.mp3?token=secret';
const ofService = <Name extends keyof Operations>(_name: Name, config = {}) =>
  serviceContext<typeof speechDetection, Name>(speechDetection, { accountId, config });

function createJob(given: object, { config = {}, ...options }: { config?: object } & Options = {}) {
  const ports = memorySpeechDetectionPorts(options);
  const request = speechDetection.operations.createJob.request.parse(given);
  return { ports, answer: handlers.createJob(ofService('createJob', config).context, request, ports) };
}

const fieldsOf = async (answer: Promise<unknown>) =>
  await answer.then(
    () => undefined,
    (cause: unknown) => (cause as { fields: { code: string; status: number; retryAfterMs?: number } }).fields,
  );

test('createJob 200: a sound at an address waits for a node, listened to as the request says and else as configured (SPD)', async () => {
  const config = { inputBytesMax: 5_000, mediaSecondsMax: 60, pauseMsMin: 900, sensitivity: 'low' };
  const asked = { uri, kind: 'answering-machine', sensitivity: 'high', priority: 'high' };
  const { answer, ports } = createJob(asked, { config });
  const answered = speechDetection.operations.createJob.response.parse(await answer);
  expect(answered).toMatchObject({ state: 'queued', kind: 'answering-machine', priority: 'high' });
  expect(answered).not.toHaveProperty('uploadUrl');
  // What opens it goes to no answer.
  expect(JSON.stringify(answered)).not.toContain('secret');
  expect(ports.asked).toMatchObject([
    {
      concurrentMax: 2,
      order: {
        ...{ input: { kind: 'uri', uri }, inputBytesMax: 5_000, mediaSecondsMax: 60 },
        rules: { sensitivity: 'high', pauseMsMin: 900, speechMsMin: 250, machineSharePercent: 50 },
      },
    },
  ]);
});

test('createJob 200: a sound that is to be uploaded is awaited at an address of its own, that nobody else reads', async () => {
  const { answer, ports } = createJob({ uploadBytes: 10 });
  const { id, state, kind, uploadUrl } = await answer;
  expect([state, kind]).toEqual(['awaiting', 'presence']);
  expect(uploadUrl).toContain(`/api/uploads/${id}?account=${accountId}&expires=3600000`);
  const read = await handlers.getJob(ofService('getJob').context, { jobId: id }, ports);
  expect(read).not.toHaveProperty('uploadUrl');
});

test.each([[{}], [{ uri, uploadBytes: 3 }]])(
  'createJob 400: a sound comes from one place: %j',
  async (given) => {
    const { answer, ports } = createJob(given);
    expect(await fieldsOf(answer)).toMatchObject({ code: 'request.invalid', status: 400 });
    expect(ports.asked).toEqual([]);
  },
);

test('createJob 422: a file that there is not is refused', async () => {
  const { answer } = createJob({ objectId: createId('obj', 2) }, { objectIds: [] });
  expect(await fieldsOf(answer)).toMatchObject({ code: 'speech-detection.object_unknown', status: 422 });
});

test('createJob 429: where as many jobs wait as may, another is told when to come again', async () => {
  const { answer } = createJob({ uri }, { waitingMax: 0 });
  expect(await fieldsOf(answer)).toMatchObject({
    ...{ code: 'speech-detection.too_many_waiting', status: 429, retryAfterMs: 5_000 },
  });
});

const heard = {
  ...{ durationMs: 2_000, speechMs: 900, silenceMs: 1_100, longestSilenceMs: 1_000, talkRatio: 0.45 },
  ...{ segmentCount: 1, beepCount: 0, firstSpeechMs: 100 },
};
const findings = {
  ...heard,
  segments: [{ startMs: 100, endMs: 1_000, confidence: 0.9 }],
  beeps: [],
  levels: [0, 40],
};

test('getJob 200: all that was heard, and of a failure why; there is none of another account', async () => {
  const { answer, ports } = createJob({ uri });
  const { id: jobId } = await answer;
  const get = async () => await handlers.getJob(ofService('getJob').context, { jobId }, ports);
  ports.change(jobId, { state: 'completed', finishedAt: new Date(5), findings });
  expect(speechDetection.operations.getJob.response.parse(await get())).toMatchObject({
    ...{ state: 'completed', heard, findings },
  });
  const failure = { reason: 'input_unsuitable', detail: 'There is no sound in it.' } as const;
  ports.change(jobId, { state: 'failed', findings: undefined, failure });
  expect(await get()).toMatchObject({ failure: { code: 'speech-detection.input_unsuitable' } });
  ports.change(jobId, { accountId: createId('acc', 2) });
  expect(await fieldsOf(get())).toMatchObject({ code: 'resource.unknown' });
});

test('listJobs 200: each as it stands, with what was heard in short', async () => {
  const { answer, ports } = createJob({ uri });
  const { id } = await answer;
  ports.change(id, { state: 'completed', findings });
  const page = await handlers.listJobs(ofService('listJobs').context, { limit: 5 }, ports);
  expect(speechDetection.operations.listJobs.response.parse(page).items).toMatchObject([{ id, heard }]);
  expect(page.items[0]).not.toHaveProperty('findings');
});

test('cancelJob 200: it is over, an event tells of it, and the log of changes says what it was', async () => {
  const { answer, ports } = createJob({ uri });
  const { id: jobId } = await answer;
  const { context, audited, events } = ofService('cancelJob');
  const cancelled = await handlers.cancelJob(context, { jobId, state: 'cancelled' }, ports);
  expect(cancelled).toMatchObject({ id: jobId, state: 'cancelled' });
  expect(audited).toMatchObject([
    { target: jobId, before: { state: 'queued' }, after: { state: 'cancelled' } },
  ]);
  expect(events).toMatchObject([{ event: 'cancelled', payload: { jobId, kind: 'presence' } }]);
});

test('cancelJob 409: what has ended is not cancelled any more', async () => {
  const { answer, ports } = createJob({ uri });
  const { id: jobId } = await answer;
  ports.change(jobId, { state: 'completed', findings });
  const again = handlers.cancelJob(ofService('cancelJob').context, { jobId, state: 'cancelled' }, ports);
  expect(await fieldsOf(again)).toMatchObject({ code: 'speech-detection.is_over', status: 409 });
});

test('removeJob 200: it is gone, and the log of changes says what it was', async () => {
  const { answer, ports } = createJob({ uri });
  const { id: jobId } = await answer;
  const { context, audited } = ofService('removeJob');
  expect(await handlers.removeJob(context, { jobId }, ports)).toEqual({ id: jobId });
  expect(audited).toMatchObject([{ target: jobId, before: { state: 'queued', kind: 'presence' } }]);
  const again = handlers.removeJob(ofService('removeJob').context, { jobId }, ports);
  expect(await fieldsOf(again)).toMatchObject({ code: 'resource.unknown' });
});
