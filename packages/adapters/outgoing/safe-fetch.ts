import { type SafeRequestOptions, safeSender } from './safe-request.ts';

/** A document of keys has some kilobytes. What is larger is no answer of a provider. */
const RESPONSE_BYTES_MAX = 262_144;
const TOTAL_MS_MAX = 8_000;

export interface FetchedBy {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** As `fetch`, for what a library asks of addresses that customers write. */
export type SafeFetch = (url: string, options: FetchedBy) => Promise<Response>;

/** Why nothing came of a request. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly reason: string;
  constructor(reason: string) {
    super(`The request failed: ${reason}.`);
    this.reason = reason;
  }
}

/** An answer of whatever status, which is whole; nothing is sent where it must not go, and no redirect is followed (C28, C29). */
export function safeFetch(options: SafeRequestOptions): SafeFetch {
  const send = safeSender({
    totalMsMax: TOTAL_MS_MAX,
    ...options,
    responseBytesMax: RESPONSE_BYTES_MAX,
    keptBytesMax: RESPONSE_BYTES_MAX,
  });
  return async (url, { method, headers, body }) => {
    if (method !== 'GET' && method !== 'POST') throw new FetchError('method');
    const text = body === undefined || body === null ? '' : String(body);
    const { status, error, response, contentType } = await send({ url, method, headers, body: text });
    if (status === undefined || (error !== undefined && error !== 'status'))
      throw new FetchError(error ?? 'connect_failed');
    return new Response(response ?? '', {
      status,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
    });
  };
}
