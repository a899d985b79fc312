import { createRequestId } from '@patchbay/faces/trpc';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { controlPlane } from '../../server/compose.ts';
import { signInSessionOf } from '../../server/sign-in-session.ts';

/** The sign-in session of the request that a page is rendered for, if it still holds. */
async function currentSession(): Promise<string | undefined> {
  const request = new Request('http://dashboard.invalid', { headers: new Headers(await headers()) });
  const signInSessionId = await signInSessionOf(request);
  if (signInSessionId === undefined) return undefined;
  const user = await controlPlane().signIns.check(signInSessionId);
  return user === undefined ? undefined : signInSessionId;
}

/** Sends a stranger to the sign-in page. What somebody may see, the procedures decide. */
export async function requireSignIn(): Promise<void> {
  if ((await currentSession()) === undefined) redirect('/sign-in');
}

/** The accounts at which whoever is signed in holds a role, highest first. Undefined for a stranger. */
export async function reachableAccounts(): Promise<readonly { readonly id: string }[] | undefined> {
  const signInSessionId = await currentSession();
  if (signInSessionId === undefined) return undefined;
  const caller = controlPlane().router.createCaller({
    evidence: { kind: 'signIn', signInSessionId },
    requestId: createRequestId(),
    signal: new AbortController().signal,
    responseHeaders: new Headers(),
  });
  return (await caller.me.get({})).accounts;
}
