import { namesAt } from '@patchbay/adapters/prisma/saml-answers';
import { newBrowserSecret, SSO_ATTEMPT_LIFETIME_MS } from '@patchbay/adapters/prisma/sso-attempts';
import { SSO_SESSION_LIFETIME_MS, type SsoRefusal } from '@patchbay/adapters/prisma/sso-people';
import { writeMetadata } from '@patchbay/adapters/saml/metadata';
import { RESPONSE_BYTES_MAX } from '@patchbay/adapters/saml/service-provider';
import { ssoPath } from '@patchbay/domain/sso/sso-answer';
import { idSchema } from '@patchbay/kit/ids';
import { pagePath } from '../features/shell/pages.ts';
import { isLoopbackHost, isLoopbackUrl } from '../features/sign-in/env.ts';
import type { ControlPlane } from './compose.ts';
import { rootOf } from './failure-log.ts';
import { ADDRESS_HEADER } from './request-address.ts';
import { setSessionCookie, signInSessionOf } from './sign-in-session.ts';

type Control = Pick<ControlPlane, 'env' | 'sso' | 'signIns' | 'signInLimiter' | 'views'> & {
  readonly hosts: Pick<ControlPlane['hosts'], 'of'>;
};

/** Of this browser alone: a state that somebody else has is of no use in it, and none of its own in theirs. */
const BROWSER_COOKIE = 'patchbay-sso';
const secretForm = /^[\w-]{43}$/;

/** `away`: we ourselves do not answer. */
export type SsoProblem = SsoRefusal | 'away';

const problemPath = (why: SsoProblem) => `/sign-in/organisation?problem=${why}`;
const testPath = (accountId: string, result: 'ok' | SsoRefusal) =>
  `${pagePath(accountId, 'single-sign-on')}?test=${result}`;

