import type { AppRouter } from '@patchbay/faces/trpc';
import { createRequestId } from '@patchbay/faces/trpc';
import { defaultShouldDehydrateQuery, dehydrate, QueryClient } from '@tanstack/react-query';
import { createTRPCClient, unstable_localLink } from '@trpc/client';
import { createTRPCOptionsProxy, type TRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { cache, type ReactNode } from 'react';
import { controlPlane } from '../../server/compose.ts';
import { withoutDirection } from '../../trpc/without-direction.ts';
import { signInEvidence } from '../sign-in/signed-in.ts';
import { AnswersAhead } from './answers-ahead.tsx';

/** One for each request, so that all that is fetched ahead for it asks once who is calling. */
const requestContext = cache(async () => ({
  evidence: await signInEvidence(),
  requestId: createRequestId(),
  signal: new AbortController().signal,
  responseHeaders: new Headers(),
}));

export interface FetchedAheadProps {
  /** Begins the queries that the page will make first, with the very options that it makes them with. */
  readonly ask: (trpc: TRPCOptionsProxy<AppRouter>, client: QueryClient) => readonly Promise<void>[];
  readonly children: ReactNode;
}

/**
 * Begins what a page asks for while the page itself is on its way, and streams the answers behind it: the browser has
 * them when its scripts are ready, without another request. A query that fails here is made again by the page, which
 * says why.
 */
export async function FetchedAhead({ ask, children }: FetchedAheadProps): Promise<ReactNode> {
  const client = new QueryClient({
    defaultOptions: {
      queries: { retry: false },
      dehydrate: {
        shouldDehydrateQuery: (query) =>
          defaultShouldDehydrateQuery(query) || query.state.status === 'pending',
      },
    },
  });
  const context = await requestContext();
  if (context.evidence !== undefined) {
    const { router } = controlPlane();
    const local = unstable_localLink<AppRouter>({ router, createContext: async () => context });
    const caller = createTRPCClient<AppRouter>({ links: [withoutDirection, local] });
    void Promise.all(ask(createTRPCOptionsProxy({ client: caller, queryClient: client }), client));
  }
  return <AnswersAhead state={dehydrate(client)}>{children}</AnswersAhead>;
}
