import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a framework hands over: a web Request (Next.js, SvelteKit), or a context that holds one (Hono). */
export type WebInput = Request | { readonly req: { readonly raw: Request } };

/** A handler for web frameworks and for Node's: each calls it in its own way. */
export interface RequestHandler {
  (input: WebInput, ...rest: readonly unknown[]): Promise<Response>;
  (request: IncomingMessage, response: ServerResponse, ...rest: readonly unknown[]): Promise<void>;
}

/** What middleware may have put on a request of Node's. */
export type NodeRequest = IncomingMessage & { readonly body?: unknown; readonly rawBody?: unknown };

type Answer = (request: Request, nodeRequest?: NodeRequest) => Promise<Response>;

interface Bounds {
  readonly failed: () => Response;
  /** Of what Node's servers get: a web framework has a bound of its own. */
  readonly bodyBytesMax: number;
}

/** Makes one handler for all of them. Node's servers do not catch what a handler throws: `failed` is answered then. */
export function requestHandler(answer: Answer, { failed, bodyBytesMax }: Bounds): RequestHandler {
  const answerNode = async (nodeRequest: NodeRequest): Promise<Response> => {
    try {
      return await answer(toRequest(nodeRequest, bodyBytesMax), nodeRequest);
    } catch {
      return failed();
    }
  };
  const handle = async (
    input: WebInput | IncomingMessage,
    second?: unknown,
  ): Promise<Response | undefined> => {
    if (input instanceof Request) return answer(input);
    if (isContext(input)) return answer(input.req.raw);
    await writeTo(second as ServerResponse, await answerNode(input as NodeRequest));
    return undefined;
  };
  return handle as RequestHandler;
}

const isContext = (input: object): input is { readonly req: { readonly raw: Request } } =>
  'req' in input && (input.req as { raw?: unknown } | undefined)?.raw instanceof Request;

/** What Node's servers got, as the web writes it. */
function toRequest(nodeRequest: NodeRequest, bodyBytesMax: number): Request {
  const { method = 'GET', url = '/', headers } = nodeRequest;
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || name.startsWith(':')
      ? []
      : [[name, [value].flat().join(', ')] as [string, string]],
  );
  const init: RequestInit & { duplex: 'half' } = { method, headers: entries, duplex: 'half' };
  if (method !== 'GET' && method !== 'HEAD') init.body = bodyOf(nodeRequest, bodyBytesMax);
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), init);
}

/** What middleware has read is written again; otherwise the bytes come as they are asked for. */
function bodyOf(nodeRequest: NodeRequest, bytesMax: number): string | ReadableStream<Uint8Array> {
  const { body } = nodeRequest;
  if (body !== undefined && !isUnread(nodeRequest)) return textOf(body) ?? JSON.stringify(body);
  const chunks = nodeRequest[Symbol.asyncIterator]();
  let lengthBytes = 0;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) return controller.close();
      lengthBytes += value.length;
      if (lengthBytes > bytesMax) throw new Error(`The body is larger than ${bytesMax} bytes.`);
      controller.enqueue(new Uint8Array(value));
    },
  });
}

/** Express sets `body` to an empty object on what its parser leaves alone. */
const isUnread = ({ body, readableDidRead }: NodeRequest): boolean =>
  !readableDidRead && typeof body === 'object' && body !== null && Object.keys(body).length === 0;

const textOf = (body: unknown): string | undefined =>
  typeof body === 'string' ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : undefined;

/** The bytes as they came, as far as middleware left them: parsed and written again they are others. */
export function untouchedBody(
  request: Request,
  nodeRequest: NodeRequest | undefined,
): Promise<string> | string | undefined {
  if (nodeRequest === undefined || nodeRequest.body === undefined || isUnread(nodeRequest))
    return request.text();
  return textOf(nodeRequest.rawBody) ?? textOf(nodeRequest.body);
}

async function writeTo(response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}

export function problem(status: number, code: string, detail: string): Response {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return new Response(JSON.stringify({ status, code, detail, title: detail }), { status, headers });
}
