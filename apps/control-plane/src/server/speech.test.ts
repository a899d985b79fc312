import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { localObjects } from '@patchbay/adapters/objects/local-objects';
import { sealedObjects } from '@patchbay/adapters/objects/sealed-objects';
import { removeDueObjects, writeObject } from '@patchbay/adapters/objects/stored-objects';
import { readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { forgetRows } from '@patchbay/adapters/privacy/retention-store';
import { type ClaimedSpeech, type SpeechEnd, speechQueue } from '@patchbay/adapters/speech/speech-store';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveLinkedFile, serveMedia } from './serve-media.ts';
import { makePlatform, masterKey, type Served, serve, signUp, type Tenant } from './served.testing.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-speech-test-'));
const objects = sealedObjects(localObjects(folder), readMasterKey(masterKey));
const SIZE_BYTES = 200_000;
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

const at = (tenant: Tenant, below = '') => `/v1/accounts/${tenant.accountId}/services/text-to-speech${below}`;
const synthesize = (tenant: Tenant, body: object) =>
  served.rest('POST', at(tenant, '/speech'), { key: tenant.key, body });
const queue = () => speechQueue(served.control.pool);
const claim = (countMax = 10, region = 'local') => queue().claim({ region, countMax, leaseMs: 60_000 });
const facts = { voices: ['slt'], characters: 6, words: 1 };
const sound = Buffer.from(Array.from({ length: SIZE_BYTES }, (_, index) => index % 251));

/** Speaks one text as a node does: its key is the text. */
async function speak(speech: ClaimedSpeech): Promise<boolean> {
  const soundKey = Buffer.from(JSON.stringify(speech.order.source));
  const found = await queue().find(speech.accountId, soundKey);
  const { pool } = served.control;
  const { accountId, endpoint } = speech;
  const kind = {
    service: 'text-to-speech',
    kind: 'speech',
    dataClass: 'speechFiles',
    mediaType: 'audio/wav',
  } as const;
  const store = () =>
    writeObject({ pool, objects }, { ...kind, accountId, endpoint, durationMs: 700 }, sound);
  const end: SpeechEnd =
    found === undefined
      ? { kind: 'spoken', ...facts, soundKey, durationMs: 700, object: await store() }
      : { kind: 'cached', ...facts, soundKey, found };
  return await queue().finish(speech, end, Date.now());
}

/** Speaks whatever is asked for, until the request is answered. */
async function spoken(tenant: Tenant, body: object) {
  let answer: Awaited<ReturnType<typeof synthesize>> | undefined;
  const asking = synthesize(tenant, body).then((answered) => {
    answer = answered;
  });
  while (answer === undefined) {
    for (const speech of await claim()) await speak(speech);
    await wait(5);
  }
  await asking;
  return answer;
}
const fetchLink = async (url: string, headers: Record<string, string> = {}) =>
  await serveMedia(served.control, new Request(url, { headers })).catch(
    (error: { fields: { status: number } }) => new Response(null, { status: error.fields.status }),
  );
const eventsOf = async (tenant: Tenant) =>
  (
    await owner.query(
      'SELECT type, data FROM platform_event WHERE account_id = $1 AND type LIKE $2 ORDER BY at',
      [tenant.accountId, 'text-to-speech.%'],
    )
  ).rows;
const countOf = async (table: string) =>
  (await owner.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n;

test('a text is spoken by a node, answered in the same request, and heard by its link, in parts as well (TTS)', async () => {
  const { status, body } = await spoken(one, { text: 'Hello.' });
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({
    state: 'completed',
    sizeBytes: SIZE_BYTES,
    durationMs: 700,
    isCacheHit: false,
  });
  const whole = await fetchLink(body.url);
  expect(whole.headers.get('content-type')).toBe('audio/wav');
  expect(Buffer.from(await whole.arrayBuffer()).equals(sound)).toBe(true);
  const part = await fetchLink(body.url, { range: 'bytes=65530-131080' });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 65530-131080/${SIZE_BYTES}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(sound.subarray(65_530, 131_081))).toBe(true);
  expect((await fetchLink(body.url, { range: `bytes=${SIZE_BYTES}-` })).status).toBe(416);
  // Its text is nowhere any more.
  expect((await owner.query('SELECT 1 FROM speech WHERE speech_order IS NOT NULL')).rowCount).toBe(0);
  expect(await eventsOf(one)).toEqual([]);
});

