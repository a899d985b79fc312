import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClaimedFileJob } from '@patchbay/adapters/file-jobs/file-job-table';
import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import type { StoredObject } from '@patchbay/domain/stored-media/stored-object';
import { fetchFollowing, whyOf } from '../media/fetch-following.ts';
import type { WorkFailure } from './work-failure.ts';

const ACCEPT = 'audio/*, video/*, image/*, */*;q=0.5';

export interface InputSources {
  /** Fetches a file, piece by piece. No more of it than may come is taken. */
  readonly fetchTo: (to: {
    readonly bytesMax: number;
    readonly takeBytes: (bytes: Uint8Array) => Promise<void>;
    readonly signal: AbortSignal;
  }) => SendSafely;
  /** Undefined: files are stored nowhere. */
  readonly stored:
    | {
        find(file: {
          readonly accountId: string;
          readonly objectId: string;
        }): Promise<StoredObject | undefined>;
        read(object: StoredObject): AsyncIterable<Uint8Array>;
      }
    | undefined;
}

/** Puts the file that a job is about where programs find it. @returns why there is none, or undefined. */
export async function writeInput(
  job: ClaimedFileJob,
  {
    file,
    signal,
    sources,
    userAgent,
  }: {
    readonly file: string;
    readonly signal: AbortSignal;
    readonly sources: InputSources;
    readonly userAgent: string;
  },
): Promise<WorkFailure | undefined> {
  const { input } = job.order;
  switch (input.kind) {
    case 'uri':
      return await writeFetched(input.uri, {
        ...{ file, signal, sources, userAgent },
        bytesMax: job.order.inputBytesMax,
      });
    case 'object':
    case 'upload':
      return await writeStored(job, { file, sources });
  }
}

async function writeFetched(
  uri: string,
  {
    file,
    signal,
    sources,
    userAgent,
    bytesMax,
  }: {
    readonly file: string;
    readonly signal: AbortSignal;
    readonly sources: InputSources;
    readonly userAgent: string;
    readonly bytesMax: number;
  },
): Promise<WorkFailure | undefined> {
  const written = await open(file, 'wx', 0o600);
  try {
    const fetch = sources.fetchTo({
      ...{ bytesMax, signal },
      takeBytes: async (bytes) => {
        await written.write(bytes);
      },
    });
    const headers = { accept: ACCEPT, 'user-agent': userAgent };
    const { url, answer } = await fetchFollowing(uri, { fetch, headers });
    // What opens it may stand in its query.
    const what = JSON.stringify((url.split('?')[0] ?? '').slice(0, 200));
    if (answer.error === 'response_too_large')
      return { failure: 'input_too_large', detail: `The file at ${what} has more than ${bytesMax} bytes.` };
    return answer.error === undefined
      ? undefined
      : { failure: 'input_unreachable', detail: `The file at ${what} cannot be fetched: ${whyOf(answer)}.` };
  } finally {
    await written.close();
  }
}

async function writeStored(
  { accountId, inputObjectId, order }: ClaimedFileJob,
  { file, sources: { stored } }: { readonly file: string; readonly sources: InputSources },
): Promise<WorkFailure | undefined> {
  if (stored === undefined)
    return {
      failure: 'unavailable',
      detail:
        'Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL at the nodes of the role jobs.',
    };
  const object =
    inputObjectId === undefined ? undefined : await stored.find({ accountId, objectId: inputObjectId });
  if (object === undefined)
    return order.input.kind === 'upload'
      ? { failure: 'upload_missing', detail: 'It was not sent within an hour, or is gone.' }
      : { failure: 'input_unreachable', detail: 'The stored file is not there any more.' };
  if (object.sizeBytes > order.inputBytesMax)
    return {
      failure: 'input_too_large',
      detail: `It has ${object.sizeBytes} bytes; ${order.inputBytesMax} are taken.`,
    };
  await pipeline(Readable.from(stored.read(object)), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  return undefined;
}
