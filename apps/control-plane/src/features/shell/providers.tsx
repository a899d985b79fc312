'use client';

import { ToastProvider } from '@patchbay/ui/toast';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { createClient, TRPCProvider } from '../../trpc/client.ts';
import { problemOf } from '../problem/problem.ts';

const STALE_MS = 5_000;
const RETRIES_MAX = 2;

/** A session may be ended in another browser: what stood here is not left on the screen (PRD-3). */
function leaveWhenSignedOut(error: unknown): void {
  if (problemOf(error).code === 'auth.missing' && window.location.pathname.startsWith('/accounts/'))
    window.location.assign('/sign-in');
}

function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        retry: (failureCount, error) => failureCount < RETRIES_MAX && problemOf(error).retry !== 'never',
      },
    },
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    // A change may show anywhere: whatever is on the screen is asked for again.
    mutationCache: new MutationCache({ onSuccess: () => client.invalidateQueries() }),
  });
  return client;
}

/** What every page stands in: the API client, its cache, and the messages. */
export function Providers({ children }: { readonly children: ReactNode }): ReactNode {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(createClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <ToastProvider>{children}</ToastProvider>
      </TRPCProvider>
    </QueryClientProvider>
  );
}
