import { createId } from '@patchbay/kit/ids';
import { serviceContext } from '@patchbay/testing/service-context';
import { memoryTranscodingPorts } from '@patchbay/testing/transcoding-ports';
import { expect, test } from 'vitest';
import { transcoding } from './definition.ts';
import { handlers } from './handlers.ts';

type Operations = (typeof transcoding)['operations'];
type Options = Parameters<typeof memoryTranscodingPorts>[0];

const accountId = createId('acc', 1);
const uri = 'https://files.test/a.mp3?token=secret';
const ofService = <Name extends keyof Operations>(_name: Name, config = {}) =>
  serviceContext<typeof transcoding, Name>(transcoding, { accountId, config });

function createJob(given: object, { config = {}, ...options }: { config?: object } & Options = {}) {
  const ports = memoryTranscodingPorts(options);
  const request = transcoding.operations.createJob.request.parse(given);
  return { ports, answer: handlers.createJob(ofService('createJob', config).context, request, ports) };
}

async function probe(given: object, { config = {}, ...options }: { config?: object } & Options = {}) {
  const ports = memoryTranscodingPorts(options);
  const request = transcoding.operations.probe.request.parse(given);
  return await handlers.probe(ofService('probe', config).context, request, ports);
}

const fieldsOf = async (answer: Promise<unknown>) =>
  await answer.then(
    () => undefined,
    (cause: unknown) => (cause as { fields: { code: string; status: number; retryAfterMs?: number } }).fields,
  );

test('createJob 200: a file at an address waits for a node, with the bounds of the configuration', async () => {
  const config = { inputBytesMax: 5_000, mediaSecondsMax: 60, concurrentMax: 3 };
  const { answer, ports } = createJob({ uri, format: 'ogg', channels: 1, priority: 'high' }, { config });
  const answered = transcoding.operations.createJob.response.parse(await answer);
  expect(answered).toMatchObject({
    ...{ state: 'queued', purpose: 'convert', format: 'ogg', priority: 'high', progressPercent: 0 },
  });
  expect(answered).not.toHaveProperty('uploadUrl');
  // What opens it goes to no answer.
  expect(JSON.stringify(answered)).not.toContain('secret');
  expect(ports.asked).toMatchObject([
    {
      concurrentMax: 3,
      order: {
        ...{ input: { kind: 'uri', uri }, conversion: { format: 'ogg', channels: 1 } },
        ...{ inputBytesMax: 5_000, mediaSecondsMax: 60 },
      },
    },
  ]);
});

test('createJob 200: a file that is to be uploaded is awaited at an address of its own, for an hour, that nobody else reads', async () => {
  const { answer, ports } = createJob({ uploadBytes: 10, format: 'wav' });
  const { id, state, uploadUrl, uploadExpiresAt } = await answer;
  expect([state, uploadExpiresAt]).toEqual(['awaiting', new Date(3_600_000).toISOString()]);
  expect(uploadUrl).toContain(`https://patchbay.test/api/uploads/${id}?account=${accountId}&expires=3600000`);
  const read = await handlers.getJob(ofService('getJob').context, { jobId: id }, ports);
  expect(read).toMatchObject({ state: 'awaiting' });
  expect(read).not.toHaveProperty('uploadUrl');
});

test.each([
  [{ format: 'wav' }],
  [{ format: 'wav', uri, uploadBytes: 3 }],
  [{ format: 'wav', uri, objectId: createId('obj', 1) }],
])('createJob 400: a file comes from one place: %j', async (given) => {
  const { answer, ports } = createJob(given);
  expect(await fieldsOf(answer)).toMatchObject({ code: 'request.invalid', status: 400 });
  expect(ports.asked).toEqual([]);
});

test('createJob 400: what is longer than is taken is refused before it is sent', async () => {
  const { answer } = createJob({ format: 'wav', uploadBytes: 11 }, { config: { inputBytesMax: 10 } });
  expect(await fieldsOf(answer)).toMatchObject({ code: 'request.invalid' });
});

test('createJob 422: what a format cannot have is refused by its name, and so is a file that there is not', async () => {
  const asked = createJob({ uri, format: 'wav', audioCodec: 'opus' });
  expect(await fieldsOf(asked.answer)).toMatchObject({ code: 'transcoding.conversion_invalid', status: 422 });
  expect(asked.ports.asked).toEqual([]);
  const { answer } = createJob({ objectId: createId('obj', 2), format: 'wav' }, { objectIds: [] });
  expect(await fieldsOf(answer)).toMatchObject({ code: 'transcoding.object_unknown', status: 422 });
});

