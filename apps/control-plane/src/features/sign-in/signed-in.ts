import type { Evidence } from '@patchbay/faces/platform';
import { createRequestId } from '@patchbay/faces/trpc';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { controlPlane } from '../../server/compose.ts';
import { namedSessionOf, signInSessionOf } from '../../server/sign-in-session.ts';

/** The sign-in session that the request names which a page is rendered for. Whether it holds, who reads it asks. */
const namedSession = cache(async (): Promise<string | undefined> => {
  const request = new Request('http://dashboard.invalid', { headers: new Headers(await headers()) });
  return await signInSessionOf(request, controlPlane().env.PATCHBAY_URL);
});

/** Whether the cookie is of a view, which may be over: then there is a session to go back to. */
export async function isInView(): Promise<boolean> {
  const request = new Request('http://dashboard.invalid', { headers: new Headers(await headers()) });
  return (await namedSessionOf(request, controlPlane().env.PATCHBAY_URL))?.returnsTo !== undefined;
}

/** What the request brings to be known by. */
export async function signInEvidence(): Promise<Evidence | undefined> {
  const signInSessionId = await namedSession();
  if (signInSessionId === undefined) return undefined;
  const host = await controlPlane().hosts.of(await headers());
  return host.kind === 'unknown' ? undefined : { kind: 'signIn', signInSessionId, within: host.within };
}

/** The sign-in session of the request, if it still holds. */
async function currentSession(): Promise<string | undefined> {
  const signInSessionId = await namedSession();
  if (signInSessionId === undefined) return undefined;
  const user = await controlPlane().signIns.check(signInSessionId);
  return user === undefined ? undefined : signInSessionId;
}

/**
 * Who is signed in, and with which session. Nobody, while they look as an account below theirs: meanwhile they do nothing of
 * their own, such as taking an invitation or leaving off a second factor (PRD-3).
 */
export async function currentSignIn() {
  const signInSessionId = await currentSession();
  if (signInSessionId === undefined) return undefined;
  const { signIns, views } = controlPlane();
  // The view first: one that ends meanwhile has no session any more, and is never one in somebody's own name.
  const view = await views.of(signInSessionId);
  const user = await signIns.check(signInSessionId);
  const isInOwnName = user !== undefined && view === undefined;
  return isInOwnName ? { ...user, signInSessionId } : undefined;
}

/** Who is signed in, in the request that a page or an action is rendered for. */
export async function currentUser(): Promise<
  { readonly userId: string; readonly email: string; readonly name: string } | undefined
> {
  return await currentSignIn();
}

/**
 * Sends a stranger to the sign-in page. While the store is away nobody is sent off: the page stands, and each of its
 * requests says why it is refused. What somebody may see, the procedures decide.
 */
export async function requireSignIn(): Promise<void> {
  const session = await currentSession().catch(() => 'unknown');
  if (session === undefined) redirect('/sign-in');
}

/**
 * Where the way in leads: to the account looked at last, else to the highest one with a role. An operator begins at an
 * account of their own rather than at the platform. `undefined` for a stranger, `null` where nothing is within reach.
 */
export async function firstAccountOf(lastAccountId: string | undefined): Promise<string | null | undefined> {
  const signInSessionId = await currentSession();
  if (signInSessionId === undefined) return undefined;
  const caller = controlPlane().router.createCaller({
    evidence: await signInEvidence(),
    requestId: createRequestId(),
    signal: new AbortController().signal,
    responseHeaders: new Headers(),
  });
  const read = (accountId: string) => caller.accounts.get({ accountId }).catch(() => undefined);
  const last = lastAccountId === undefined ? undefined : await read(lastAccountId);
  if (last !== undefined) return last.id;
  const [first, second] = (await caller.me.get({})).accounts.filter(({ isTest }) => !isTest);
  if (first === undefined) return null;
  const isPlatform = second !== undefined && (await read(first.id))?.isPlatform === true;
  return isPlatform ? second.id : first.id;
}
