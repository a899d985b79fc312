'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { signIn } from 'next-auth/react';
import { SECOND_FACTOR } from './second-factor.ts';

export type SignInOutcome = 'in' | 'refused' | 'second_factor';

/**
 * Signs in, and goes to the dashboard, or where `next` says once one is in. Refused is for whichever reason.
 * Throws when nobody answered: that is no refusal.
 */
export function useSignIn(
  next?: () => Promise<string>,
): (email: string, password: string, code?: string) => Promise<SignInOutcome> {
  const router = useRouter();
  const queryClient = useQueryClient();
  return async (email, password, code) => {
    const answer = await signIn('credentials', {
      email,
      password,
      ...(code === undefined ? {} : { code }),
      redirect: false,
    });
    if (answer?.error === 'CredentialsSignin') return 'refused';
    if (answer?.error === SECOND_FACTOR) return 'second_factor';
    if (answer?.ok !== true) throw new Error('The sign-in was not answered.');
    queryClient.clear();
    router.push((await next?.()) ?? '/');
    router.refresh();
    return 'in';
  };
}
