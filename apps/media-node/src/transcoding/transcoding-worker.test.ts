import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NewObject } from '@patchbay/adapters/objects/stored-objects';
import type { SafeRequest, SafeResponse } from '@patchbay/adapters/outgoing/safe-request';
import type { ClaimedJob, JobEnd } from '@patchbay/adapters/transcoding/transcoding-queue';
import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';
import type { CountedUse, UsedBy } from '@patchbay/domain/metering/use-counter';
import type { StoredObject } from '@patchbay/domain/stored-media/stored-object';
import { expect, test, vi } from 'vitest';
import { makeWorkFolder, sweepWorkFolders } from '../file-jobs/work-folder.ts';
import type { Transcoder } from './transcode.ts';
import { type TranscodingWorkerOptions, transcodingWorker } from './transcoding-worker.ts';

const uri = 'https://files.test/moved?token=secret';
const bounds = { inputBytesMax: 100, mediaSecondsMax: 60 };
const claimOf = (change: Partial<ClaimedJob> = {}, order: Partial<ClaimedJob['order']> = {}): ClaimedJob => ({
  ...{ id: 'trc_1', accountId: 'acc_1', endpoint: 'user:bob', purpose: 'convert', attempt: 1 },
  order: { input: { kind: 'uri', uri }, conversion: { format: 'ogg' }, ...bounds, ...order },
  ...change,
});
const media: MediaFacts = {
  ...{ kind: 'audio', container: 'mp3', sizeBytes: 4, durationMs: 2_000 },
  audio: { codec: 'mp3', sampleRateHz: 44_100, channels: 1 },
};
const input = Buffer.from('ID3.');

/** Makes of every file one that says what came in. */
const copying: Transcoder = {
  probe: async () => ({ demuxer: 'mp3', media }),
  convert: async ({ inputFile, outputFile, onProgress }) => {
    onProgress(50);
    writeFileSync(outputFile, `made of ${readFileSync(inputFile, 'utf8')}`);
    return { sizeBytes: 12, durationMs: 1_990 };
  },
  version: async () => '5.1',
};

const answers: Readonly<Record<string, Partial<SafeResponse>>> = {
  [uri]: { status: 302, error: 'redirect', headers: { location: '/a.mp3' } },
  'https://files.test/a.mp3': { status: 200 },
  'https://files.test/huge': { status: 200, error: 'response_too_large' },
  'http://10.0.0.1/': { error: 'address_forbidden' },
};
const stored: StoredObject = {
  ...{ id: 'obj_1', accountId: 'acc_1', service: 'text-to-speech', kind: 'speech', dataClass: 'speechFiles' },
  ...{ mediaType: 'audio/wav', sizeBytes: 4, createdAt: new Date(0) },
};

interface World extends Partial<TranscodingWorkerOptions> {
  readonly isOurs?: boolean;
  readonly putStatus?: number;
  /** The job is lost from the so manieth hold on. */
  readonly heldCount?: number;
}

/** A queue that gives one job, and what a worker makes of it. */
function world({
  isOurs = true,
  putStatus = 200,
  heldCount = Number.POSITIVE_INFINITY,
  ...change
}: World = {}) {
  const ends: JobEnd[] = [];
  const holds: { percent: number; tells: boolean }[] = [];
  const released: string[] = [];
  const uses: (UsedBy & CountedUse)[] = [];
  const files: { object: NewObject; text: string }[] = [];
  const sent: SafeRequest[] = [];
  const told: string[] = [];
  const waiting: ClaimedJob[] = [];
  const worker = transcodingWorker({
    queue: {
      claim: async () => waiting.splice(0),
      hold: async (_job, { percent, tells }) => holds.push({ percent, tells }) <= heldCount,
      release: async ({ id }) => {
        released.push(id);
      },
      finish: async (_job, end) => {
        ends.push(end);
        return isOurs;
      },
    },
    transcoder: copying,
    sources: {
      fetchTo:
        ({ takeBytes }) =>
        async ({ url }) => {
          const answer = answers[url] ?? { status: 404, error: 'status' as const };
          if (answer.error === undefined) await takeBytes(input);
          return { latencyMs: 1, ...answer };
        },
      stored: {
        find: async ({ objectId }) => (objectId === stored.id ? stored : undefined),
        read: async function* () {
          yield input;
        },
      },
    },
    store: async (object, bytes) => {
      files.push({ object, text: Buffer.from(bytes).toString() });
      return { ...object, id: 'obj_9', sizeBytes: bytes.length };
    },
    send: async (request) => {
      sent.push(request);
      return putStatus === 200
        ? { status: 200, latencyMs: 1 }
        : { status: putStatus, error: 'status', latencyMs: 1 };
    },
    region: 'local',
    atOnceMax: 1,
    count: (usedBy, use) => uses.push({ ...usedBy, ...use }),
    onFailure: (error) => told.push(error instanceof Error ? error.message : String(error)),
    holdMs: 5,
    ...change,
  });
  return {
    ...{ ends, holds, released, uses, files, sent, told, worker, waiting },
    work: async (job: ClaimedJob) => {
      waiting.push(job);
      worker.start();
      await vi.waitFor(() => expect(ends).toHaveLength(1));
      await worker.stop();
      return ends[0];
    },
  };
}