test('createJob 429: where as many jobs wait as may, another is told when to come again', async () => {
  const { answer } = createJob({ uri, format: 'wav' }, { waitingMax: 0 });
  expect(await fieldsOf(answer)).toMatchObject({
    ...{ code: 'transcoding.too_many_waiting', status: 429, retryAfterMs: 5_000 },
  });
});

test('probe 200: a file is looked at, and nothing is made of it', async () => {
  const answered = await probe({ objectId: createId('obj', 1) });
  expect(answered).toMatchObject({ purpose: 'probe', state: 'queued' });
  expect(answered).not.toHaveProperty('format');
});

test('probe 400: a file comes from one place', async () => {
  expect(await fieldsOf(probe({}))).toMatchObject({ code: 'request.invalid', status: 400 });
});

test('probe 422: a file that there is not is refused', async () => {
  const absent = probe({ objectId: createId('obj', 2) }, { objectIds: [] });
  expect(await fieldsOf(absent)).toMatchObject({ code: 'transcoding.object_unknown', status: 422 });
});

test('probe 429: where as many jobs wait as may, another is told when to come again', async () => {
  expect(await fieldsOf(probe({ uri }, { waitingMax: 0 }))).toMatchObject({ status: 429 });
});

test('getJob 200: it says how far it is, what was made, and of a failure why; there is none of another account', async () => {
  const { answer, ports } = createJob({ uri, format: 'wav' });
  const { id: jobId } = await answer;
  const get = async () => await handlers.getJob(ofService('getJob').context, { jobId }, ports);
  ports.change(jobId, { state: 'running', progressPercent: 40 });
  expect(await get()).toMatchObject({ state: 'running', progressPercent: 40 });
  const file = { objectId: createId('obj', 3), mediaType: 'audio/wav', sizeBytes: 9, durationMs: 700 };
  ports.change(jobId, { state: 'completed', finishedAt: new Date(5), file });
  expect(transcoding.operations.getJob.response.parse(await get())).toMatchObject({
    ...{ state: 'completed', ...file, url: expect.stringContaining(`/api/media/${file.objectId}?`) },
  });
  ports.change(jobId, {
    state: 'failed',
    file: undefined,
    failure: { reason: 'input_broken', detail: 'Why.' },
  });
  expect(await get()).toMatchObject({ failure: { code: 'transcoding.input_broken', detail: 'Why.' } });
  ports.change(jobId, { accountId: createId('acc', 2) });
  expect(await fieldsOf(get())).toMatchObject({ code: 'resource.unknown' });
});

test('listJobs 200: what was asked for, each as it stands', async () => {
  const { answer, ports } = createJob({ uri, format: 'wav' });
  const { id } = await answer;
  const { items } = await handlers.listJobs(ofService('listJobs').context, { limit: 5 }, ports);
  expect(items).toMatchObject([{ id, state: 'queued' }]);
});

test('cancelJob 200: it is over, an event tells of it, and the log of changes says what it was', async () => {
  const { answer, ports } = createJob({ uri, format: 'wav' });
  const { id: jobId } = await answer;
  const { context, audited, events } = ofService('cancelJob');
  const cancelled = await handlers.cancelJob(context, { jobId, state: 'cancelled' }, ports);
  expect(cancelled).toMatchObject({ id: jobId, state: 'cancelled' });
  expect(audited).toMatchObject([
    { target: jobId, before: { state: 'queued' }, after: { state: 'cancelled' } },
  ]);
  expect(JSON.stringify(events)).toContain(jobId);
});

test('cancelJob 409: what is over cannot be cancelled, and what there is not is unknown', async () => {
  const { answer, ports } = createJob({ uri, format: 'wav' });
  const { id: jobId } = await answer;
  ports.change(jobId, { state: 'completed' });
  const { context, audited } = ofService('cancelJob');
  const again = handlers.cancelJob(context, { jobId, state: 'cancelled' }, ports);
  expect(await fieldsOf(again)).toMatchObject({ code: 'transcoding.is_over', status: 409 });
  const none = handlers.cancelJob(context, { jobId: createId('trc', 9), state: 'cancelled' }, ports);
  expect(await fieldsOf(none)).toMatchObject({ code: 'resource.unknown' });
  expect(audited).toEqual([]);
});

test('removeJob 200: it is gone, and the log of changes says what it was; a second time there is none', async () => {
  const { answer, ports } = createJob({ uri, format: 'wav' });
  const { id: jobId } = await answer;
  const { context, audited } = ofService('removeJob');
  expect(await handlers.removeJob(context, { jobId }, ports)).toEqual({ id: jobId });
  expect(audited).toMatchObject([{ target: jobId, before: { state: 'queued', format: 'wav' } }]);
  expect(await fieldsOf(handlers.removeJob(context, { jobId }, ports))).toMatchObject({
    code: 'resource.unknown',
  });
});
