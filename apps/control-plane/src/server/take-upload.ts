import { writeObject } from '@patchbay/adapters/objects/stored-objects';
import type { TranscodingStore } from '@patchbay/adapters/transcoding/transcoding-store';
import { uploadLinks } from '@patchbay/domain/stored-media/object-link';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { transcodingErrors } from '@patchbay/services/transcoding/errors';
import type { Pool } from 'pg';
import type { ControlPlane } from './compose.ts';

/** An upload that no job came to in this time, or whose job is over, goes by itself. */
const KEPT_MS = 7 * 86_400_000;

interface Uploads {
  readonly pool: Pool;
  readonly media: Pick<ControlPlane['media'], 'isUploadSigned' | 'objects' | 'nowMs'>;
  readonly transcodingJobs: Pick<TranscodingStore, 'awaited' | 'take'>;
}

const unknown = (): ServiceError =>
  platformError('resource.unknown', 'This link leads nowhere, or not any more: ask for a new job.');

const refusal = (reason: 'not_awaited' | 'upload_invalid', publicDetail: string): ServiceError =>
  new ServiceError({ ...transcodingErrors[reason], code: `transcoding.${reason}`, publicDetail });

/**
 * Takes the file of a job from whoever holds the link that was signed for it: once, and no byte more or less than was said.
 * @throws resource.unknown for every link that does not hold, whatever is wrong with it.
 */
export async function takeUpload(
  { pool, media, transcodingJobs: jobs }: Uploads,
  request: Request,
): Promise<Response> {
  const link = uploadLinks.from(new URL(request.url));
  if (link === undefined) throw unknown();
  const { signature, ...signed } = link;
  if (!media.isUploadSigned(signed, signature) || signed.expiresMs <= media.nowMs()) throw unknown();
  const { objects } = media;
  if (objects === undefined)
    throw new Error('Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL.');
  const { accountId, id: jobId } = signed;
  const awaited = await jobs.awaited({ accountId, jobId });
  if (awaited === undefined) throw refusal('not_awaited', 'Its file has come already, or the job is over.');
  const { uploadBytes, applicationId, endpoint } = awaited;
  const bytes = await readExactly(request, uploadBytes);
  const object = await writeObject(
    { pool, objects },
    {
      ...{ accountId, applicationId, endpoint, service: 'transcoding', kind: 'upload' },
      ...{ dataClass: 'transcodedFiles', mediaType: 'application/octet-stream' },
      expiresAt: new Date(media.nowMs() + KEPT_MS),
    },
    bytes,
  );
  if (!(await jobs.take({ accountId, jobId }, object)))
    throw refusal('not_awaited', 'Its file has come already, or the job is over.');
  return Response.json({ id: jobId, state: 'queued' }, { headers: { 'cache-control': 'no-store' } });
}

/** What is longer is not read to its end. */
async function readExactly({ body, headers }: Request, sizeBytes: number): Promise<Uint8Array> {
  const said = headers.get('content-length');
  const wrong = (what: string) => refusal('upload_invalid', `${what}; ${sizeBytes} were to come.`);
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
