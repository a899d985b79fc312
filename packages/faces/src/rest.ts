import {
  API_VERSION_HEADER,
  type ApiVersion,
  apiVersionOf,
  apiVersions,
  endOfVersion,
  versionEnds,
} from '@patchbay/kit/api-version';
import { filePath } from '@patchbay/kit/definition';
import { platformError, ServiceError, toProblem } from '@patchbay/kit/errors';
import type { TRPCError } from '@trpc/server';
import { createOpenApiNodeHttpHandler } from 'trpc-to-openapi';
import { etagOf, namesTag } from './etag.ts';
import { evidenceOf, safeMethods } from './evidence.ts';
import { repeatableOf } from './idempotency.ts';
import { mountedOperations } from './mounted.ts';
import { readTypedBody } from './request-body.ts';
import { type AppRouter, type CallContext, createRequestId, toServiceError } from './trpc.ts';
import { METHOD_HEADER, UNREADABLE_PATH } from './unreadable.ts';
import type { Unserved } from './unserved.ts';

export interface RestOptions {
  readonly router: AppRouter;
  /** Takes note of a request that came to no operation, and says what it is refused with: unserved(). */
  readonly unserved: (context: CallContext, request: Unserved) => Promise<ServiceError>;
  /** Where the platform is reached from outside. */
  readonly baseUrl: string;
  /** The sign-in session that a cookie names. Absent: keys and credentials are all that is taken. */
  readonly sessionOf?: (request: Request) => Promise<string | undefined>;
  /** Default: those that are known. */
  readonly versionEnds?: typeof versionEnds;
  /** Called with what is our failure, never with an expected refusal. */
  readonly onFailure?: (error: ServiceError, requestId: string) => void;
}

/** Where a request was sent, if not to the platform's own host. */
export interface RequestPlace {
  readonly baseUrl: string;
  /** The account whose host it is. */
  readonly within: string;
}

export type RestHandler = (request: Request, place?: RequestPlace) => Promise<Response>;

/**
 * Serves the router as REST. trpc-to-openapi matches the path and calls the procedure; this face adds what it leaves out:
 * bounds on the body, request ids, idempotency keys, problem+json, and one handler for all requests, where its fetch
 * adapter builds one for each.
 */
export function createRestHandler(options: RestOptions): RestHandler {
  const { router, sessionOf = async () => undefined } = options;
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
    if (failure === undefined) return response;
    throw toServiceError(failure);
  }

  /** What came to no operation counts against its caller's rate like all else (C18). */
  async function orUnserved<Value>(
    request: Request,
    context: CallContext,
    work: () => Promise<Value>,
  ): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw await options.unserved(context, { ...placeOf(request), error });
    }
  }

  return async function answerTo(request: Request, place?: RequestPlace): Promise<Response> {
    if (request.method === 'HEAD') {
      // What a GET says, without its content (RFC 9110 §9.3.2).
      const { status, headers } = await answerTo(new Request(request, { method: 'GET' }), place);
      return new Response(null, { status, headers });
    }
    const { baseUrl, within } = place ?? { baseUrl: options.baseUrl };
    const requestId = createRequestId();
    const responseHeaders = new Headers({ 'x-request-id': requestId, 'cache-control': 'no-store' });
    try {
      const context: CallContext = {
        evidence: await evidenceOf(request, { sessionOf, within }),
        within,
        baseUrl: place?.baseUrl,
        requestId,
        signal: request.signal,
        responseHeaders,
        address: addressOf(request),
        misplaced: misplacedIn(request),
        ifMatch: request.headers.get('if-match') ?? undefined,
      };
      const read = await orUnserved(request, context, async () => {
        const version = versionOf(request);
        responseHeaders.set(API_VERSION_HEADER, version);
        for (const [name, value] of Object.entries(
          endOfVersion((options.versionEnds ?? versionEnds)[version]),
        ))
          responseHeaders.set(name, value);
        refuseUnserved(request, responseHeaders);
        if (request.method === 'OPTIONS') return undefined;
        const { text, body } = await readTypedBody(request);
        refuseSecondAccount(request, body);
        return { body, repeatable: await repeatableOf(request, text) };
      });
      if (read === undefined) return new Response(null, { status: 204, headers: responseHeaders });
      const { body, repeatable } = read;
      const response = await answer(request, body, { ...context, repeatable });
      return withHeaders(await conditional(request, response), responseHeaders);
    } catch (cause) {
      const error =
        cause instanceof ServiceError
          ? cause
          : platformError('platform.internal', 'The platform failed.', cause);
      if (error.fields.status >= 500) options.onFailure?.(error, requestId);
      return withHeaders(toResponse(error, { requestId, baseUrl }), responseHeaders);
    }
  };
}

/** Every answer to a GET has a tag; who names it again is told that nothing has changed (RFC 9110 §13.1.2). */
async function conditional({ method, headers }: Request, response: Response): Promise<Response> {
  if (method !== 'GET' || response.status !== 200) return response;
  const text = await response.text();
  const etag = await etagOf(JSON.parse(text));
  const asked = headers.get('if-none-match');
  if (asked !== null && namesTag(asked, etag)) return new Response(null, { status: 304, headers: { etag } });
  const tagged = new Headers(response.headers);
  tagged.set('etag', etag);
  return new Response(text, { status: 200, headers: tagged });
}

