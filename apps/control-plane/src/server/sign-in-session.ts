import { getToken } from 'next-auth/jwt';

/** The sign-in session that the cookie of somebody signed in names. Whether it still holds, the store says. */
export async function signInSessionOf(request: Request): Promise<string | undefined> {
  const cookies = Object.fromEntries(
    (request.headers.get('cookie') ?? '').split(/;\s*/).map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, decodeURIComponent(value.join('='))];
    }),
  );
  // next-auth 4 reads a Node request; headers and cookies are all of it that it needs.
  const token = await getToken({ req: { headers: Object.fromEntries(request.headers), cookies } as never });
  return typeof token?.signInSessionId === 'string' ? token.signInSessionId : undefined;
}
