import { fileOf } from './answered-file.ts';
import type { CallOptions } from './call-options.ts';
import { apiVersion } from './operations.generated.ts';
import { errorPagePath, PatchbayError } from './patchbay-error.ts';
import { readProblem } from './problem.ts';
import { noteRequestId } from './request-id.ts';

/** How calls travel. */
export interface TransportOptions {
  /** The platform's address, such as `https://api.example.com`. */
  readonly baseUrl: string;
  /** What goes behind `Bearer`: a secret key on a server, a token in a browser. */
  readonly credential: string;
  /** For each attempt. Default 30,000. */
  readonly timeoutMs?: number;
  /** How often a call is repeated at most after its first attempt. Default 2. */
  readonly retryCountMax?: number;
  /** Default: the runtime's own. */
  readonly fetch?: typeof fetch;
  /** Waits between attempts. Default: a timer. For tests. */
  readonly wait?: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** One request, before it is sent. */
export interface Outgoing {
  readonly method: string;
  /** With `{name}` for each field that stands in the path. */
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The answer is a file: the time of an attempt is that until it begins. */
  readonly isFile?: boolean;
}

const TIMEOUT_MS = 30_000;
const RETRY_COUNT_MAX = 2;
/** A longer wait is the caller's decision: the error says how long it would be. */
const RETRY_WAIT_MS_MAX = 10_000;
const BACKOFF_MS = 200;

/** The entity tags of answers that are still held by whoever asked (RFC 9110 §8.8.3). */
const tags = new WeakMap<object, string>();

/** What an answer is called, beside what it says. */
function note(body: object, headers: Headers): void {
  const [tag, requestId] = [headers.get('etag'), headers.get('x-request-id')];
  if (tag !== null) tags.set(body, tag);
  if (requestId !== null) noteRequestId(body, requestId);
}

/** Sends a request, and again where that is safe and of use. Every attempt carries the same idempotency key. */
export async function send(
  transport: TransportOptions,
  outgoing: Outgoing,
  options: CallOptions = {},
): Promise<unknown> {
  const { unlessChanged } = options;
  if (unlessChanged !== undefined && !tags.has(unlessChanged)) {
    const message = 'unlessChanged takes what get answered to this program, as it answered it.';
    throw new PatchbayError({ code: 'client.not_configured', message });
  }
  const idempotencyKey = options.idempotencyKey ?? createIdempotencyKey();
  const retryCountMax = transport.retryCountMax ?? RETRY_COUNT_MAX;
  for (let retryCount = 0; ; retryCount++) {
    const outcome = await attempt(transport, outgoing, { ...options, idempotencyKey });
    if (outcome.type === 'answer') return outcome.body;
    const delayMs = outcome.error.retryAfterMs ?? backoffMs(retryCount);
    if (!outcome.isRetryable || retryCount >= retryCountMax || delayMs > RETRY_WAIT_MS_MAX)
      throw outcome.error;
    await (transport.wait ?? waitWithTimer)(delayMs, options.signal);
  }
}

type Outcome =
  | { readonly type: 'answer'; readonly body: unknown }
  | { readonly type: 'failure'; readonly error: PatchbayError; readonly isRetryable: boolean };

async function attempt(
  transport: TransportOptions,
  outgoing: Outgoing,
  options: CallOptions,
): Promise<Outcome> {
  const timeoutMs = options.timeoutMs ?? transport.timeoutMs ?? TIMEOUT_MS;
  const { signal: timeout, clear } = timeoutAfter(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  options.signal?.throwIfAborted();
  try {
    const { url, init } = toRequest(transport, outgoing, options);
    const response = await (transport.fetch ?? fetch)(url, { ...init, signal });
    if (!response.ok) return { type: 'failure', ...(await readProblem(response, transport.baseUrl)) };
    const body: unknown = outgoing.isFile === true ? fileOf(response) : await response.json();
    if (typeof body === 'object' && body !== null) note(body, response.headers);
    return { type: 'answer', body };
  } catch (cause) {
    if (options.signal?.aborted) throw options.signal.reason;
    return { type: 'failure', ...unanswered(transport, { cause, hasTimedOut: timeout.aborted, timeoutMs }) };
  } finally {
    clear();
  }
}

/** A timeout that can be called off: a file may take as long as it takes, once it has begun. */
function timeoutAfter(timeoutMs: number): { readonly signal: AbortSignal; readonly clear: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

interface NoAnswer {
  readonly cause: unknown;
  readonly hasTimedOut: boolean;
  readonly timeoutMs: number;
}

function unanswered({ baseUrl }: TransportOptions, { cause, hasTimedOut, timeoutMs }: NoAnswer) {
  const code = hasTimedOut ? 'client.timeout' : 'client.unreachable';
  const message = hasTimedOut
    ? `${baseUrl} did not answer within ${timeoutMs} ms.`
    : `${baseUrl} could not be reached, or its answer was cut off.`;
  const helpUrl = URL.parse(errorPagePath(code), baseUrl)?.href ?? errorPagePath(code);
  return { error: new PatchbayError({ code, message, helpUrl }, { cause }), isRetryable: true };
}

function toRequest(
  transport: TransportOptions,
  { method, path, fields, isFile }: Outgoing,
  { idempotencyKey = '', unlessChanged }: CallOptions,
) {
  const left = new Map(Object.entries(fields).filter(([, value]) => value !== undefined));
  const filled = path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = left.get(name);
    left.delete(name);
    return encodeURIComponent(String(value));
  });
  const url = new URL(filled, transport.baseUrl);
  const headers = new Headers({
    authorization: `Bearer ${transport.credential}`,
    ...(isFile === true ? {} : { accept: 'application/json' }),
    'patchbay-version': apiVersion,
  });
  if (method === 'GET' || method === 'DELETE') {
    for (const [name, value] of left) url.searchParams.set(name, String(value));
  }
  if (method === 'GET') return { url, init: { method, headers } };
  headers.set('idempotency-key', idempotencyKey);
  const tag = unlessChanged && tags.get(unlessChanged);
  if (tag !== undefined) headers.set('if-match', tag);
  if (method === 'DELETE') return { url, init: { method, headers } };
  headers.set('content-type', 'application/json');
  return { url, init: { method, headers, body: JSON.stringify(Object.fromEntries(left)) } };
}

/** 128 random bits. Not randomUUID: browsers have it in secure contexts only. */
function createIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Doubles, and is spread over its upper half, so that clients that failed together do not return together. */
function backoffMs(retryCount: number): number {
  return BACKOFF_MS * 2 ** retryCount * (0.5 + Math.random() / 2);
}

function waitWithTimer(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
