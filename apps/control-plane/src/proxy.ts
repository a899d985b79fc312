import { type NextRequest, NextResponse } from 'next/server';
import { lastAccountCookie } from './features/shell/pages.ts';
import { controlPlane } from './server/compose.ts';
import { PAGE_ACCOUNT_HEADER, pageAccountOf } from './server/page-account.ts';
import { contentSecurityPolicy, NONCE_HEADER } from './server/security-policy.ts';

const NONCE_BYTES = 16;

/**
 * Pages are for hosts that somebody proved (PRD-2), and have a policy with a nonce each (C42). What is served at any name, for
 * machines, is left out: nodes and health checks reach a control plane by names of their own, the API says so itself, and
 * what serves data has a policy without scripts and pays for no nonce (next.config.ts).
 */
export const config = { matcher: ['/((?!_next/|v1/|api/(?!auth/)|internal/|brand/).*)'] };

export async function proxy(request: NextRequest): Promise<NextResponse> {
  // While the store does not answer a page says so, in nobody's name.
  const host = await controlPlane()
    .hosts.of(request.headers)
    .catch(() => undefined);
  return host?.kind === 'unknown' ? notServed() : withPolicy(request);
}

const notServed = () =>
  new NextResponse('Nothing is served at this host.\n', {
    status: 421,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });

/** Next reads the nonce from the policy of the request, and writes it into its scripts; our style elements have it from a header. */
function withPolicy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).toString('base64');
  // biome-ignore lint/style/noProcessEnv: it is no setting, and gone after the build.
  const isDevelopment = process.env.NODE_ENV === 'development';
  const policy = contentSecurityPolicy({ nonce, isDevelopment });
  const headers = new Headers(request.headers);
  headers.set('content-security-policy', policy);
  headers.set(NONCE_HEADER, nonce);
  headers.delete(PAGE_ACCOUNT_HEADER);
  const lastAccountId = request.cookies.get(lastAccountCookie)?.value;
  const accountId = pageAccountOf(request.nextUrl.pathname, lastAccountId);
  if (accountId !== undefined) headers.set(PAGE_ACCOUNT_HEADER, accountId);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}