const workFolders = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`patchbay-files-${process.pid}-`));

test('a file by reference is fetched over redirects, turned into another, stored for its account, and counted for whoever it was for (TRC)', async () => {
  const { work, files, uses } = world();
  expect(await work(claimOf())).toMatchObject({ kind: 'converted', media, object: { id: 'obj_9' } });
  expect(files).toMatchObject([
    {
      text: 'made of ID3.',
      object: {
        ...{ accountId: 'acc_1', endpoint: 'user:bob', service: 'transcoding', kind: 'transcoded' },
        ...{ dataClass: 'transcodedFiles', mediaType: 'audio/ogg', durationMs: 1_990 },
      },
    },
  ]);
  expect(uses.map(({ meter, endpoint }) => [meter.split('.')[1], endpoint])).toEqual(
    ['requests', 'inputMs', 'outputMs', 'processMs'].map((meter) => [meter, 'user:bob']),
  );
  expect(uses[0]?.dimensions).toMatchObject({ codecIn: 'mp3', codecOut: 'opus', version: '5.1' });
});

test('a stored file is worked on, and one that is only looked at leaves nothing behind', async () => {
  const { work, files, uses } = world();
  const { conversion: _conversion, ...order } = claimOf().order;
  const probe = { purpose: 'probe', inputObjectId: 'obj_1' } as const;
  const job = claimOf({ ...probe, order: { ...order, input: { kind: 'object', objectId: 'obj_1' } } });
  expect(await work(job)).toEqual({ kind: 'probed', media });
  expect(files).toEqual([]);
  expect(uses.map(({ meter }) => meter)).toEqual(['transcoding.requests', 'transcoding.processMs']);
});

test.each<[string, ClaimedJob, string]>([
  [
    'not there',
    claimOf({}, { input: { kind: 'uri', uri: 'https://files.test/gone?token=secret' } }),
    'input_unreachable',
  ],
  [
    'an address that is not public',
    claimOf({}, { input: { kind: 'uri', uri: 'http://10.0.0.1/' } }),
    'input_unreachable',
  ],
  ['too large', claimOf({}, { input: { kind: 'uri', uri: 'https://files.test/huge' } }), 'input_too_large'],
  ['never uploaded', claimOf({}, { input: { kind: 'upload' } }), 'upload_missing'],
  [
    'stored no more',
    claimOf({ inputObjectId: 'obj_2' }, { input: { kind: 'object', objectId: 'obj_2' } }),
    'input_unreachable',
  ],
  [
    'stored, and larger than is taken',
    claimOf({ inputObjectId: 'obj_1' }, { input: { kind: 'object', objectId: 'obj_1' }, inputBytesMax: 3 }),
    'input_too_large',
  ],
  ['one that brought three processes down', claimOf({ attempt: 4 }), 'failed'],
])(
  'a file that is %s ends the job by its code, counts nothing, and gives away no secret of its address',
  async (_what, job, reason) => {
    const { work, uses, files } = world();
    const end = await work(job);
    expect(end).toMatchObject({ kind: 'failed', reason });
    expect(JSON.stringify(end)).not.toContain('secret');
    expect([uses, files]).toEqual([[], []]);
  },
);

