import type { Evidence } from '@patchbay/faces/platform';
import { createRequestId } from '@patchbay/faces/trpc';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { ControlPlane } from './compose.ts';
import { signInSessionOf } from './sign-in-session.ts';

/** Serves the dashboard, and whoever speaks tRPC with a key. */
export async function serveTrpc({ router, log }: ControlPlane, request: Request): Promise<Response> {
  const evidence = await evidenceOf(request);
  // A browser sends cookies along from any page: what changes something has to come from a page of ours (C41).
  if (evidence?.kind === 'signIn' && request.method !== 'GET' && !isSameOrigin(request)) {
    return Response.json({ code: 'auth.missing', detail: 'This request comes from another site.' }, { status: 403 });
  }
  const requestId = createRequestId();
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router,
    createContext: ({ resHeaders }) => {
      resHeaders.set('x-request-id', requestId);
      resHeaders.set('cache-control', 'no-store');
      return { evidence, requestId, signal: request.signal, responseHeaders: resHeaders };
    },
    onError: ({ error, path }) => {
      if (error.code === 'INTERNAL_SERVER_ERROR') log.error({ requestId, path, error: error.message, cause: String(error.cause) }, 'A procedure failed.');
    },
  });
}

async function evidenceOf(request: Request): Promise<Evidence | undefined> {
  const token = request.headers.get('authorization')?.match(/^Bearer (\S{1,2048})$/i)?.[1];
  if (token !== undefined) return { kind: 'bearer', token };
  const signInSessionId = await signInSessionOf(request);
  return signInSessionId === undefined ? undefined : { kind: 'signIn', signInSessionId };
}

function isSameOrigin(request: Request): boolean {
  const origin = request.headers.get('origin');
  const host = request.headers.get('host');
  return origin !== null && host !== null && new URL(origin).host === host;
}
