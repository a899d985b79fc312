import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signedHeaders } from './aws-signature.testing.ts';
import { linkSigner } from './link-signer.ts';
import { localObjects } from './local-objects.ts';
import { objectStoreOf } from './object-env.ts';
import { ObjectMissingError, type ObjectStore, objectPath } from './object-store.ts';
import { s3Objects } from './s3-objects.ts';
import { CHUNK_BYTES, sealedObjects } from './sealed-objects.ts';

const masterKey = randomBytes(32);
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-objects-'));
const bucket = new Map<string, Buffer>();
const signing = { region: 'eu-1', accessKeyId: 'AKID', secretAccessKey: 'secret' };
let server: Server;
let stores: Readonly<Record<string, ObjectStore>>;

beforeAll(async () => {
  // A bucket that looks at the signature as S3 does: over what came, and not over what was meant.
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    const { range, 'x-amz-date': time, authorization } = request.headers;
    const nowMs = Date.parse(String(time).replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
    const method = request.method as 'GET' | 'PUT' | 'DELETE';
    const wanted = signedHeaders({ method, url, headers: {}, body }, signing, nowMs).authorization;
    if (authorization?.replaceAll(', ', ',') !== wanted) {
      response.writeHead(403).end();
      return;
    }
    const held = bucket.get(url.pathname);
    if (method === 'PUT') bucket.set(url.pathname, body);
    if (method === 'DELETE') bucket.delete(url.pathname);
    if (method !== 'GET') response.writeHead(method === 'PUT' ? 200 : 204).end();
    else if (held === undefined) response.writeHead(404).end();
    else {
      const [, first = 0, last = 0] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
      response.writeHead(206).end(held.subarray(Number(first), Number(last) + 1));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stores = {
    'a folder': localObjects(folder),
    'a bucket': s3Objects({ endpoint, bucket: 'media', ...signing }),
  };
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function readAll(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const part of parts) found.push(part);
  return Buffer.concat(found);
}

test.each(['a folder', 'a bucket'])(
  '%s holds what was put there, gives any part of it, and takes it away',
  async (name) => {
    const store = stores[name] as ObjectStore;
    const bytes = randomBytes(1_000);
    await store.put('obj_one', bytes);
    expect(Buffer.from(await store.read('obj_one', { first: 0, last: 999 })).equals(bytes)).toBe(true);
    expect(Buffer.from(await store.read('obj_one', { first: 10, last: 10 }))).toEqual(bytes.subarray(10, 11));
    await expect(store.read('obj_one', { first: 990, last: 1_000 })).rejects.toThrow(/shorter|bytes/);
    await store.remove('obj_one');
    await store.remove('obj_one');
    await expect(store.read('obj_one', { first: 0, last: 0 })).rejects.toThrow(ObjectMissingError);
  },
);

test('a bucket refuses what was signed with another secret, and a key that is none leads nowhere', async () => {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const other = s3Objects({ endpoint, bucket: 'media', ...signing, secretAccessKey: 'wrong' });
  await expect(other.put('obj_two', randomBytes(3))).rejects.toThrow('status 403');
  for (const key of ['../etc/passwd', 'a/b', '', 'A'.repeat(200)])
    expect(() => objectPath(key)).toThrow('no key');
});

test('requests are signed as the example of the specification is (AWS Signature Version 4)', () => {
  const { authorization } = signedHeaders(
    {
      method: 'GET',
      url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
      headers: { range: 'bytes=0-9' },
      body: new Uint8Array(),
    },
    {
      region: 'us-east-1',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    },
    Date.UTC(2013, 4, 24),
  );
  expect(authorization).toContain(
    'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  );
});

test('what lies in the store says nothing, and any part of it is read alone', async () => {
  const objects = sealedObjects(localObjects(folder), masterKey);
  const bytes = Buffer.alloc(20 * CHUNK_BYTES + 77, 'patchbay ');
  const one = { key: 'obj_sealed', accountId: 'acc_1' };
  await objects.put(one, bytes);
  const lying = await localObjects(folder).read('obj_sealed', { first: 0, last: bytes.length });
  expect(Buffer.from(lying).includes('patchbay')).toBe(false);
  const object = { ...one, sizeBytes: bytes.length };
  for (const [first, last] of [
    [0, bytes.length - 1],
    [0, 0],
    [CHUNK_BYTES - 1, CHUNK_BYTES],
    [15 * CHUNK_BYTES + 3, 17 * CHUNK_BYTES],
    [bytes.length - 1, bytes.length - 1],
  ] as const)
    expect(
      (await readAll(objects.read(object, { first, last }))).equals(bytes.subarray(first, last + 1)),
    ).toBe(true);
  expect(
    readdirSync(path.join(folder, 'objects'), { recursive: true }).filter((name) =>
      String(name).includes('.'),
    ),
  ).toEqual([]);
});

test('a file opens for its account alone, and not when it was changed, cut off or put in the place of another', async () => {
  const store = localObjects(folder);
  const objects = sealedObjects(store, masterKey);
  const bytes = randomBytes(2 * CHUNK_BYTES);
  const one = { key: 'obj_mine', accountId: 'acc_1' };
  await objects.put(one, bytes);
  await objects.put({ key: 'obj_other', accountId: 'acc_1' }, bytes);
  const object = { ...one, sizeBytes: bytes.length };
  const all = { first: 0, last: bytes.length - 1 };
  const reading = (of: typeof object, by = objects) =>
    readAll(by.read(of, { first: 0, last: of.sizeBytes - 1 }));
  expect((await reading(object)).equals(bytes)).toBe(true);
  await expect(reading({ ...object, accountId: 'acc_2' })).rejects.toThrow();
  await expect(reading({ ...object, sizeBytes: CHUNK_BYTES })).rejects.toThrow();
  await expect(reading(object, sealedObjects(store, randomBytes(32)))).rejects.toThrow();
  const sealed = Buffer.from(await store.read('obj_mine', { first: 0, last: 2 * (CHUNK_BYTES + 16) - 1 }));
  const width = CHUNK_BYTES + 16;
  await store.put('obj_mine', Buffer.concat([sealed.subarray(width), sealed.subarray(0, width)]));
  await expect(readAll(objects.read(object, all))).rejects.toThrow();
  await store.put('obj_mine', Buffer.from(await store.read('obj_other', { first: 0, last: 2 * width - 1 })));
  await expect(readAll(objects.read(object, all))).rejects.toThrow();
});

test('a link is signed for one use: neither another key nor another use signs the same', () => {
  const [one, other] = [linkSigner(masterKey, 'one'), linkSigner(masterKey, 'other')];
  const signature = one.sign('text');
  expect(one.isSigned('text', signature)).toBe(true);
  for (const [text, given] of [
    ['texts', signature],
    ['text', other.sign('text')],
    ['text', ''],
    ['text', `${signature}=`],
  ] as const)
    expect(one.isSigned(text, given)).toBe(false);
});

test('settings name a folder or a bucket, or nothing; a bucket without its key stops the start', () => {
  const base = { PATCHBAY_S3_REGION: 'us-east-1' };
  expect(objectStoreOf(base)).toBeUndefined();
  expect(objectStoreOf({ ...base, PATCHBAY_FILES: folder })).toBeDefined();
  const url = { ...base, PATCHBAY_S3_URL: 'https://s3.test/media' };
  expect(() => objectStoreOf(url)).toThrow('PATCHBAY_S3_ACCESS_KEY_ID');
  const key = { PATCHBAY_S3_ACCESS_KEY_ID: 'a', PATCHBAY_S3_SECRET_ACCESS_KEY: 'b' };
  expect(objectStoreOf({ ...url, ...key })).toBeDefined();
});
