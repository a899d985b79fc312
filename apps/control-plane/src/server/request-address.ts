import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { METHOD_HEADER, UNREADABLE_PATH } from '@patchbay/faces/unreadable';

/** Where a request came from, as this process saw it. Only this file sets it. */
export const ADDRESS_HEADER = 'x-patchbay-address';

/** What a client could send to be taken for somebody or something else (C43, CVE-2025-29927). */
const untrusted =
  /^(x-forwarded-.*|forwarded|x-real-ip|x-middleware-.*|x-patchbay-address|x-patchbay-method)$/;

export interface AddressNoting {
  /** How many proxies of the operator stand in front; each adds one address to X-Forwarded-For. */
  readonly trustedProxyCount: number;
  /** Of the platform's own address, and so of every host that it is reached at. */
  readonly protocol?: 'http' | 'https';
}

/**
 * Cleans the headers of a request before anything reads them, and notes its address.
 */
export function noteAddress(
  request: Pick<IncomingMessage, 'headers'> & {
    readonly socket: { readonly remoteAddress?: string | undefined };
  },
  { trustedProxyCount, protocol }: AddressNoting,
): void {
  const { headers, socket } = request;
  const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
  const proxied = trustedProxyCount === 0 ? undefined : forwarded.at(-trustedProxyCount)?.trim();
  const address = proxied || socket.remoteAddress;
  const isProxied = trustedProxyCount > 0;
  for (const name of Object.keys(headers)) {
    // Behind a proxy its own word about host and protocol holds.
    const isOfProxy = isProxied && (name === 'x-forwarded-host' || name === 'x-forwarded-proto');
    if (untrusted.test(name) && !isOfProxy) delete headers[name];
  }
  // What stands in front may speak to this process without TLS: how the platform is reached, its own address says.
  if (protocol !== undefined) headers['x-forwarded-proto'] = protocol;
  if (address !== undefined) headers[ADDRESS_HEADER] = address.replace(/^::ffff:/, '');
}

const knownMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/**
 * Lets what Next would fail at come to the API, which says what is wrong with it: a path that cannot be decoded, and methods
 * that no Request may have, as TRACE. Call it once the headers are clean.
 */
export function noteUnreadable(request: Pick<IncomingMessage, 'headers' | 'method' | 'url'>): void {
  const { headers, method = 'GET', url = '/' } = request;
  if (!isDecodable(url.split('?')[0] ?? '')) request.url = UNREADABLE_PATH;
  if (knownMethods.has(method)) return;
  headers[METHOD_HEADER] = method;
  request.method = 'OPTIONS';
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Does so for every request that this process takes, whoever owns the server: Next has no hook that sees the socket. */
export function noteAddresses(noting: AddressNoting): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    noteAddress(request, noting);
    noteUnreadable(request);
  });
}