/** A POST, PUT or PATCH has its fields in its path and its body: whatever stands in the query of one would be ignored (API-1). */
function misplacedIn({ method, url }: Request): readonly string[] {
  return method === 'GET' || method === 'DELETE' ? [] : [...new Set(new URL(url).searchParams.keys())];
}

/** The account stands in the path, and is declared nowhere else: a second one would be ignored (API-1). */
function refuseSecondAccount(request: Request, body: unknown): void {
  const given = new Set([...new URL(request.url).searchParams.keys(), ...Object.keys(body ?? {})]);
  if (given.has('accountId') && placeOf(request).accountId !== undefined)
    throw platformError('request.invalid', '/accountId: There is no such field here; it stands in the path.');
}

function versionOf({ headers }: Request): ApiVersion {
  const asked = headers.get(API_VERSION_HEADER);
  const version = apiVersionOf(asked);
  if (version !== undefined) return version;
  throw platformError(
    'request.version_unknown',
    `There is no version ${asked} of the API, but ${apiVersions.join(', ')}.`,
  );
}

/** As the library matches paths, or what it serves would be refused here. */
const patternOf = (path: string) => new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`, 'i');

const served = mountedOperations.flatMap((mounted) => {
  const { path, operation } = mounted;
  const files = (operation.files ?? []).map((file) => filePath(path, file));
  return [path, ...files].map((address) => ({
    mounted,
    pattern: patternOf(address.replaceAll('.', '\\.')),
    isFile: address !== path,
  }));
});

/** Read by whoever writes programs: no operation answers them. */
const documents: ReadonlySet<string> = new Set(['/v1/openapi.json', '/v1/logic-schema.json']);

/** What a request came to, as far as its line says it. */
function placeOf(request: Request): Omit<Unserved, 'error'> {
  const { pathname } = new URL(plainPath(request.url));
  const method = methodOf(request);
  const there = served.filter(({ pattern }) => pattern.test(pathname));
  const asked = there.find(({ mounted, isFile }) => !isFile && mounted.operation.method === method);
  const found = asked ?? there[0];
  return {
    isRead: safeMethods.has(method),
    resource: found?.mounted.scopeName,
    mounted: asked?.mounted,
    accountId: found?.pattern.exec(pathname)?.groups?.accountId,
  };
}

/**
 * Refuses a path that nobody can read, one with nothing at it, and one that is served with other methods alone: which these
 * are is in the answer (RFC 9110 §15.5.6), also to who asks for nothing else.
 */
function refuseUnserved(request: Request, responseHeaders: Headers): void {
  const { pathname } = new URL(plainPath(request.url));
  const method = methodOf(request);
  if (pathname === UNREADABLE_PATH)
    throw platformError('request.invalid', 'The path has a % that begins no byte of a text in UTF-8.');
  const methods = methodsAt(pathname);
  if (methods.includes(method) && method !== 'OPTIONS') return;
  if (methods.length === 0) throw platformError('request.unknown_path', `There is nothing at ${pathname}.`);
  responseHeaders.set('allow', methods.join(', '));
  if (method === 'OPTIONS') return;
  throw platformError(
    'request.method_not_allowed',
    `${pathname} takes ${methods.join(', ')}, not ${method}.`,
  );
}

function methodsAt(pathname: string): readonly string[] {
  const there = served.filter(({ pattern }) => pattern.test(pathname));
  const methods = there.map(({ mounted }) => mounted.operation.method as string);
  const all = new Set(documents.has(pathname) ? ['GET', ...methods] : methods);
  if (all.size === 0) return [];
  return [...all, ...(all.has('GET') ? ['HEAD'] : []), 'OPTIONS'];
}

const methodOf = ({ method, headers }: Request): string => headers.get(METHOD_HEADER) ?? method;

/** Set by the shell that owns the socket; what a client sends under this name is removed there (C43). */
const addressOf = ({ headers }: Request): string | undefined =>
  headers.get('x-patchbay-address') ?? undefined;

/** The request with its parsed body, in the place where the library looks for one. */
function toIncoming({ method, url, signal, headers: given }: Request, body: unknown): Request {
  const headers = new Headers(given);
  headers.set('content-type', 'application/json');
  return Object.defineProperty(new Request(plainPath(url), { method, headers, signal }), 'body', {
    value: body,
  });
}

/**
 * The library takes a path as it is written. What clients escape that may stand in a segment as it is, as the colon in the name
 * of a channel, means the same without the escape (RFC 3986 §3.3, §6.2.2.2).
 */
function plainPath(url: string): string {
  const parsed = new URL(url);
  parsed.pathname = parsed.pathname.replace(/%(3a|40|7e)/gi, (escaped) => decodeURIComponent(escaped));
  return parsed.href;
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

/** An error as the wire shows it: RFC 9457 §3. Without a `baseUrl` its type is relative to where it was asked for. */
export function toResponse(
  error: ServiceError,
  { requestId, baseUrl }: { readonly requestId: string; readonly baseUrl?: string | undefined },
): Response {
  const problem = toProblem(error, requestId, baseUrl);
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (error.fields.retry === 'after') {
    headers.set('retry-after', String(Math.ceil((error.fields.retryAfterMs ?? 1_000) / 1_000)));
  }
  // RFC 9110 §11.6.1: a 401 says how to authenticate.
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="patchbay"');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