test('what a program says of a failure is for our log alone', async () => {
  const convert: Transcoder['convert'] = async () => ({
    ...{ failure: 'input_broken', detail: 'It breaks off.', told: '/tmp/secret: Invalid data' },
  });
  const { work, told } = world({ transcoder: { ...copying, convert } });
  const end = await work(claimOf());
  expect(end).toEqual({ kind: 'failed', reason: 'input_broken', detail: 'It breaks off.', media });
  expect(told).toEqual(['/tmp/secret: Invalid data']);
});

test('what is made is sent to where the customer says, and a failure of that is one of the job', async () => {
  const job = claimOf({}, { putUrl: 'https://files.test/made' });
  const { work, sent, files } = world();
  expect(await work(job)).toMatchObject({ kind: 'converted' });
  expect(sent).toMatchObject([
    { url: 'https://files.test/made', method: 'PUT', headers: { 'content-type': 'audio/ogg' } },
  ]);
  expect(Buffer.from(sent[0]?.bytes ?? []).toString()).toBe('made of ID3.');
  expect(files).toHaveLength(1);
  const refused = world({ putStatus: 403 });
  expect(await refused.work(job)).toMatchObject({
    reason: 'output_undelivered',
    detail: 'putUrl did not take it: status 403.',
  });
  expect(refused.files).toEqual([]);
});

test('without a store nothing is made, and it is said what to set', async () => {
  const { work } = world({ store: undefined });
  expect(await work(claimOf())).toMatchObject({
    reason: 'unavailable',
    detail: expect.stringContaining('PATCHBAY_FILES'),
  });
});

test('whoever lost a job counts nothing of it', async () => {
  const { work, uses } = world({ isOurs: false });
  await work(claimOf());
  expect(uses).toEqual([]);
});

/** One that goes on until it is ended. */
const endless = (begun: { percent: number; ended: number }): Transcoder => ({
  ...copying,
  convert: ({ signal, onProgress }) =>
    new Promise((resolve) => {
      onProgress(begun.percent);
      const end = () => {
        begun.ended++;
        resolve({ failure: 'failed', detail: 'Ended.' });
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    }),
});

test('a job that is cancelled, or taken by another, is ended within a moment: nothing of it is written, counted or left on the disk', async () => {
  const begun = { percent: 30, ended: 0 };
  const { worker, waiting, ends, uses } = world({ transcoder: endless(begun), heldCount: 2 });
  waiting.push(claimOf());
  worker.start();
  await vi.waitFor(() => expect(begun.ended).toBe(1));
  await vi.waitFor(() => expect(worker.jobCount).toBe(0));
  await worker.stop();
  expect([ends, uses, workFolders()]).toEqual([[], [], []]);
});

test('how far it is is said while it works, and an event tells of each quarter once', async () => {
  const begun = { percent: 60, ended: 0 };
  const { worker, waiting, holds } = world({ transcoder: endless(begun) });
  waiting.push(claimOf());
  worker.start();
  await vi.waitFor(() => expect(holds.filter(({ percent }) => percent === 60).length).toBeGreaterThan(3));
  await worker.stop();
  expect(holds.filter(({ tells }) => tells)).toEqual([{ percent: 60, tells: true }]);
});

test('a node that stops gives back what it has in hand, for another to take at once', async () => {
  const begun = { percent: 10, ended: 0 };
  const { worker, waiting, released, ends } = world({ transcoder: endless(begun) });
  waiting.push(claimOf());
  worker.start();
  await vi.waitFor(() => expect(worker.jobCount).toBe(1));
  await worker.stop();
  expect([released, ends, workFolders()]).toEqual([['trc_1'], [], []]);
});

test('folders of processes that are no more are taken away, and those of others are left', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'patchbay-folders-'));
  await makeWorkFolder(root, 111);
  const kept = await makeWorkFolder(root, 222);
  await sweepWorkFolders(root, (pid) => pid === 222);
  expect(readdirSync(root)).toEqual([path.basename(kept)]);
  await rm(root, { recursive: true });
});
