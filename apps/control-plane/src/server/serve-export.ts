import { exportLinks } from '@patchbay/domain/privacy/export-link';
import { platformError, type ServiceError } from '@patchbay/kit/errors';
import type { ControlPlane } from './compose.ts';

const unknown = (): ServiceError =>
  platformError('resource.unknown', 'This link leads nowhere, or not any more: make a new one.');

/** The byte from which on a request wants the rest. Undefined: all of it. What asks for less is answered with all. */
function firstByteOf(range: string | null, sizeBytes: number): number | undefined {
  const first = /^bytes=(\d+)-$/.exec(range ?? '')?.[1];
  const at = Number(first);
  return first !== undefined && at < sizeBytes ? at : undefined;
}

/**
 * The archive of an export, to whoever holds a link that was signed for it and is not over (C52). Part after part, as it is
 * read; a transfer that broke off goes on from a byte. @throws resource.unknown for every link that does not hold.
 */
export async function serveExport(
  { exports }: Pick<ControlPlane, 'exports'>,
  request: Request,
): Promise<Response> {
  const link = exportLinks.from(new URL(request.url));
  if (link === undefined) throw unknown();
  const { signature, ...signed } = link;
  if (!exports.isSigned(signed, signature) || signed.expiresMs <= exports.nowMs()) throw unknown();
  const archive = await exports.open(signed);
  if (archive === undefined) throw unknown();
  const { sizeBytes } = archive;
  const firstByte = firstByteOf(request.headers.get('range'), sizeBytes);
  const parts = archive.read(firstByte ?? 0);
  const body = new ReadableStream<Uint8Array>({
    async pull(file) {
      const { done, value } = await parts.next();
      if (done === true) file.close();
      else file.enqueue(value);
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
  const headers = {
    'content-type': 'application/gzip',
    'content-disposition': `attachment; filename="patchbay-${signed.id}.tar.gz"`,
    'content-length': String(sizeBytes - (firstByte ?? 0)),
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    ...(firstByte === undefined
      ? {}
      : { 'content-range': `bytes ${firstByte}-${sizeBytes - 1}/${sizeBytes}` }),
  };
  return new Response(body, { status: firstByte === undefined ? 200 : 206, headers });
}