/** Where it leads is ours to say, or the provider's whom the organisation named: nothing of the request is in it (C14). */
function redirect(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

function browserSecretOf(request: Request): string | undefined {
  const pairs = (request.headers.get('cookie') ?? '').split(/;\s*/);
  const value = pairs.find((pair) => pair.startsWith(`${BROWSER_COOKIE}=`))?.slice(BROWSER_COOKIE.length + 1);
  return value !== undefined && secretForm.test(value) ? value : undefined;
}

/** Lax, for the provider leads back by an address; and for these pages alone. */
const browserCookie = (secret: string, { PATCHBAY_URL }: Control['env']) =>
  `${BROWSER_COOKIE}=${secret}; Path=/sso; Max-Age=${SSO_ATTEMPT_LIFETIME_MS / 1_000}; HttpOnly; SameSite=Lax${
    PATCHBAY_URL.startsWith('https://') ? '; Secure' : ''
  }`;

/** Who is signed in in their own name. */
async function currentUserId(control: Control, request: Request): Promise<string | undefined> {
  const signInSessionId = await signInSessionOf(request, control.env.PATCHBAY_URL);
  if (signInSessionId === undefined) return undefined;
  const view = await control.views.of(signInSessionId);
  const user = await control.signIns.check(signInSessionId);
  return view === undefined ? user?.userId : undefined;
}

/** On one machine a cookie of 127.0.0.1 is none of localhost, and the provider leads back to the one that it was told. */
function otherName(control: Control, request: Request): string | undefined {
  const { PATCHBAY_URL } = control.env;
  const host = request.headers.get('host') ?? '';
  if (!isLoopbackUrl(PATCHBAY_URL) || !isLoopbackHost(host) || host === new URL(PATCHBAY_URL).host)
    return undefined;
  const { pathname, search } = new URL(request.url);
  return new URL(`${pathname}${search}`, PATCHBAY_URL).href;
}

/** The platform's address, or that of the brand whose host it is: nothing above a brand shows there. */
async function baseUrlOf({ env, hosts }: Control, { headers }: Request): Promise<string> {
  const host = await hosts.of(headers);
  return host.kind === 'unknown' ? env.PATCHBAY_URL : host.baseUrl;
}

/** The way to the provider. `?test` tries it as whoever is signed in, who stays signed in. */
export async function startSso(
  control: Control,
  request: Request,
  organisationId: string,
): Promise<Response> {
  const elsewhere = otherName(control, request);
  if (elsewhere !== undefined) return redirect(elsewhere);
  const { searchParams } = new URL(request.url);
  const isTest = searchParams.has('test');
  const testedBy = isTest ? await currentUserId(control, request) : undefined;
  if (isTest && testedBy === undefined) return redirect('/sign-in');
  const address = request.headers.get(ADDRESS_HEADER) ?? '';
  if ((await control.signInLimiter.count(address, Date.now())).isExceeded)
    return redirect(problemPath('too_many'));
  const browserSecret = browserSecretOf(request) ?? newBrowserSecret();
  const email = searchParams.get('email')?.slice(0, 254) || undefined;
  const baseUrl = await baseUrlOf(control, request);
  const url = await control.sso.start({ organisationId, baseUrl, browserSecret, email, testedBy });
  return typeof url === 'string'
    ? redirect(problemPath(url))
    : redirect(url.href, [browserCookie(browserSecret, control.env)]);
}

/** What a provider of SAML has to know: names that follow from the address, and certificates of ours, where there are any. */
export async function samlMetadata(
  control: Control,
  request: Request,
  organisationId: string,
): Promise<Response> {
  if (!idSchema('org').safeParse(organisationId).success) return new Response(null, { status: 404 });
  const names = namesAt(organisationId, await baseUrlOf(control, request));
  const document = writeMetadata(names, await control.sso.samlKeys(organisationId));
  return new Response(document, {
    headers: { 'content-type': 'application/samlmetadata+xml; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/**
 * What a page of a provider posts (SAML Bindings §3.5). Another site posts it, so the cookie that shows who began is not
 * there: it comes along where the browser is sent next, by GET, and only then somebody is signed in.
 */
export async function receiveSaml(
  control: Control,
  request: Request,
  organisationId: string,
): Promise<Response> {
  const address = request.headers.get(ADDRESS_HEADER) ?? '';
  if ((await control.signInLimiter.count(address, Date.now())).isExceeded)
    return redirect(problemPath('too_many'));
  const form = await formOf(request);
  if (form === undefined) return redirect(problemPath('invalid'));
  const received = await control.sso.receive({
    organisationId,
    baseUrl: await baseUrlOf(control, request),
    response: form.get('SAMLResponse') ?? '',
    relayState: form.get('RelayState') ?? '',
  });
  if (received.outcome === 'refused') return redirect(problemPath(received.why));
  const { state, browserSecret } = received;
  const cookies = browserSecret === undefined ? [] : [browserCookie(browserSecret, control.env)];
  return redirect(`${ssoPath(organisationId, 'callback')}?state=${state}`, cookies);
}

/** In base64 and as a form, something more than the answer itself has. */
const FORM_BYTES_MAX = RESPONSE_BYTES_MAX * 2;

/** Undefined for what is no form, or larger than any answer. */
async function formOf(request: Request): Promise<URLSearchParams | undefined> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return undefined;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > FORM_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** The way back. */
export async function finishSso(
  control: Control,
  request: Request,
  organisationId: string,
): Promise<Response> {
  const address = request.headers.get(ADDRESS_HEADER) ?? '';
  const userAgent = request.headers.get('user-agent') ?? undefined;
  const browserSecret = browserSecretOf(request);
  if (browserSecret === undefined) return redirect(problemPath('expired'));
  if ((await control.signInLimiter.count(address, Date.now())).isExceeded)
    return redirect(problemPath('too_many'));
  const done = await control.sso.finish({
    organisationId,
    baseUrl: await baseUrlOf(control, request),
    browserSecret,
    search: new URL(request.url).search,
    userId: await currentUserId(control, request),
    address,
    userAgent,
  });
  switch (done.outcome) {
    case 'in': {
      const { signInSessionId } = done;
      const lifetimeMs = SSO_SESSION_LIFETIME_MS;
      return redirect('/', [await setSessionCookie({ signInSessionId, lifetimeMs, env: control.env })]);
    }
    case 'tested':
      return redirect(testPath(done.accountId, 'ok'));
    case 'refused':
      return redirect(
        done.testedAt === undefined ? problemPath(done.why) : testPath(done.testedAt, done.why),
      );
  }
}

/** Somebody is in the middle of signing in: they are told on a page, not in JSON. */
export function ssoAway({ log }: Pick<ControlPlane, 'log'>, error: unknown): Response {
  log.error({ error: rootOf(error) }, 'A sign-in by an organisation failed.');
  return redirect(problemPath('away'));
}
