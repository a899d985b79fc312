import { platformError, ServiceError, toProblem } from '@patchbay/kit/errors';
import type { TRPCError } from '@trpc/server';
import { createOpenApiNodeHttpHandler } from 'trpc-to-openapi';
import { repeatableOf } from './idempotency.ts';
import type { Evidence } from './platform.ts';
import { readBody } from './request-body.ts';
import { type AppRouter, type CallContext, createRequestId, toServiceError } from './trpc.ts';

export interface RestOptions {
  readonly router: AppRouter;
  /** Called with what is our failure, never with an expected refusal. */
  readonly onFailure?: (error: ServiceError, requestId: string) => void;
}

/**
 * Serves the router as REST. trpc-to-openapi matches the path and calls the procedure; this face adds what it leaves out:
 * bounds on the body, request ids, idempotency keys, problem+json, and one handler for all requests, where its fetch
 * adapter builds one for each.
 */
export function createRestHandler(options: RestOptions): (request: Request) => Promise<Response> {
  const { router } = options;
  const failures = new WeakMap<object, TRPCError>();
  const contexts = new WeakMap<object, CallContext>();
  const serve = createOpenApiNodeHttpHandler({
    router,
    createContext: ({ req }) => contexts.get(req) as CallContext,
    onError: ({ req, error }) => failures.set(req, error),
  });

  async function answer(request: Request, body: unknown, context: CallContext): Promise<Response> {
    const incoming = toIncoming(request, body);
    contexts.set(incoming, context);
    const response = await new Promise<Response>((resolve, reject) => {
      serve(incoming as never, toOutgoing(resolve) as never).catch(reject);
    });
    const failure = failures.get(incoming);
    if (failure !== undefined) throw toServiceError(failure);
    return response;
  }

  return async (request) => {
    const requestId = createRequestId();
    const responseHeaders = new Headers({ 'x-request-id': requestId, 'cache-control': 'no-store' });
    try {
      const { text, body } = await readBody(request);
      const response = await answer(request, body, {
        evidence: evidenceOf(request),
        requestId,
        signal: request.signal,
        responseHeaders,
        address: addressOf(request),
        repeatable: await repeatableOf(request, text),
      });
      return withHeaders(response, responseHeaders);
    } catch (cause) {
      const error =
        cause instanceof ServiceError
          ? cause
          : platformError('platform.internal', 'The platform failed.', cause);
      if (error.fields.status >= 500) options.onFailure?.(error, requestId);
      return withHeaders(toResponse(error, requestId), responseHeaders);
    }
  };
}

function evidenceOf({ headers }: Request): Evidence | undefined {
  const token = headers.get('authorization')?.match(/^Bearer (\S{1,2048})$/i)?.[1];
  return token === undefined ? undefined : { kind: 'bearer', token };
}

/** Set by the shell that owns the socket; what a client sends under this name is removed there (C43). */
const addressOf = ({ headers }: Request): string | undefined =>
  headers.get('x-patchbay-address') ?? undefined;

/** The request with its parsed body, in the place where the library looks for one. */
function toIncoming({ method, url, signal, headers: given }: Request, body: unknown): Request {
  const headers = new Headers(given);
  headers.set('content-type', 'application/json');
  return Object.defineProperty(new Request(url, { method, headers, signal }), 'body', { value: body });
}

/** The part of a Node response that the library writes to. */
function toOutgoing(resolve: (response: Response) => void) {
  const headers = new Headers();
  return {
    statusCode: 200,
    setHeader: (name: string, value: string) => headers.set(name, value),
    end(text?: string) {
      resolve(new Response(text ?? null, { status: this.statusCode, headers }));
    },
  };
}

function withHeaders(response: Response, headers: Headers): Response {
  for (const [name, value] of headers) response.headers.set(name, value);
  return response;
}

/** An error as the wire shows it: RFC 9457 §3. */
export function toResponse(error: ServiceError, requestId: string): Response {
  const problem = toProblem(error, requestId);
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (error.fields.retry === 'after') {
    headers.set('retry-after', String(Math.ceil((error.fields.retryAfterMs ?? 1_000) / 1_000)));
  }
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
