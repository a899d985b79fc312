import { gunzipSync } from 'node:zlib';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveExport } from './serve-export.ts';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

let database: TestDatabase;
let served: Served;
let alice: Tenant;
let bob: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  [alice, bob] = [await signUp(served, 'alice'), await signUp(served, 'zbob')];
}, 120_000);
afterAll(async () => {
  await served.close();
  await database.drop();
});

const asAlice = (method: string, path: string, body?: object) =>
  served.rest(method, `/v1/accounts/${alice.accountId}${path}`, {
    key: alice.key,
    ...(body === undefined ? {} : { body }),
  });
const asBob = (path: string) =>
  served.rest('POST', `/v1/accounts/${bob.accountId}${path}`, { key: bob.key, body: {} });

const open = (path: string, headers: Record<string, string> = {}) =>
  served.control.answering(() =>
    serveExport(served.control, new Request(`http://control.test${path}`, { headers })),
  );

test('C52: an export is asked for, made by the job, and read by a short-lived link that opens nothing else (C23)', async () => {
  const { body: asked } = await asAlice('POST', '/exports', {});
  expect(asked).toMatchObject({ state: 'pending', scope: 'account' });
  expect(await asAlice('POST', `/exports/${asked.id}/links`, {})).toMatchObject({ status: 409 });
  expect(await asAlice('POST', '/exports', {})).toMatchObject({
    body: { code: 'privacy.export_at_work' },
  });
  await served.control.privacyWork.runDue();
  expect((await asAlice('GET', `/exports/${asked.id}`)).body).toMatchObject({ state: 'ready' });
  const { body: link } = await asAlice('POST', `/exports/${asked.id}/links`, {});

  const whole = await open(link.path);
  expect(whole.headers.get('content-length')).toBe(String(link.sizeBytes));
  const bytes = Buffer.from(await whole.arrayBuffer());
  const archive = gunzipSync(bytes).toString('latin1');
  expect(archive).toContain('"format": "patchbay-export"');
  expect(archive).toContain(alice.accountId);
  for (const foreign of [bob.accountId, 'zbob', alice.key.slice(20)]) expect(archive).not.toContain(foreign);
  const rest = await open(link.path, { range: 'bytes=100-' });
  expect(rest.status).toBe(206);
  expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(100))).toBe(true);

  const changed = (name: string, value: string) => {
    const address = new URL(link.path, 'http://control.test');
    address.searchParams.set(name, value);
    return `${address.pathname}${address.search}`;
  };
  const { body: bobs } = await asBob('/exports');
  await served.control.privacyWork.runDue();
  for (const path of [
    changed('expires', String(Date.now() + 86_400_000)),
    changed('account', bob.accountId),
    changed('signature', 'AAAA'),
    link.path.replace(asked.id, bobs.id),
    `/api/exports/${asked.id}`,
  ])
    expect((await open(path)).status, path).toBe(404);
  expect(await asBob(`/exports/${asked.id}/links`)).toMatchObject({ status: 404 });
  await asAlice('DELETE', `/exports/${asked.id}`);
  expect((await open(link.path)).status).toBe(404);
});

test('a link that is over opens nothing', async () => {
  const { body: asked } = await asAlice('POST', '/exports', {});
  await served.control.privacyWork.runDue();
  const { body: link } = await asAlice('POST', `/exports/${asked.id}/links`, {});
  const { exports } = served.control;
  const later = { exports: { ...exports, nowMs: () => Date.parse(link.expiresAt) } };
  const request = new Request(`http://control.test${link.path}`);
  await expect(serveExport(later, request)).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
  expect((await serveExport(served.control, request)).status).toBe(200);
});
