import type { IncomingMessage } from 'node:http';
import type { Patchbay, TokenLimits } from './patchbay.ts';
import { problem, type RequestHandler, requestHandler } from './web-request.ts';

/** Larger than any question for a token. */
const BODY_BYTES_MAX = 65_536;

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
export type TokenHandler = RequestHandler;

/**
 * The endpoint that the browser's `TokenSource.endpoint('/api/token')` asks.
 * Next.js: `export const POST = tokenHandler(pb, authorise)`. Hono and Express: `app.post('/api/token', tokenHandler(…))`.
 * Plain Node: `createServer(tokenHandler(…))`.
 */
export function tokenHandler(pb: Pick<Patchbay, 'token'>, authorise: Authorise): TokenHandler {
  return requestHandler(
    async (request, nodeRequest) => {
      if (request.method !== 'POST') return problem(405, 'request.invalid', 'Ask for a token by POST.');
      const limits = await authorise(request, nodeRequest === undefined ? {} : { nodeRequest });
      if (!limits) return problem(401, 'auth.missing', 'Sign in to get a token.');
      return Response.json(pb.token(limits), { headers: { 'cache-control': 'no-store' } });
    },
    {
      failed: () => problem(500, 'platform.internal', 'The token could not be made.'),
      bodyBytesMax: BODY_BYTES_MAX,
    },
  );
}
