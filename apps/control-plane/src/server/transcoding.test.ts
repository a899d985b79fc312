import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { localObjects } from '@patchbay/adapters/objects/local-objects';
import { sealedObjects } from '@patchbay/adapters/objects/sealed-objects';
import { findObject, writeObject } from '@patchbay/adapters/objects/stored-objects';
import { readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { forgetRows } from '@patchbay/adapters/privacy/retention-store';
import { type ClaimedJob, transcodingQueue } from '@patchbay/adapters/transcoding/transcoding-queue';
import type { MediaFacts } from '@patchbay/domain/file-jobs/media-facts';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveLinkedFile, serveMedia } from './serve-media.ts';
import { makePlatform, masterKey, type Served, serve, signUp, type Tenant } from './served.testing.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-transcoding-test-'));
const objects = sealedObjects(localObjects(folder), readMasterKey(masterKey));
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
const at = (tenant: Tenant, below = '') => `/v1/accounts/${tenant.accountId}/services/transcoding${below}`;
const ask = async (tenant: Tenant, body: object = {}) =>
  (await served.rest('POST', at(tenant, '/jobs'), { key: tenant.key, body: { format: 'ogg', ...body } }))
    .body;
const get = (tenant: Tenant, id: string, key = tenant.key) =>
  served.rest('GET', at(tenant, `/jobs/${id}`), { key });
const queue = () => transcodingQueue(served.control.pool);
const claim = (countMax = 10, region = 'local') => queue().claim({ region, countMax, leaseMs: 60_000 });
const media: MediaFacts = {
  ...{ kind: 'audio', container: 'mp3', sizeBytes: 4, durationMs: 700 },
  audio: { codec: 'mp3', sampleRateHz: 44_100, channels: 2 },
};
const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
const statusOf = (error: { fields: { status: number; code: string } }) =>
  Response.json({ code: error.fields.code }, { status: error.fields.status });
const put = async (url: string, body: Uint8Array) =>
  await served.control
    .takeUpload(new Request(url, { method: 'PUT', body: Uint8Array.from(body) }))
    .catch(statusOf);
const fetchLink = async (url: string) => await serveMedia(served.control, new Request(url)).catch(statusOf);

async function only(claimed: Promise<readonly ClaimedJob[]>): Promise<ClaimedJob> {
  const [job, ...rest] = await claimed;
  if (job === undefined || rest.length > 0) throw new Error('There is not one job alone.');
  return job;
}

/** Makes a file of a job as a node does. */
async function finish(job: ClaimedJob): Promise<boolean> {
  const { pool } = served.control;
  const { accountId, endpoint } = job;
  const kind = { service: 'transcoding', kind: 'transcoded', dataClass: 'transcodedFiles' } as const;
  const made = { ...kind, accountId, endpoint, mediaType: 'audio/ogg', durationMs: 690 };
  const object = await writeObject({ pool, objects }, made, bytes);
  return await queue().finish(job, { kind: 'converted', media, object }, Date.now());
}
const eventsOf = async (jobId: string) =>
  (
    await owner.query(
      "SELECT type, data FROM platform_event WHERE type LIKE 'transcoding.%' AND data ->> 'jobId' = $1 ORDER BY at, id",
      [jobId],
    )
  ).rows;

test('a job is taken by a node, tells how far it is, and its file is read by link and by key, by nobody else’s (TRC)', async () => {
  const { id } = await ask(one, { uri, identity: 'bob' });
  const job = await only(claim());
  expect(job).toMatchObject({
    id,
    endpoint: 'user:bob',
    order: { input: { uri }, inputBytesMax: 100_000_000 },
  });
  const hold = (percent: number, tells = false) =>
    queue().hold(job, { percent, tells, leaseMs: 10_000, nowMs: Date.now() });
  expect([await hold(20), await hold(55, true)]).toEqual([true, true]);
  expect((await get(one, id)).body).toMatchObject({ state: 'running', progressPercent: 55 });
  expect([await finish(job), await finish(job)]).toEqual([true, false]);
  const { body } = await get(one, id);
  expect(body).toMatchObject({
    ...{ state: 'completed', progressPercent: 100, media, durationMs: 690, mediaType: 'audio/ogg' },
  });
  expect(Buffer.from(await (await fetchLink(body.url)).arrayBuffer()).equals(bytes)).toBe(true);
  const result = async (key: string) => {
    const address = `http://control.test${at(one, `/jobs/${id}/result`)}`;
    const request = new Request(address, { headers: { authorization: `Bearer ${key}`, range: 'bytes=-10' } });
    return await serveLinkedFile(served.control, request, (asked) => served.control.rest(asked)).catch(
      statusOf,
    );
  };
  expect([(await result(one.key)).status, (await result(other.key)).status]).toEqual([206, 404]);
  expect((await get(one, id, other.key)).status).toBe(404);
  expect(await eventsOf(id)).toMatchObject([
    { type: 'transcoding.progressed', data: { percent: 55 } },
    { type: 'transcoding.completed', data: { objectId: body.objectId, path: at(one, `/jobs/${id}/result`) } },
  ]);
  // What opened it is nowhere any more.
  expect((await owner.query('SELECT 1 FROM transcoding_job WHERE job_order IS NOT NULL')).rowCount).toBe(0);
});

