'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { signIn } from 'next-auth/react';

/**
 * Signs in, and goes to the dashboard, or where `next` says once one is in. False: refused, for whichever reason.
 * Throws when nobody answered: that is no refusal.
 */
export function useSignIn(
  next?: () => Promise<string>,
): (email: string, password: string) => Promise<boolean> {
  const router = useRouter();
  const queryClient = useQueryClient();
  return async (email, password) => {
    const answer = await signIn('credentials', { email, password, redirect: false });
    if (answer?.error === 'CredentialsSignin') return false;
    if (answer?.ok !== true) throw new Error('The sign-in was not answered.');
    queryClient.clear();
    router.push((await next?.()) ?? '/');
    router.refresh();
    return true;
  };
}