test('the sound is read with a key too, and by nobody else’s; a link opens nothing but what it was signed for', async () => {
  const { body } = await spoken(one, { text: 'Mine.' });
  const audio = async (tenant: Tenant, key: string) => {
    const address = `http://control.test${at(tenant, `/speech/${body.id}/audio`)}`;
    const request = new Request(address, { headers: { authorization: `Bearer ${key}`, range: 'bytes=-10' } });
    return await serveLinkedFile(served.control, request, (asked) => served.control.rest(asked)).catch(
      (error: { fields: { status: number } }) => new Response(null, { status: error.fields.status }),
    );
  };
  const own = await audio(one, one.key);
  expect([own.status, (await own.arrayBuffer()).byteLength]).toEqual([206, 10]);
  expect((await audio(one, other.key)).status).toBe(404);
  expect((await audio(other, other.key)).status).toBe(404);
  for (const path of [`/speech/${body.id}`, '/speech'])
    expect((await served.rest('GET', at(one, path), { key: other.key })).status).toBe(404);
  expect((await served.rest('DELETE', at(other, `/speech/${body.id}`), { key: other.key })).status).toBe(404);
  expect((await served.rest('GET', at(other, '/speech'), { key: other.key })).body.items).toEqual([]);
  const forged = [
    ['account', other.accountId],
    ['expires', String(Date.now() + 9e9)],
    ['signature', 'AAAA'],
  ] as const;
  for (const [name, value] of forged) {
    const link = new URL(body.url);
    link.searchParams.set(name, value);
    expect((await fetchLink(link.href)).status, name).toBe(404);
  }
  const late = {
    control: { ...served.control, media: { ...served.control.media, nowMs: () => Date.now() + 3_700_000 } },
  };
  await expect(serveMedia(late.control, new Request(body.url))).rejects.toMatchObject({
    fields: { status: 404 },
  });
});

test('what sounds the same is answered from before, and never from another account', async () => {
  const first = await spoken(one, { text: 'Again.' });
  const second = await spoken(one, { text: 'Again.' });
  expect(second.body).toMatchObject({ isCacheHit: true, sizeBytes: SIZE_BYTES });
  const objectOf = (url: string) => new URL(url).pathname;
  expect(objectOf(second.body.url)).toBe(objectOf(first.body.url));
  const elsewhere = await spoken(other, { text: 'Again.' });
  expect(elsewhere.body.isCacheHit).toBe(false);
  expect(objectOf(elsewhere.body.url)).not.toBe(objectOf(first.body.url));
  // A file stays for as long as one of them has it.
  const remove = (id: string) => served.rest('DELETE', at(one, `/speech/${id}`), { key: one.key });
  await remove(first.body.id);
  expect((await fetchLink(second.body.url)).status).toBe(200);
  await remove(second.body.id);
  expect((await fetchLink(second.body.url)).status).toBe(404);
});

test('asked for asynchronously, an event tells of the end once, and a repeat with the same key asks for nothing more', async () => {
  const ask = (key: string, body: object) =>
    served.rest('POST', at(other, '/speech'), { key: other.key, headers: { 'idempotency-key': key }, body });
  const body = { text: 'Later.', delivery: 'async', identity: 'bob' };
  const [asked, again] = [await ask('k1', body), await ask('k1', body)];
  expect(asked.body).toMatchObject({ state: 'queued', delivery: 'async' });
  expect(again.body.id).toBe(asked.body.id);
  const [claimed, ...rest] = await claim();
  if (claimed === undefined) throw new Error('Nothing waits.');
  expect([claimed.id, claimed.endpoint, rest]).toEqual([asked.body.id, 'user:bob', []]);
  expect([await speak(claimed), await speak(claimed)]).toEqual([true, false]);
  await ask('k2', { ...body, text: 'Never.' });
  const [failing] = await claim();
  if (failing === undefined) throw new Error('Nothing waits.');
  await queue().finish(failing, { kind: 'failed', reason: 'unavailable', detail: 'No engine.' }, Date.now());
  expect(await eventsOf(other)).toMatchObject([
    {
      type: 'text-to-speech.completed',
      data: {
        ...{ speechId: asked.body.id, characters: 6, objectId: expect.stringMatching(/^obj_/) },
        path: at(other, `/speech/${asked.body.id}/audio`),
      },
    },
    {
      type: 'text-to-speech.failed',
      data: { speechId: failing.id, code: 'text-to-speech.unavailable', detail: 'No engine.' },
    },
  ]);
});

