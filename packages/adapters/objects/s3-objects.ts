import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { ObjectMissingError, type ObjectStore, objectPath } from './object-store.ts';

export interface S3Options {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Such as https://s3.eu-central-1.amazonaws.com: the bucket stands behind it, in the path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly fetch?: typeof fetch;
  readonly nowMs?: () => number;
}

interface S3Request {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** For one request, its content included. */
const REQUEST_MS_MAX = 60_000;

/** A bucket of a store that speaks the protocol of S3. */
export function s3Objects({
  endpoint,
  bucket,
  fetch: send = fetch,
  nowMs = Date.now,
  ...key
}: S3Options): ObjectStore {
  const urlOf = (name: string) =>
    new URL(`${bucket}/${objectPath(name)}`, endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  async function request({ method, headers = {}, body }: S3Request, name: string): Promise<Response> {
    const content = Buffer.from(body ?? []);
    const signed = await new AwsV4Signer({
      ...key,
      service: 's3',
      method,
      url: urlOf(name).href,
      // The content is signed with the rest: otherwise the library signs that it may be anything.
      headers: { ...headers, 'x-amz-content-sha256': createHash('sha256').update(content).digest('hex') },
      datetime: new Date(nowMs()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    }).sign();
    const response = await send(signed.url, {
      method,
      headers: signed.headers,
      ...(body === undefined ? {} : { body: content }),
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    });
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) throw new ObjectMissingError(name);
    throw new Error(`The object store answered ${method} with status ${response.status}.`);
  }
  return {
    async put(name, body) {
      const answer = await request({ method: 'PUT', body }, name);
      await answer.body?.cancel();
    },

    async read(name, { first, last }) {
      const answer = await request({ method: 'GET', headers: { range: `bytes=${first}-${last}` } }, name);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.status !== 206 || bytes.length !== last - first + 1)
        throw new Error(
          `The object store answered ${bytes.length} bytes where ${last - first + 1} were asked for.`,
        );
      return bytes;
    },

    async remove(name) {
      const answer = await request({ method: 'DELETE' }, name).catch((error: unknown) => {
        if (error instanceof ObjectMissingError) return undefined;
        throw error;
      });
      await answer?.body?.cancel();
    },
  };
}
