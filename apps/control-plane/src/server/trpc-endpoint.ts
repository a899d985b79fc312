import { evidenceOf } from '@patchbay/faces/evidence';
import { readTypedBody } from '@patchbay/faces/request-body';
import { toResponse } from '@patchbay/faces/rest';
import { createRequestId } from '@patchbay/faces/trpc';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { ControlPlane } from './compose.ts';
import { rootOf } from './failure-log.ts';
import { ADDRESS_HEADER } from './request-address.ts';
import { unknownHost } from './request-host.ts';
import { signInSessionOf } from './sign-in-session.ts';

/** Calls of one request. The limiter counts each, so that a batch is as dear as its parts. */
export const BATCH_COUNT_MAX = 50;

/** Serves the dashboard, and whoever speaks tRPC with a key. */
export function serveTrpc(control: ControlPlane, request: Request): Promise<Response> {
  return control.answering(() => served(control, request), request.headers);
}

async function served({ router, log, hosts, env }: ControlPlane, request: Request): Promise<Response> {
  const callCount = Math.min(callsOf(request).length, BATCH_COUNT_MAX);
  const requestIds = Array.from({ length: callCount }, createRequestId);
  const [requestId = createRequestId()] = requestIds;
  const host = await hosts.of(request.headers);
  try {
    if (host.kind === 'unknown') throw unknownHost();
    const { within } = host;
    const baseUrl = host.kind === 'brand' ? host.baseUrl : undefined;
    const sessionOf = () => signInSessionOf(request, env.PATCHBAY_URL);
    const evidence = await evidenceOf(request, { sessionOf, within });
    const bounded = await boundedRequest(request);
    return await fetchRequestHandler({
      endpoint: '/api/trpc',
      req: bounded,
      router,
      createContext: ({ resHeaders }) => {
        resHeaders.set('x-request-id', requestIds.join(', '));
        resHeaders.set('cache-control', 'no-store');
        const address = request.headers.get(ADDRESS_HEADER) ?? undefined;
        const ifMatch = request.headers.get('if-match') ?? undefined;
        const { signal } = request;
        const from = { requestId, requestIds, address, ifMatch, signal };
        return { evidence, within, baseUrl, ...from, responseHeaders: resHeaders };
      },
      onError: ({ error, path }) => {
        if (error.code !== 'INTERNAL_SERVER_ERROR') return;
        log.error({ requestIds, path, error: rootOf(error) }, 'A procedure failed.');
      },
    });
  } catch (error) {
    const baseUrl = host.kind === 'unknown' ? undefined : host.baseUrl;
    if (error instanceof ServiceError) return toResponse(error, { requestId, baseUrl });
    throw error;
  }
}

const callsOf = ({ url }: Request): readonly string[] => new URL(url).pathname.split(',');

async function boundedRequest(request: Request): Promise<Request> {
  const names = callsOf(request);
  if (names.length > BATCH_COUNT_MAX) {
    throw platformError('request.too_many', `At most ${BATCH_COUNT_MAX} calls in one request.`);
  }
  if (names.length > 1 && request.headers.has('if-match'))
    throw platformError('request.invalid', 'If-Match is for one call: send it alone.');
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  const { text } = await readTypedBody(request);
  const { url, method, signal } = request;
  // A mutation without fields has no body, nor a type of one, which the adapter would refuse in words of its own.
  const headers = new Headers(request.headers);
  headers.set('content-type', 'application/json');
  return new Request(url, { method, headers, signal, body: text });
}
