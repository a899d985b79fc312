'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { signIn } from 'next-auth/react';

/** Signs in, and goes to the dashboard. False: refused, for whichever reason. */
export function useSignIn(): (email: string, password: string) => Promise<boolean> {
  const router = useRouter();
  const queryClient = useQueryClient();
  return async (email, password) => {
    const answer = await signIn('credentials', { email, password, redirect: false });
    if (answer?.ok !== true) return false;
    queryClient.clear();
    router.push('/');
    router.refresh();
    return true;
  };
}
