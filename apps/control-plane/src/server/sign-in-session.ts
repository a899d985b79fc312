import { encode, getToken } from 'next-auth/jwt';
import type { ControlPlaneEnv } from './env.ts';

interface NamedSession {
  readonly signInSessionId: string;
  /** Of a view: the session that it was begun from, and goes back to. */
  readonly returnsTo?: string;
}

/**
 * The cookie that names a sign-in session. Over TLS its name binds it to this very host: a browser takes one of that name
 * from no other, be it one below or beside it, and sends it nowhere else (RFC 6265bis §4.1.3.2, C12).
 */
export function sessionCookie(publicUrl: string) {
  const secure = new URL(publicUrl).protocol === 'https:';
  return {
    name: `${secure ? '__Host-' : ''}next-auth.session-token`,
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure },
  } as const;
}

/** The sign-in session that the cookie of somebody signed in names. Whether it still holds, the store says. */
export async function signInSessionOf(
  request: Pick<Request, 'headers'>,
  publicUrl: string,
): Promise<string | undefined> {
  return (await namedSessionOf(request, publicUrl))?.signInSessionId;
}

/** The same, with where a view goes back to. The cookie is signed by us: nobody else says what is in it. */
export async function namedSessionOf(
  request: Pick<Request, 'headers'>,
  publicUrl: string,
): Promise<NamedSession | undefined> {
  const cookies = Object.fromEntries(
    (request.headers.get('cookie') ?? '').split(/;\s*/).map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, decodeURIComponent(value.join('='))];
    }),
  );
  // next-auth 4 reads a Node request; headers and cookies are all of it that it needs.
  const token = await getToken({
    req: { headers: Object.fromEntries(request.headers), cookies } as never,
    cookieName: sessionCookie(publicUrl).name,
  });
  if (typeof token?.signInSessionId !== 'string') return undefined;
  const { signInSessionId, returnsTo } = token;
  return { signInSessionId, ...(typeof returnsTo === 'string' ? { returnsTo } : {}) };
}

interface CookieRequest {
  readonly signInSessionId: string;
  readonly lifetimeMs: number;
  readonly env: Pick<ControlPlaneEnv, 'NEXTAUTH_SECRET' | 'PATCHBAY_URL'>;
}

/** The cookie of somebody who was signed in by a redirect, where no form of next-auth's was sent: the same as its own. */
export async function setSessionCookie({
  signInSessionId,
  lifetimeMs,
  env: { NEXTAUTH_SECRET: secret, PATCHBAY_URL: publicUrl },
}: CookieRequest): Promise<string> {
  if (secret === undefined) throw new Error('Nobody is signed in without NEXTAUTH_SECRET.');
  const maxAge = lifetimeMs / 1_000;
  const value = await encode({ token: { signInSessionId }, secret, maxAge });
  const { name, options } = sessionCookie(publicUrl);
  return `${name}=${value}; Path=${options.path}; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}`;
}
