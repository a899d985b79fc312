/** The dashboard as somebody's browser speaks to it: HTTP and a sign-in cookie. */
export interface Visitor {
  readonly url: string;
  readonly cookie: string;
}

export interface Page {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

const cookiesOf = (response: Response) =>
  response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');

export async function signUp(url: string, person: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`${url}/v1/sign-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(person),
  });
  if (!response.ok) throw new Error(`Signing up: ${response.status} ${await response.text()}`);
}

/** Signs in as the form does. */
export async function signIn(url: string, email: string, password: string): Promise<Visitor> {
  const csrf = await fetch(`${url}/api/auth/csrf`);
  const { csrfToken } = (await csrf.json()) as { csrfToken: string };
  const response = await fetch(`${url}/api/auth/callback/credentials`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookiesOf(csrf).join('; ') },
    body: new URLSearchParams({ csrfToken, email, password, json: 'true' }),
  });
  const cookie = cookiesOf(response).find((pair) => pair.includes('session-token='));
  if (cookie === undefined) throw new Error(`${email} was not signed in: ${response.status}`);
  return { url, cookie };
}

export async function visit({ url, cookie }: Visitor, path: string, init: RequestInit = {}): Promise<Page> {
  const headers = new Headers(init.headers);
  headers.set('cookie', [cookie, headers.get('cookie')].filter(Boolean).join('; '));
  const response = await fetch(`${url}${path}`, {
    ...init,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
  });
  return {
    status: response.status,
    location: response.headers.get('location') ?? '',
    body: await response.text(),
  };
}

/** Calls a procedure as a page does. */
export function callProcedure(
  visitor: Visitor,
  name: string,
  { method, input }: { readonly method: string; readonly input: object },
): Promise<Page> {
  const json = JSON.stringify(input);
  if (method === 'GET') return visit(visitor, `/api/trpc/${name}?input=${encodeURIComponent(json)}`);
  const headers = { 'content-type': 'application/json', origin: visitor.url };
  return visit(visitor, `/api/trpc/${name}`, { method: 'POST', headers, body: json });
}
