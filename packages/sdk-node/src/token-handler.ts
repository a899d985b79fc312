import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Patchbay, TokenLimits } from './patchbay.ts';

/** What a framework hands over: a web Request (Next.js, SvelteKit), or a context that holds one (Hono). */
export type WebInput = Request | { readonly req: { readonly raw: Request } };

/** Beside the request as the web knows it. */
export interface TokenRequest {
  /** Express and plain Node: the request with what middleware put on it, such as `user`. */
  readonly nodeRequest?: IncomingMessage;
}

/** Says who asks, and with what limits; nothing for somebody who may not connect, who is then answered 401. */
export type Authorise = (
  request: Request,
  more: TokenRequest,
) => Promise<TokenLimits | null | undefined> | TokenLimits | null | undefined;

/** A handler for web frameworks and for Node's: each calls it in its own way. */
export interface TokenHandler {
  (input: WebInput, ...rest: readonly unknown[]): Promise<Response>;
  (request: IncomingMessage, response: ServerResponse, ...rest: readonly unknown[]): Promise<void>;
}

/**
 * The endpoint that the browser's `TokenSource.endpoint('/api/token')` asks.
 * Next.js: `export const POST = tokenHandler(pb, authorise)`. Hono and Express: `app.post('/api/token', tokenHandler(…))`.
 * Plain Node: `createServer(tokenHandler(…))`.
 */
export function tokenHandler(pb: Pick<Patchbay, 'token'>, authorise: Authorise): TokenHandler {
  const answer = async (request: Request, more: TokenRequest = {}): Promise<Response> => {
    if (request.method !== 'POST') return problem(405, 'request.invalid', 'Ask for a token by POST.');
    const limits = await authorise(request, more);
    if (!limits) return problem(401, 'auth.missing', 'Sign in to get a token.');
    return Response.json(pb.token(limits), { headers: { 'cache-control': 'no-store' } });
  };
  const handle = async (
    input: WebInput | IncomingMessage,
    second?: unknown,
  ): Promise<Response | undefined> => {
    if (input instanceof Request) return answer(input);
    if (isContext(input)) return answer(input.req.raw);
    await writeTo(second as ServerResponse, await answerNode(input as IncomingMessage, answer));
    return undefined;
  };
  return handle as TokenHandler;
}

const isContext = (input: object): input is { readonly req: { readonly raw: Request } } =>
  'req' in input && (input.req as { raw?: unknown } | undefined)?.raw instanceof Request;

/** Node's servers do not catch what a handler throws: it would end the process. */
async function answerNode(
  nodeRequest: IncomingMessage,
  answer: (request: Request, more: TokenRequest) => Promise<Response>,
): Promise<Response> {
  try {
    return await answer(toRequest(nodeRequest), { nodeRequest });
  } catch {
    return problem(500, 'platform.internal', 'The token could not be made.');
  }
}

/** Larger than any question for a token. */
const BODY_BYTES_MAX = 65_536;

/** What Node's servers got, as the web writes it. */
function toRequest(nodeRequest: IncomingMessage & { readonly body?: unknown }): Request {
  const { method = 'GET', url = '/', headers } = nodeRequest;
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || name.startsWith(':')
      ? []
      : [[name, [value].flat().join(', ')] as [string, string]],
  );
  const init: RequestInit & { duplex: 'half' } = { method, headers: entries, duplex: 'half' };
  if (method !== 'GET' && method !== 'HEAD') init.body = bodyOf(nodeRequest);
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), init);
}

/** What middleware has read is written again; otherwise the bytes come as they are asked for. */
function bodyOf(
  nodeRequest: IncomingMessage & { readonly body?: unknown },
): string | ReadableStream<Uint8Array> {
  const { body } = nodeRequest;
  if (body !== undefined) return typeof body === 'string' ? body : JSON.stringify(body);
  const chunks = nodeRequest[Symbol.asyncIterator]();
  let lengthBytes = 0;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) return controller.close();
      lengthBytes += value.length;
      if (lengthBytes > BODY_BYTES_MAX) throw new Error(`The body is larger than ${BODY_BYTES_MAX} bytes.`);
      controller.enqueue(new Uint8Array(value));
    },
  });
}

async function writeTo(response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}

function problem(status: number, code: string, detail: string): Response {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return new Response(JSON.stringify({ status, code, detail, title: detail }), { status, headers });
}
