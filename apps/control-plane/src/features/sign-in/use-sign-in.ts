'use client';

import { startAuthentication } from '@simplewebauthn/browser';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { signIn } from 'next-auth/react';
import { challengePasskey } from './passkey-challenge.ts';
import { BY_ORGANISATION, PASSKEY_PROVIDER, SECOND_FACTOR } from './second-factor.ts';

export type SignInOutcome = 'in' | 'refused' | 'second_factor' | 'organisation';

/** Goes to the dashboard, or where `next` says once one is in. */
function useEntry(next?: () => Promise<string>): () => Promise<'in'> {
  const router = useRouter();
  const queryClient = useQueryClient();
  return async () => {
    queryClient.clear();
    router.push((await next?.()) ?? '/');
    router.refresh();
    return 'in';
  };
}

/** Signs in with a password. Refused is for whichever reason. Throws when nobody answered: that is no refusal. */
export function useSignIn(
  next?: () => Promise<string>,
): (email: string, password: string, code?: string) => Promise<SignInOutcome> {
  const enter = useEntry(next);
  return async (email, password, code) => {
    const answer = await signIn('credentials', {
      email,
      password,
      ...(code === undefined ? {} : { code }),
      redirect: false,
    });
    if (answer?.error === 'CredentialsSignin') return 'refused';
    if (answer?.error === SECOND_FACTOR) return 'second_factor';
    if (answer?.error === BY_ORGANISATION) return 'organisation';
    if (answer?.ok !== true) throw new Error('The sign-in was not answered.');
    return await enter();
  };
}

/** Signs in with a passkey. `cancelled`: the browser has none for this site, or its owner thought better of it. */
export function usePasskeySignIn(): () => Promise<'in' | 'refused' | 'cancelled' | 'organisation'> {
  const enter = useEntry();
  return async () => {
    const optionsJSON = await challengePasskey();
    if (optionsJSON === undefined) return 'refused';
    const response = await startAuthentication({ optionsJSON }).catch(() => undefined);
    if (response === undefined) return 'cancelled';
    const answer = await signIn(PASSKEY_PROVIDER, { response: JSON.stringify(response), redirect: false });
    if (answer?.error === 'CredentialsSignin') return 'refused';
    if (answer?.error === BY_ORGANISATION) return 'organisation';
    if (answer?.ok !== true) throw new Error('The sign-in was not answered.');
    return await enter();
  };
}
