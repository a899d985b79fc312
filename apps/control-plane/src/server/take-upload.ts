import type { FileJobUploads } from '@patchbay/adapters/file-jobs/file-job-store';
import { type NewObject, writeObject } from '@patchbay/adapters/objects/stored-objects';
import { uploadLinks } from '@patchbay/domain/stored-media/object-link';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import type { IdPrefix } from '@patchbay/kit/ids';
import type { SignedLink } from '@patchbay/kit/signed-link';
import { fileErrors } from '@patchbay/services/file-request';
import type { Pool } from 'pg';
import type { StoredMedia } from './stored-media.ts';

/** An upload that no job came to in this time, or whose job is over, goes by itself. */
const KEPT_MS = 7 * 86_400_000;

/** Files that come into one process at a time: each is held in memory until it is sealed. */
const AT_ONCE_MAX = 4;
const BUSY_RETRY_MS = 5_000;

interface Uploads {
  readonly pool: Pool;
  readonly media: Pick<StoredMedia, 'isUploadSigned' | 'objects'>;
  readonly services: readonly UploadingService[];
  readonly nowMs: () => number;
}

/** A service that works on files, and how the ids of its jobs begin: a link names one of them. */
interface UploadingService {
  readonly name: 'transcoding' | 'speech-detection';
  readonly idPrefix: IdPrefix;
  readonly dataClass: NewObject['dataClass'];
  readonly jobs: FileJobUploads;
}

export const uploadingServices = ({
  transcoding,
  speechDetection,
}: {
  readonly transcoding: FileJobUploads;
  readonly speechDetection: FileJobUploads;
}): readonly UploadingService[] => [
  { name: 'transcoding', idPrefix: 'trc', dataClass: 'transcodedFiles', jobs: transcoding },
  { name: 'speech-detection', idPrefix: 'dtc', dataClass: 'speechDetections', jobs: speechDetection },
];

const unknown = (): ServiceError =>
  platformError('resource.unknown', 'This link leads nowhere, or not any more: ask for a new job.');

const refusal = (
  service: UploadingService['name'],
  reason: 'not_awaited' | 'upload_invalid' | 'uploads_busy',
  publicDetail: string,
): ServiceError => {
  const retryAfterMs = reason === 'uploads_busy' ? { retryAfterMs: BUSY_RETRY_MS } : {};
  return new ServiceError({
    ...fileErrors[reason],
    ...{ code: `${service}.${reason}`, publicDetail, ...retryAfterMs },
  });
};

/**
 * Takes the file of a job from whoever holds the link that was signed for it: once, and no byte more or less than was said.
 * @throws resource.unknown for every link that does not hold, whatever is wrong with it.
 */
export function uploadTaker(uploads: Uploads): (request: Request) => Promise<Response> {
  let comingCount = 0;
  return async (request) => {
    const link = linkOf(uploads, request);
    const service = uploads.services.find(({ idPrefix }) => link.id.startsWith(`${idPrefix}_`));
    if (service === undefined) throw unknown();
    if (comingCount >= AT_ONCE_MAX)
      throw refusal(
        service.name,
        'uploads_busy',
        `${AT_ONCE_MAX} files are coming in, and no more may at a time.`,
      );
    comingCount++;
    try {
      await take(uploads, { link, service, request });
    } finally {
      comingCount--;
    }
    return Response.json({ id: link.id, state: 'queued' }, { headers: { 'cache-control': 'no-store' } });
  };
}

function linkOf({ media, nowMs }: Uploads, { url }: Request): SignedLink {
  const link = uploadLinks.from(new URL(url));
  if (link === undefined) throw unknown();
  const { signature, ...signed } = link;
  if (!media.isUploadSigned(signed, signature) || signed.expiresMs <= nowMs()) throw unknown();
  return signed;
}

async function take(
  { pool, media: { objects }, nowMs }: Uploads,
  {
    link: { accountId, id: jobId },
    service: { name, dataClass, jobs },
    request,
  }: { readonly link: SignedLink; readonly service: UploadingService; readonly request: Request },
): Promise<void> {
  if (objects === undefined)
    throw new Error('Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL.');
  const notAwaited = () => refusal(name, 'not_awaited', 'Its file has come already, or the job is over.');
  const awaited = await jobs.awaited({ accountId, jobId });
  if (awaited === undefined) throw notAwaited();
  const { uploadBytes, applicationId, endpoint } = awaited;
  const bytes = await readExactly(request, uploadBytes, (detail) => refusal(name, 'upload_invalid', detail));
  const object = await writeObject(
    { pool, objects },
    {
      ...{ accountId, applicationId, endpoint, service: name, kind: 'upload' },
      ...{ dataClass, mediaType: 'application/octet-stream' },
      expiresAt: new Date(nowMs() + KEPT_MS),
    },
    bytes,
  );
  if (!(await jobs.take({ accountId, jobId }, object))) throw notAwaited();
}

/** What is longer is not read to its end. */
async function readExactly(
  { body, headers }: Request,
  sizeBytes: number,
  invalid: (detail: string) => ServiceError,
): Promise<Uint8Array> {
  const said = headers.get('content-length');
  const wrong = (what: string) => invalid(`${what}; ${sizeBytes} were to come.`);
  if (said !== null && Number(said) !== sizeBytes) throw wrong(`It has ${said} bytes`);
  const bytes = new Uint8Array(sizeBytes);
  let count = 0;
  for await (const chunk of body ?? []) {
    if (count + chunk.byteLength > sizeBytes) throw wrong(`It has more than ${sizeBytes} bytes`);
    bytes.set(chunk, count);
    count += chunk.byteLength;
  }
  if (count !== sizeBytes) throw wrong(`It has ${count} bytes`);
  return bytes;
}
