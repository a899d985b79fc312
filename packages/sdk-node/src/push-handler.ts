import type { IncomingMessage } from 'node:http';
import { type Operations, PatchbayError } from '@patchbay/sdk';
import { problem, type RequestHandler, requestHandler } from './web-request.ts';

/** Larger than any subscription. */
const BODY_BYTES_MAX = 16_384;

/** Beside the request as the web knows it. */
export interface PushHandling {
  /** Express and plain Node: the request with what middleware put on it, such as `user`. */
  readonly nodeRequest?: IncomingMessage;
}

type Who = { readonly identity: string } | null | undefined;
/** Says who asks; nothing for somebody who is not signed in, who is then answered 401. */
export type AuthorisePush = (request: Request, more: PushHandling) => Promise<Who> | Who;

interface Notifying {
  readonly notification: Pick<
    Operations['notification'],
    'addSubscription' | 'getWay' | 'listSubscriptions' | 'removeSubscription'
  >;
}

/**
 * The endpoint that `subscribeToPush('/api/push')` of the browser asks: GET tells the key, POST keeps a subscription of whoever
 * asks, DELETE forgets one of theirs and of nobody else.
 * Next.js: `export const { GET, POST, DELETE } = { GET: handler, POST: handler, DELETE: handler }`. Hono and Express: `app.all('/api/push', handler)`.
 */
export function pushHandler(pb: Notifying, authorise: AuthorisePush): RequestHandler {
  return requestHandler(
    async (request, nodeRequest) => {
      const who = await authorise(request, nodeRequest === undefined ? {} : { nodeRequest });
      if (!who) return problem(401, 'auth.missing', 'Sign in to be told something.');
      try {
        return await answered(pb, request, who.identity);
      } catch (error) {
        if (error instanceof PatchbayError && error.status !== undefined && error.status < 500)
          return problem(error.status, error.code, error.message);
        throw error;
      }
    },
    {
      failed: () => problem(500, 'platform.internal', 'The subscription could not be kept.'),
      bodyBytesMax: BODY_BYTES_MAX,
    },
  );
}

const answer = (body: object) => Response.json(body, { headers: { 'cache-control': 'no-store' } });

async function answered({ notification }: Notifying, request: Request, identity: string): Promise<Response> {
  if (request.method === 'GET') {
    const { publicKey } = await notification.getWay({ way: 'web-push' });
    return publicKey === undefined
      ? problem(409, 'client.not_configured', 'Set web-push among the ways of notification first.')
      : answer({ publicKey });
  }
  const body = (await request.json().catch(() => ({}))) as Body;
  if (request.method === 'POST') {
    const { endpoint, keys } = body.subscription ?? {};
    const { p256dh, auth } = keys ?? {};
    if (typeof endpoint !== 'string' || typeof p256dh !== 'string' || typeof auth !== 'string')
      return problem(400, 'request.invalid', 'subscription is what PushSubscription.toJSON() answers.');
    const device = typeof body.device === 'string' ? { device: body.device } : {};
    const { id } = await notification.addSubscription({
      ...{ identity, webPush: { endpoint, p256dh, auth } },
      ...device,
    });
    return answer({ id });
  }
  if (request.method !== 'DELETE') return problem(405, 'request.invalid', 'GET, POST and DELETE are served.');
  for await (const { id } of notification.listSubscriptions({ identity }))
    if (id === body.id) {
      await notification.removeSubscription({ subscriptionId: id });
      return answer({ id });
    }
  return problem(404, 'resource.unknown', 'You have no such subscription.');
}

interface Body {
  readonly subscription?: {
    readonly endpoint?: unknown;
    readonly keys?: { readonly p256dh?: unknown; readonly auth?: unknown };
  };
  readonly device?: unknown;
  readonly id?: unknown;
}
