import { type NextRequest, NextResponse } from 'next/server';
import { contentSecurityPolicy } from './server/security-policy.ts';

const NONCE_BYTES = 16;

/** Gives each page its policy with a nonce of its own. Next reads it from the request, and writes it into its scripts. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).toString('base64');
  // biome-ignore lint/style/noProcessEnv: it is no setting, and gone after the build.
  const isDevelopment = process.env.NODE_ENV === 'development';
  const policy = contentSecurityPolicy({ nonce, isDevelopment });
  const headers = new Headers(request.headers);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

/** Pages alone: what serves data has a policy without scripts, and pays for no nonce (next.config.ts). */
export const config = { matcher: ['/((?!v1/|api/|internal/|_next/).*)'] };
