import { getToken } from 'next-auth/jwt';

interface NamedSession {
  readonly signInSessionId: string;
  /** Of a view: the session that it was begun from, and goes back to. */
  readonly returnsTo?: string;
}

/** The sign-in session that the cookie of somebody signed in names. Whether it still holds, the store says. */
export async function signInSessionOf(request: Pick<Request, 'headers'>): Promise<string | undefined> {
  return (await namedSessionOf(request))?.signInSessionId;
}

/** The same, with where a view goes back to. The cookie is signed by us: nobody else says what is in it. */
export async function namedSessionOf(request: Pick<Request, 'headers'>): Promise<NamedSession | undefined> {
  const cookies = Object.fromEntries(
    (request.headers.get('cookie') ?? '').split(/;\s*/).map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, decodeURIComponent(value.join('='))];
    }),
  );
  // next-auth 4 reads a Node request; headers and cookies are all of it that it needs.
  const token = await getToken({
    req: { headers: Object.fromEntries(request.headers), cookies } as never,
    // Over TLS the cookie has a name that browsers take from no page without it (RFC 6265bis §4.1.3).
    secureCookie: request.headers.get('x-forwarded-proto') === 'https',
  });
  if (typeof token?.signInSessionId !== 'string') return undefined;
  const { signInSessionId, returnsTo } = token;
  return { signInSessionId, ...(typeof returnsTo === 'string' ? { returnsTo } : {}) };
}