test('an account has no more at work than it may, others come between, and what a node lost is taken again (QUE)', async () => {
  await served.rest('PUT', at(one, '/config'), { key: one.key, body: { concurrentMax: 2 } });
  for (const text of ['a', 'b', 'c']) await synthesize(one, { text, delivery: 'async' });
  await synthesize(other, { text: 'd', delivery: 'async' });
  const taken = await claim(2);
  expect(taken.map(({ accountId }) => accountId).sort()).toEqual([one.accountId, other.accountId].sort());
  expect((await claim()).map(({ accountId }) => accountId)).toEqual([one.accountId]);
  expect(await claim()).toEqual([]);
  await owner.query("UPDATE speech SET lease_until = now() - interval '1 second' WHERE state = 'running'");
  const again = await claim(1);
  expect(again).toMatchObject([{ attempt: 2 }]);
  const lost = taken.find(({ id }) => id === again[0]?.id);
  // Whoever lost it does not end it, and leaves no file behind.
  const before = await countOf('stored_object');
  if (lost !== undefined) expect(await speak(lost)).toBe(false);
  expect(await countOf('stored_object')).toBe(before);
  for (;;) {
    const left = await claim();
    if (left.length === 0) break;
    for (const speech of left) await speak(speech);
  }
});

test('a text waits for a node in a region that may serve its account', async () => {
  await synthesize(one, { text: 'Regional.', delivery: 'async' });
  await owner.query("UPDATE speech SET regions = '{eu-west}' WHERE state = 'queued'");
  expect(await claim(10, 'us-east')).toEqual([]);
  const [speech] = await claim(10, 'eu-west');
  expect(speech).toMatchObject({ accountId: one.accountId });
  if (speech !== undefined) await speak(speech);
});

test('files are listed as what the service left, of an endpoint as well, for whoever may read them (API-2)', async () => {
  const listed = await served.rest('GET', at(other, '/data?form=media'), { key: other.key });
  const [newest] = listed.body.items;
  expect(newest).toMatchObject({
    kind: 'speech',
    form: 'media',
    mediaType: 'audio/wav',
    sizeBytes: SIZE_BYTES,
    dataClass: 'speechFiles',
  });
  expect(Date.parse(newest.keptUntil) - Date.parse(newest.createdAt)).toBe(30 * 86_400_000);
  expect((await served.rest('GET', newest.path, { key: other.key })).body).toMatchObject({
    state: 'completed',
  });
  const page = await served.rest('GET', at(other, `/data?form=media&limit=1`), { key: other.key });
  const next = await served.rest(
    'GET',
    at(other, `/data?form=media&limit=1&cursor=${encodeURIComponent(page.body.nextCursor)}`),
    { key: other.key },
  );
  expect(next.body.items[0].id).toBe(listed.body.items[1].id);
});

test('files go with their class, and their bytes after them; bytes that nobody’s row came for go too (PRD-4)', async () => {
  const { pool } = served.control;
  const { body } = await spoken(one, { text: 'Old.' });
  await owner.query(
    "UPDATE stored_object SET created_at = now() - interval '40 days' WHERE account_id = $1",
    [one.accountId],
  );
  await writeObject(
    { pool, objects },
    {
      accountId: one.accountId,
      service: 'text-to-speech',
      kind: 'speech',
      dataClass: 'speechFiles',
      mediaType: 'audio/wav',
    },
    sound,
  );
  const batch = {
    name: 'speechFiles',
    ids: [one.accountId],
    befores: [new Date(Date.now() - 30 * 86_400_000)],
    rowsAtOnce: 100,
  } as const;
  expect(await forgetRows(pool, batch)).toBeGreaterThan(0);
  expect((await fetchLink(body.url)).status).toBe(404);
  expect((await served.rest('GET', at(one, `/speech/${body.id}`), { key: one.key })).body).not.toHaveProperty(
    'url',
  );
  const bytes = () => countOf('stored_bytes');
  expect(await removeDueObjects(pool, objects)).toBeGreaterThan(0);
  // What was begun a moment ago may still get its row.
  expect(await bytes()).toBe(2);
  await owner.query("UPDATE stored_bytes SET remove_at = now() - interval '1 second'");
  expect(await removeDueObjects(pool, objects)).toBe(2);
  expect(await bytes()).toBe(0);
  const lying = (await owner.query('SELECT id FROM stored_object')).rows.length;
  expect(lying).toBe(await filesIn(folder));
});

async function filesIn(of: string): Promise<number> {
  const all = await readdir(of, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).length;
}
