import { byteRangeOf } from '@patchbay/domain/stored-media/byte-range';
import { objectLinks } from '@patchbay/domain/stored-media/object-link';
import { platformError, type ServiceError } from '@patchbay/kit/errors';
import type { ControlPlane } from './compose.ts';

type Media = Pick<ControlPlane, 'media'>;

const unknown = (): ServiceError =>
  platformError('resource.unknown', 'This link leads nowhere, or not any more: ask for a new one.');

/**
 * A stored file, to whoever holds a link that was signed for it and is not over; a part of it where a range is asked for.
 * @throws resource.unknown for every link that does not hold, whatever is wrong with it.
 */
export async function serveMedia({ media }: Media, request: Request): Promise<Response> {
  const link = objectLinks.from(new URL(request.url));
  if (link === undefined) throw unknown();
  const { signature, ...signed } = link;
  if (!media.isSigned(signed, signature) || signed.expiresMs <= media.nowMs()) throw unknown();
  const object = await media.find(signed);
  if (object === undefined) throw unknown();
  const { mediaType, sizeBytes } = object;
  const headers = {
    'content-type': mediaType,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
  };
  const range = byteRangeOf(request.headers.get('range'), sizeBytes);
  if (range === 'unsatisfiable')
    return new Response(null, {
      status: 416,
      headers: { ...headers, 'content-range': `bytes */${sizeBytes}` },
    });
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  const parts = media.read(object, { first, last });
  // What cannot be opened is a failure, and no answer of 200 that breaks off.
  const begun = await parts.next();
  const body = new ReadableStream<Uint8Array>({
    start(file) {
      if (begun.done !== true) file.enqueue(begun.value);
    },
    async pull(file) {
      const { done, value } = await parts.next();
      if (done === true) file.close();
      else file.enqueue(value);
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
  return new Response(body, {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      'content-length': String(last - first + 1),
      ...(range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${sizeBytes}` }),
    },
  });
}

/** The file that an answer links to, to whoever may read that answer: it is asked for with the caller's own key, at the address above. */
export async function serveLinkedFile(
  control: Media,
  request: Request,
  rest: (asked: Request) => Promise<Response>,
): Promise<Response> {
  const address = new URL(request.url);
  address.pathname = address.pathname.replace(/\/[^/]+$/, '');
  const headers = new Headers(request.headers);
  // The tag of what is told of it is none of the file.
  headers.delete('if-none-match');
  const answer = await rest(new Request(address, { headers, signal: request.signal }));
  if (!answer.ok) return answer;
  const { url } = (await answer.json()) as { url?: string };
  if (url === undefined)
    throw platformError('resource.unknown', 'There is no file of it: not yet, or not any more.');
  const file = await serveMedia(
    control,
    new Request(url, { headers: rangeOf(headers), signal: request.signal }),
  );
  const requestId = answer.headers.get('x-request-id');
  if (requestId !== null) file.headers.set('x-request-id', requestId);
  return file;
}

function rangeOf(headers: Headers): Record<string, string> {
  const range = headers.get('range');
  return range === null ? {} : { range };
}
