import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findObject } from '@patchbay/adapters/objects/stored-objects';
import { forgetRows } from '@patchbay/adapters/privacy/retention-store';
import { type ClaimedDetection, detectionQueue } from '@patchbay/adapters/speech-detection/detection-jobs';
import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-detection-test-'));
let database: TestDatabase;
let served: Served;
let owner: Client;
let one: Tenant;
let other: Tenant;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl, { PATCHBAY_FILES: folder });
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  [one, other] = [await signUp(served, 'one'), await signUp(served, 'other')];
}, 120_000);
afterAll(async () => {
  await served.close();
  await owner.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const uri = 'https://files.test/a.mp3?token=secret';
const at = (tenant: Tenant, below = '') =>
  `/v1/accounts/${tenant.accountId}/services/speech-detection${below}`;
const ask = async (tenant: Tenant, body: object = {}) =>
  (await served.rest('POST', at(tenant, '/jobs'), { key: tenant.key, body })).body;
const get = (tenant: Tenant, id: string, key = tenant.key) =>
  served.rest('GET', at(tenant, `/jobs/${id}`), { key });
const queue = () => detectionQueue(served.control.pool);
const claim = (countMax = 10, region = 'local') => queue().claim({ region, countMax, leaseMs: 60_000 });
const media: MediaFacts = {
  ...{ kind: 'audio', container: 'mp3', sizeBytes: 4, durationMs: 2_000 },
  audio: { codec: 'mp3', sampleRateHz: 44_100, channels: 2 },
};
const heard = {
  ...{ durationMs: 2_000, speechMs: 900, silenceMs: 1_100, longestSilenceMs: 1_000, talkRatio: 0.45 },
  ...{ segmentCount: 1, beepCount: 0, firstSpeechMs: 100 },
  answering: {
    ...({ answeredBy: 'human', reason: 'short_greeting', confidence: 0.95 } as const),
    ...{ decidedAtMs: 1_900, greetingMs: 900 },
  },
};
const findings = {
  ...heard,
  segments: [{ startMs: 100, endMs: 1_000, confidence: 0.9 }],
  beeps: [],
  levels: [0, 40, 0],
};

async function only(claimed: Promise<readonly ClaimedDetection[]>): Promise<ClaimedDetection> {
  const [job, ...rest] = await claimed;
  if (job === undefined || rest.length > 0) throw new Error('There is not one job alone.');
  return job;
}
const finish = (job: ClaimedDetection) =>
  queue().finish(job, { kind: 'listened', media, findings }, Date.now());
const eventsOf = async (jobId: string) =>
  (
    await owner.query(
      "SELECT type, data FROM platform_event WHERE type LIKE 'speech-detection.%' AND data ->> 'jobId' = $1 ORDER BY at, id",
      [jobId],
    )
  ).rows;
const statusOf = (error: { fields: { status: number; code: string } }) =>
  Response.json({ code: error.fields.code }, { status: error.fields.status });
const put = async (url: string, body: Uint8Array) =>
  await served.control
    .takeUpload(new Request(url, { method: 'PUT', body: Uint8Array.from(body) }))
    .catch(statusOf);

test('a job is taken by a node, tells how far it is, and what was heard is read by its account alone (SPD)', async () => {
  const { id } = await ask(one, { uri, identity: 'bob', kind: 'answering-machine', pauseMsMin: 500 });
  const job = await only(claim());
  expect(job).toMatchObject({
    ...{ id, endpoint: 'user:bob', kind: 'answering-machine' },
    order: { input: { uri }, rules: { pauseMsMin: 500, sensitivity: 'normal' }, mediaSecondsMax: 7_200 },
  });
  const how = { percent: 55, tells: true, leaseMs: 10_000, nowMs: Date.now() };
  expect(await queue().hold(job, how)).toBe(true);
  expect([await finish(job), await finish(job)]).toEqual([true, false]);
  expect((await get(one, id)).body).toMatchObject({
    ...{ state: 'completed', progressPercent: 100, media, heard, findings },
  });
  expect((await get(one, id, other.key)).status).toBe(404);
  expect((await get(other, id)).status).toBe(404);
  expect((await served.rest('GET', at(other, '/jobs'), { key: other.key })).body.items).toEqual([]);
  const { items } = (await served.rest('GET', at(one, '/jobs'), { key: one.key })).body;
  expect(items).toMatchObject([{ id, heard }]);
  // Where each stretch is stands in the job: an event would be as long as the sound.
  const [progressed, completed] = await eventsOf(id);
  expect(progressed).toMatchObject({ type: 'speech-detection.progressed', data: { percent: 55 } });
  expect(completed).toEqual({
    type: 'speech-detection.completed',
    data: { jobId: id, kind: 'answering-machine', media, ...heard },
  });
  // What opened it is nowhere any more.
  expect((await owner.query('SELECT 1 FROM speech_detection_job WHERE job_order IS NOT NULL')).rowCount).toBe(
    0,
  );
});

test('a sound is uploaded once, by its own link, and goes with the job; a job of one service takes no file of another', async () => {
  const bytes = Buffer.from('RIFF and so on');
  const { id, uploadUrl } = await ask(one, { uploadBytes: bytes.length });
  expect(await claim()).toEqual([]);
  const wrong = await put(uploadUrl, bytes.subarray(1));
  expect([wrong.status, await wrong.json()]).toEqual([422, { code: 'speech-detection.upload_invalid' }]);
  const stolen = new URL(uploadUrl);
  stolen.searchParams.set('account', other.accountId);
  expect((await put(stolen.href, bytes)).status).toBe(404);
  expect((await put(uploadUrl.replace('/dtc_', '/trc_'), bytes)).status).toBe(404);
  expect((await put(uploadUrl, bytes)).status).toBe(200);
  const job = await only(claim());
  const upload = () =>
    findObject(served.control.pool, { accountId: one.accountId, objectId: job.inputObjectId ?? '' });
  expect(await upload()).toMatchObject({ kind: 'upload', dataClass: 'speechDetections' });
  await queue().finish(job, { kind: 'failed', reason: 'input_unsuitable', detail: 'No sound.' }, Date.now());
  expect(await upload()).toBeUndefined();
  expect((await get(one, id)).body).toMatchObject({
    ...{ state: 'failed', failure: { code: 'speech-detection.input_unsuitable', detail: 'No sound.' } },
  });
});

test('one that is cancelled is nobody’s any more, and what a node lost is taken again and ended once', async () => {
  const { id } = await ask(one, { uri });
  const job = await only(claim());
  const cancel = () =>
    served.rest('PATCH', at(one, `/jobs/${id}`), { key: one.key, body: { state: 'cancelled' } });
  expect((await cancel()).body).toMatchObject({ state: 'cancelled' });
  expect((await cancel()).body).toMatchObject({ code: 'speech-detection.is_over' });
  expect(await finish(job)).toBe(false);
  expect(await eventsOf(id)).toMatchObject([{ type: 'speech-detection.cancelled' }]);
  const { id: again } = await ask(one, { uri });
  const lost = await only(claim());
  await owner.query(
    "UPDATE speech_detection_job SET lease_until = now() - interval '1 second' WHERE id = $1",
    [again],
  );
  const taken = await only(claim());
  expect([lost.attempt, taken.attempt]).toEqual([1, 2]);
  expect([await finish(lost), await finish(taken)]).toEqual([false, true]);
});

test('an account has no more at work than it may, its urgent ones first, and others come between (QUE)', async () => {
  const asked = [];
  for (const priority of ['low', 'normal', 'high']) asked.push((await ask(one, { uri, priority })).id);
  const [, normal, high] = asked;
  const theirs = (await ask(other, { uri })).id;
  expect((await claim()).map(({ id }) => id).sort()).toEqual([normal, high, theirs].sort());
  expect(await claim()).toEqual([]);
  await owner.query('DELETE FROM speech_detection_job');
});

test('a stored file is taken by its id, and never from another account', async () => {
  const bytes = Buffer.from('RIFF');
  const { id, uploadUrl } = await ask(one, { uploadBytes: bytes.length });
  await put(uploadUrl, bytes);
  const { inputObjectId: objectId } = await only(claim());
  expect(await ask(other, { objectId })).toMatchObject({ code: 'speech-detection.object_unknown' });
  const { id: second } = await ask(one, { objectId });
  expect(await only(claim())).toMatchObject({ id: second, inputObjectId: objectId });
  for (const jobId of [id, second])
    expect((await served.rest('DELETE', at(one, `/jobs/${jobId}`), { key: one.key })).status).toBe(200);
  expect((await get(one, id)).status).toBe(404);
});

test('what was heard goes with its class (PRD-4)', async () => {
  const { id } = await ask(other, { uri });
  await finish(await only(claim()));
  await owner.query(
    `UPDATE speech_detection_job SET finished_at = now() - interval '40 days',
       id = id_floor('dtc', now() - interval '40 days') WHERE id = $1`,
    [id],
  );
  const before = (await owner.query('SELECT id FROM speech_detection_job')).rows;
  const befores = [new Date(Date.now() - 30 * 86_400_000)];
  const batch = { name: 'speechDetections', ids: [other.accountId], befores, rowsAtOnce: 100 } as const;
  expect([before.length, await forgetRows(served.control.pool, batch)]).toEqual([1, 1]);
});
