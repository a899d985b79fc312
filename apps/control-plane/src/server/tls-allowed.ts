import { hostNameOf } from '@patchbay/domain/branding/host-name';
import type { RequestHosts } from './request-host.ts';

/**
 * Whether a proxy may ask for a certificate of a host: 200 where an account proved it, 404 for every other. It is asked
 * before each certificate, by whoever opens a TLS connection with any name: what was asked lately is not looked up again.
 * @see docs/white-label.md for Caddy's `on_demand_tls`, which names the host `domain`.
 */
export async function answerTlsAllowed(
  { hosts }: { readonly hosts: Pick<RequestHosts, 'accountAt'> },
  request: Request,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const host = hostNameOf(searchParams.get('domain') ?? searchParams.get('host') ?? '');
  // While nobody knows, no certificate is asked for: the proxy asks again.
  const accountId = host === undefined ? undefined : await hosts.accountAt(host).catch(() => undefined);
  const status = accountId === undefined ? 404 : 200;
  return new Response(null, { status, headers: { 'cache-control': 'no-store' } });
}
