import {
  parseWebhookSecret,
  refusalOfWebhook,
  replayHeader,
  type WebhookRefusal,
} from '@patchbay/protocol/webhook/signature';
import { type EventType, PatchbayError, type WebhookEvent } from '@patchbay/sdk';
import {
  type NodeRequest,
  problem,
  type RequestHandler,
  requestHandler,
  untouchedBody,
} from './web-request.ts';

/** Larger than any batch, which has at most 256 KiB, and than any event that goes alone. */
const BODY_BYTES_MAX = 1_048_576;

/** How an event came. */
export interface WebhookArrival {
  /** Of an event that is sent again by a replay. Its id is the one that it had. */
  readonly replayId?: string;
}

/** What is done with each event. An event without a handler is answered as taken. */
export type WebhookHandlers = {
  readonly [Type in EventType]?: (
    event: WebhookEvent<Type>,
    arrival: WebhookArrival,
  ) => Promise<unknown> | unknown;
} & {
  /** Whatever has no handler of its own: events that this version of the SDK does not know, too. */
  readonly '*'?: (event: WebhookEvent, arrival: WebhookArrival) => Promise<unknown> | unknown;
};

/** One, or two while one follows the other; `whsec_…` as the platform showed it. */
export type WebhookSecret = string | readonly string[] | undefined;

export interface WebhookOptions {
  /** For tests. Default: the clock. */
  readonly nowMs?: () => number;
}

/** What a request has to have been signed with. */
export interface SignedRequest {
  readonly secret: WebhookSecret;
  /** As they came: a web `Headers`, or those of a request of Node's. */
  readonly headers: Headers | NodeHeaders;
  /** As it came, byte by byte: JSON that was parsed and written again does not verify. */
  readonly body: string;
}

type NodeHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The event that a request carries. For what `webhookHandler` does not fit.
 * @throws PatchbayError `client.webhook_invalid` when it was not signed with the secret within the last five minutes, or
 * carries a batch, which `verifyWebhooks` reads.
 */
export function verifyWebhook(request: SignedRequest, options: WebhookOptions = {}): WebhookEvent {
  const signed = readSigned(request, options);
  if ('events' in signed) throw invalid('This webhook asks for batches: read them with verifyWebhooks.');
  return signed;
}

/**
 * The events that a request carries, in their order: one, or those of a batch, which are taken all or none.
 * @throws PatchbayError `client.webhook_invalid` when it was not signed with the secret within the last five minutes.
 */
export function verifyWebhooks(
  request: SignedRequest,
  options: WebhookOptions = {},
): readonly WebhookEvent[] {
  const signed = readSigned(request, options);
  return 'events' in signed ? signed.events : [signed];
}

function readSigned(
  { secret, headers, body }: SignedRequest,
  { nowMs = Date.now }: WebhookOptions,
): WebhookEvent | { readonly events: readonly WebhookEvent[] } {
  const refusal = refusalOfWebhook({ headers: valuesOf(headers), body }, secretsOf(secret), nowMs());
  if (refusal !== undefined) throw invalid(sentences[refusal]);
  // The platform signed it, so it is what the platform says.
  return JSON.parse(body);
}

/**
 * Takes events: `export const POST = webhookHandler(process.env.PATCHBAY_WEBHOOK_SECRET, { 'signaling.session.ended':
 * (event) => … })`. For Next.js, Hono, Express and plain Node alike. What is not signed is answered 401. A handler that
 * throws is answered 500, and the event comes again; so may one whose answer was lost: `event.id` tells. Of a batch each event
 * is handled after the one before it, and where one throws, the whole batch comes again.
 */
export function webhookHandler(
  secret: WebhookSecret,
  handlers: WebhookHandlers,
  options: WebhookOptions = {},
): RequestHandler {
  return requestHandler(
    async (request, nodeRequest) => {
      if (request.method !== 'POST') return problem(405, 'request.invalid', 'Events come by POST.');
      const body = await untouchedBody(request, nodeRequest);
      if (body === undefined) return problem(500, 'client.webhook_invalid', parsedBefore);
      const headers = nodeRequest ? nodeHeaders(nodeRequest) : request.headers;
      let events: readonly WebhookEvent[];
      try {
        events = verifyWebhooks({ secret, headers, body }, options);
      } catch (error) {
        if (!(error instanceof PatchbayError)) throw error;
        // A server without its secret is not to be believed, nor to be blamed on the platform.
        const status = error.code === 'client.webhook_invalid' ? 401 : 500;
        return problem(status, error.code, error.message);
      }
      const [replayId] = valuesOf(headers)(replayHeader);
      for (const event of events)
        await handled({ event, arrival: replayId === undefined ? {} : { replayId } }, handlers);
      return new Response(null, { status: 204 });
    },
    {
      failed: () => problem(500, 'client.webhook_invalid', 'The event was not taken.'),
      bodyBytesMax: BODY_BYTES_MAX,
    },
  );
}

async function handled(
  { event, arrival }: { readonly event: WebhookEvent; readonly arrival: WebhookArrival },
  handlers: WebhookHandlers,
): Promise<void> {
  type Handle = (event: WebhookEvent, arrival: WebhookArrival) => unknown;
  const all = handlers as Readonly<Record<string, Handle | undefined>>;
  const own = Object.hasOwn(handlers, event.type) ? all[event.type] : undefined;
  await (own ?? all['*'])?.(event, arrival);
}

const parsedBefore =
  'The body was parsed before it came here, and its bytes are gone: mount this before express.json(), or keep rawBody.';

function secretsOf(secret: WebhookSecret): readonly Uint8Array[] {
  const texts = [secret ?? []].flat().filter((text) => text !== '');
  return texts.length === 0
    ? notConfigured('Set the secret of the webhook, such as PATCHBAY_WEBHOOK_SECRET.')
    : texts.map(
        (text) =>
          parseWebhookSecret(text) ??
          notConfigured('The secret of the webhook is not one: it begins with whsec_.'),
      );
}

function notConfigured(message: string): never {
  throw new PatchbayError({ code: 'client.not_configured', message });
}

const sentences: Readonly<Record<WebhookRefusal, string>> = {
  header_missing: 'A header of the signature is missing.',
  header_duplicate: 'A header of the signature is there twice.',
  timestamp_malformed: 'The time of the signature is none.',
  timestamp_too_old: 'It was signed more than five minutes ago.',
  timestamp_too_new: 'It was signed more than five minutes ahead: check the clock of this server.',
  signature_wrong: 'No signature fits: the secret is another one, or the body is not as it came.',
};

const invalid = (message: string) => new PatchbayError({ code: 'client.webhook_invalid', message });

/** With what came twice told apart, which `headers` of Node joins. */
const nodeHeaders = ({ headers, headersDistinct }: NodeRequest): NodeHeaders => headersDistinct ?? headers;

function valuesOf(headers: SignedRequest['headers']): (name: string) => readonly string[] {
  // None of the three has a comma and a space in it: where there is one, two headers were made one.
  const split = (value: string) => value.split(', ');
  if (headers instanceof Headers)
    return (name) => {
      const value = headers.get(name);
      return value === null ? [] : split(value);
    };
  return (name) => [headers[name] ?? []].flat().flatMap(split);
}