test('a file is uploaded once, as long as it was said to be, by the link alone that was signed for it; and it goes with the job', async () => {
  const { id, state, uploadUrl } = await ask(one, { uploadBytes: bytes.length });
  expect(state).toBe('awaiting');
  expect(await claim()).toEqual([]);
  for (const wrong of [bytes.subarray(1), Buffer.concat([bytes, bytes])])
    expect((await put(uploadUrl, wrong)).status).toBe(422);
  for (const [name, value] of [
    ['account', other.accountId],
    ['expires', String(Date.now() + 9e9)],
    ['signature', 'AAAA'],
  ] as const) {
    const link = new URL(uploadUrl);
    link.searchParams.set(name, value);
    expect((await put(link.href, bytes)).status, name).toBe(404);
  }
  // A link to read is none to write, nor the other way round.
  expect((await fetchLink(uploadUrl)).status).toBe(404);
  expect((await put(uploadUrl, bytes)).status).toBe(200);
  const again = await put(uploadUrl, bytes);
  expect([again.status, await again.json()]).toEqual([409, { code: 'transcoding.not_awaited' }]);
  const job = await only(claim());
  expect(job).toMatchObject({ id, order: { input: { kind: 'upload' } } });
  const { pool } = served.control;
  const upload = () => findObject(pool, { accountId: one.accountId, objectId: job.inputObjectId ?? '' });
  expect(await upload()).toMatchObject({ kind: 'upload', sizeBytes: bytes.length });
  const end = { kind: 'failed', reason: 'input_broken', detail: 'It breaks off.' } as const;
  await queue().finish(job, end, Date.now());
  expect(await upload()).toBeUndefined();
  expect((await get(one, id)).body).toMatchObject({
    ...{ state: 'failed', failure: { code: 'transcoding.input_broken', detail: 'It breaks off.' } },
  });
});

test('so many files come in at a time, and another is told to come again', async () => {
  const { id, uploadUrl } = await ask(one, { uploadBytes: 5 });
  const endings: (() => void)[] = [];
  const slow = () => {
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => void endings.push(() => stream.close()),
    });
    const request = new Request(uploadUrl, { method: 'PUT', body, duplex: 'half' } as RequestInit);
    return served.control.takeUpload(request).catch(statusOf);
  };
  const coming = Array.from({ length: 4 }, slow);
  expect((await put(uploadUrl, bytes.subarray(0, 5))).status).toBe(503);
  for (const end of endings) end();
  expect((await Promise.all(coming)).map(({ status }) => status)).toEqual([422, 422, 422, 422]);
  expect((await put(uploadUrl, bytes.subarray(0, 5))).status).toBe(200);
  await served.rest('DELETE', at(one, `/jobs/${id}`), { key: one.key });
});

test('what never comes ends its job by itself, and says so', async () => {
  const { id } = await ask(one, { uploadBytes: 5 });
  await owner.query("UPDATE transcoding_job SET created_at = now() - interval '61 minutes' WHERE id = $1", [
    id,
  ]);
  const job = await only(claim());
  expect(job.inputObjectId).toBeUndefined();
  const missing = { kind: 'failed', reason: 'upload_missing', detail: 'It never came.' } as const;
  await queue().finish(job, missing, Date.now());
  expect(await eventsOf(id)).toMatchObject([{ data: { code: 'transcoding.upload_missing' } }]);
});

