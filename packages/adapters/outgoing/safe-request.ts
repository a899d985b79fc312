import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Address, AddressRule, Resolve } from './address-rule.ts';
import { resolveHost } from './resolve-host.ts';
import { retryAfterMsOf } from './retry-after.ts';

/** Until the other side has accepted, its name looked up. */
const CONNECT_MS_MAX = 5_000;
/** All of it, so that an answer of a byte a second ends too (C33). */
const TOTAL_MS_MAX = 15_000;
const RESPONSE_BYTES_MAX = 65_536;
/** What is kept of an answer for people to read. */
const SNIPPET_BYTES_MAX = 2_048;
/** Of its headers: so much of names and values together, as far as they fit whole. */
const HEADER_CHARACTERS_MAX = 2_048;

export interface SafeRequest {
  readonly url: string;
  /** Default: POST. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body: string;
  /** What is sent in place of `body`. */
  readonly bytes?: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a request failed, beside a status that is not of 2xx. */
export type RequestError =
  | 'address_forbidden'
  | 'host_unknown'
  | 'connect_timeout'
  | 'connect_failed'
  | 'timeout'
  | 'response_cut'
  | 'response_too_large'
  | 'redirect'
  | 'status';

export interface SafeResponse {
  readonly status?: number;
  /** Absent for an answer of 2xx that came as a whole. */
  readonly error?: RequestError;
  readonly response?: string;
  /** All of it, where `keepsBytes` is said. */
  readonly bytes?: Uint8Array;
  /** The first ones of them, without what makes a session (RFC 6265 §4.1). */
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly retryAfterMs?: number;
  readonly latencyMs: number;
}

export interface SafeRequestOptions {
  readonly rule: AddressRule;
  readonly resolve?: Resolve;
  readonly connectMsMax?: number;
  readonly totalMsMax?: number;
  readonly responseBytesMax?: number;
  /** How much of an answer is kept. What is cut off there is no error. */
  readonly keptBytesMax?: number;
  /** Keeps an answer as it came, and no text of it. */
  readonly keepsBytes?: boolean;
  /** Takes an answer of 2xx piece by piece, each after the one before, in place of its being kept. */
  readonly takeBytes?: (bytes: Uint8Array) => Promise<void>;
  /** Breaks it off: it ends as what took too long. */
  readonly signal?: AbortSignal;
}

/** Sends a body by POST to where a customer says. */
export type SendSafely = (request: SafeRequest) => Promise<SafeResponse>;

class Failure extends Error {
  readonly reason: RequestError;
  constructor(reason: RequestError) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * A request that can do no harm whatever is at the other end: the host is looked up once, each of its addresses is held
 * against the rule, and the connection goes to one that was; no redirect is followed; time and size are bounded (C27 to
 * C30, C33, C48). It never throws.
 */
export function safeSender(options: SafeRequestOptions): SendSafely {
  return async (request) => {
    const startedMs = performance.now();
    const found: Found = {};
    const latencyMs = () => Math.round(performance.now() - startedMs);
    try {
      await exchange(request, options, found);
      const { status = 0 } = found;
      if (status >= 200 && status < 300) return { ...found, latencyMs: latencyMs() };
      return {
        ...found,
        error: status >= 300 && status < 400 ? 'redirect' : 'status',
        latencyMs: latencyMs(),
      };
    } catch (cause) {
      const error = cause instanceof Failure ? cause.reason : 'connect_failed';
      return { ...found, error, latencyMs: latencyMs() };
    }
  };
}

interface Found {
  status?: number;
  response?: string;
  bytes?: Uint8Array;
  headers?: Readonly<Record<string, string>>;
  contentType?: string;
  retryAfterMs?: number;
}

async function exchange(request: SafeRequest, options: SafeRequestOptions, found: Found): Promise<void> {
  const { rule, resolve = resolveHost, connectMsMax = CONNECT_MS_MAX, totalMsMax = TOTAL_MS_MAX } = options;
  const ending = new AbortController();
  const after = (ms: number, reason: RequestError) => setTimeout(() => ending.abort(new Failure(reason)), ms);
  const leave = () => ending.abort(new Failure('timeout'));
  options.signal?.addEventListener('abort', leave, { once: true });
  if (options.signal?.aborted === true) leave();
  const total = after(totalMsMax, 'timeout');
  const connecting = after(connectMsMax, 'connect_timeout');
  try {
    const url = URL.parse(request.url);
    if (url === null) throw new Failure('address_forbidden');
    const addresses = await unlessAborted(rule.addressesOf(url, resolve, ending.signal), ending.signal);
    if (typeof addresses === 'string') throw new Failure('address_forbidden');
    if (addresses.length === 0) throw new Failure('host_unknown');
    const response = await answerTo(request, { url, addresses, signal: ending.signal }, () =>
      clearTimeout(connecting),
    );
    found.status = response.statusCode ?? 0;
    found.headers = keptHeaders(response.headers);
    const retryAfterMs = retryAfterMsOf(response.headers['retry-after'] ?? '', Date.now());
    if (retryAfterMs !== undefined) found.retryAfterMs = retryAfterMs;
    const { 'content-type': contentType } = response.headers;
    if (contentType !== undefined) found.contentType = contentType;
    await read(response, { ...options, signal: ending.signal }, found);
  } finally {
    clearTimeout(total);
    clearTimeout(connecting);
    options.signal?.removeEventListener('abort', leave);
    // Whatever is still open is closed: nobody waits for it any more.
    ending.abort(new Failure('timeout'));
  }
}

function keptHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  let left = HEADER_CHARACTERS_MAX;
  const texts = Object.entries(headers).flatMap(([name, value = '']) =>
    name === 'set-cookie' ? [] : [[name, [value].flat().join(', ')] as const],
  );
  return Object.fromEntries(
    texts.filter(([name, value]) => {
      left -= name.length + value.length;
      return left >= 0;
    }),
  );
}

/** A look-up that does not end by itself must not hold us. */
function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    ),
  ]);
}