test('one that is cancelled is nobody’s any more: the node finds out, and ends nothing of it', async () => {
  const { id } = await ask(one, { uri });
  const job = await only(claim());
  const cancel = () =>
    served.rest('PATCH', at(one, `/jobs/${id}`), { key: one.key, body: { state: 'cancelled' } });
  expect((await cancel()).body).toMatchObject({ state: 'cancelled' });
  expect((await cancel()).body).toMatchObject({ code: 'transcoding.is_over' });
  expect(await queue().hold(job, { percent: 9, tells: false, leaseMs: 1_000, nowMs: Date.now() })).toBe(
    false,
  );
  await queue().release(job);
  expect(await finish(job)).toBe(false);
  expect((await get(one, id)).body).toMatchObject({ state: 'cancelled' });
  expect(await eventsOf(id)).toMatchObject([{ type: 'transcoding.cancelled' }]);
});

test('what a node lost is taken again, and what it gave back counts as never taken; the first ends nothing twice', async () => {
  const { id } = await ask(one, { uri });
  const lost = await only(claim());
  await owner.query("UPDATE transcoding_job SET lease_until = now() - interval '1 second' WHERE id = $1", [
    id,
  ]);
  const again = await only(claim());
  expect([lost.attempt, again.attempt]).toEqual([1, 2]);
  await queue().release(again);
  const third = await only(claim());
  expect(third).toMatchObject({ id, attempt: 2 });
  expect([await finish(lost), await finish(third)]).toEqual([false, true]);
  expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['transcoding.completed']);
});

test('an account has no more at work than it may, its urgent ones first, and others come between; each in its region (QUE)', async () => {
  await served.rest('PUT', at(one, '/config'), { key: one.key, body: { concurrentMax: 2 } });
  const asked = [];
  for (const priority of ['low', 'normal', 'high']) asked.push((await ask(one, { uri, priority })).id);
  const [low, normal, high] = asked;
  const theirs = (await ask(other, { uri })).id;
  await owner.query("UPDATE transcoding_job SET regions = '{eu}' WHERE id = $1", [theirs]);
  expect((await claim(1)).map(({ id }) => id)).toEqual([high]);
  expect((await claim(2, 'eu')).map(({ id }) => id).sort()).toEqual([normal, theirs].sort());
  expect(await claim(10, 'eu')).toEqual([]);
  await served.rest('DELETE', at(one, `/jobs/${high}`), { key: one.key });
  expect((await claim()).map(({ id }) => id)).toEqual([low]);
  await owner.query('DELETE FROM transcoding_job');
});

test('a file that a service left is taken by its id, never from another account, and stays when the job is over', async () => {
  const { id } = await ask(one, { uri });
  await finish(await only(claim()));
  const { objectId } = (await get(one, id)).body;
  expect(await ask(other, { objectId })).toMatchObject({ code: 'transcoding.object_unknown' });
  await ask(one, { objectId });
  const job = await only(claim());
  expect(job.inputObjectId).toBe(objectId);
  await finish(job);
  expect((await get(one, id)).body).toMatchObject({ objectId });
  const { items } = (await served.rest('GET', at(one, '/data?form=media'), { key: one.key })).body;
  expect(items[0]).toMatchObject({
    kind: 'transcoded',
    dataClass: 'transcodedFiles',
    mediaType: 'audio/ogg',
  });
  expect((await served.rest('DELETE', at(one, `/jobs/${id}`), { key: one.key })).status).toBe(200);
  expect((await get(one, id)).status).toBe(404);
  expect(await findObject(served.control.pool, { accountId: one.accountId, objectId })).toBeUndefined();
});

test('files and jobs go with their class (PRD-4)', async () => {
  const { id } = await ask(other, { uri });
  await finish(await only(claim()));
  const { url } = (await get(other, id)).body;
  await owner.query(
    "UPDATE stored_object SET created_at = now() - interval '40 days' WHERE account_id = $1",
    [other.accountId],
  );
  const befores = [new Date(Date.now() - 30 * 86_400_000)];
  const batch = { name: 'transcodedFiles', ids: [other.accountId], befores, rowsAtOnce: 100 } as const;
  expect(await forgetRows(served.control.pool, batch)).toBeGreaterThan(0);
  expect((await fetchLink(url)).status).toBe(404);
  expect((await get(other, id)).body).not.toHaveProperty('url');
});