interface Connection {
  readonly url: URL;
  readonly addresses: readonly Address[];
  readonly signal: AbortSignal;
}

/** The head of the answer. */
function answerTo(
  { method = 'POST', body, bytes = Buffer.from(body, 'utf8'), headers }: SafeRequest,
  { url, addresses, signal }: Connection,
  onConnected: () => void,
): Promise<IncomingMessage> {
  // The name goes into Host and SNI, and the connection to what was checked: nobody asks for the name again.
  const lookup: LookupFunction = (_host, { all }, callback) => {
    const [first] = addresses;
    if (all === true)
      callback(
        null,
        addresses.map(({ ip, family }) => ({ address: ip, family })),
      );
    else if (first !== undefined) callback(null, first.ip, first.family);
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent = send(url, {
      method,
      // A connection is of one request: a kept one would go where the name led at another time.
      agent: false,
      lookup,
      headers: method === 'GET' ? headers : { ...headers, 'content-length': bytes.length },
    });
    signal.addEventListener('abort', () => sent.destroy(signal.reason as Error), { once: true });
    if (signal.aborted) sent.destroy(signal.reason as Error);
    sent.on('socket', (socket) =>
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected),
    );
    sent.on('response', resolve);
    // A receiver may answer and close before it has read all of what we send: then the answer stands.
    sent.on('error', reject);
    sent.end(method === 'GET' ? undefined : bytes);
  });
}

async function read(
  response: IncomingMessage,
  {
    signal,
    responseBytesMax = RESPONSE_BYTES_MAX,
    keepsBytes = false,
    keptBytesMax = keepsBytes ? responseBytesMax : SNIPPET_BYTES_MAX,
    takeBytes,
  }: Pick<SafeRequestOptions, 'responseBytesMax' | 'keptBytesMax' | 'keepsBytes' | 'takeBytes'> & {
    readonly signal: AbortSignal;
  },
  found: Found,
): Promise<void> {
  let sizeBytes = 0;
  const kept: Buffer[] = [];
  const { status = 0 } = found;
  const take = status >= 200 && status < 300 ? takeBytes : undefined;
  const keep = () => {
    if (keepsBytes) {
      found.bytes = Buffer.concat(kept);
      return;
    }
    const text = Buffer.concat(kept).subarray(0, keptBytesMax).toString('utf8');
    if (text !== '') found.response = text;
  };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (take === undefined && sizeBytes < keptBytesMax) kept.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > responseBytesMax) throw new Failure('response_too_large');
      await take?.(chunk);
    }
    if (!response.complete) throw new Failure('response_cut');
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw signal.aborted ? (signal.reason as Error) : new Failure('response_cut');
  } finally {
    keep();
  }
}
