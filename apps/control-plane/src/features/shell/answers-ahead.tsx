'use client';

import { type DehydratedState, hydrate, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useLayoutEffect } from 'react';

interface AnswersAheadProps {
  readonly state: DehydratedState;
  readonly children: ReactNode;
}

/**
 * Takes what the server fetched ahead, but not before the first render stands: the server rendered the page while it
 * waited for these answers, and React holds the browser's first render against that. An answer that came quickly would
 * be in one and not in the other. It is taken before anything is painted, and before a query would ask by itself. What
 * stands in a Suspense boundary below is rendered later than that: pages have none.
 */
export function AnswersAhead({ state, children }: AnswersAheadProps): ReactNode {
  const client = useQueryClient();
  useLayoutEffect(() => takeAnswers(client, state), [client, state]);
  return children;
}

function takeAnswers(client: QueryClient, { queries }: DehydratedState): void {
  for (const query of queries) {
    const known = client.getQueryCache().get(query.queryHash);
    const isWaiting = known?.state.status === 'pending' && known.state.fetchStatus === 'idle';
    if (isWaiting && query.promise !== undefined) {
      // `hydrate` leaves alone what a component waits for already. Who waits is told of a failure by the query.
      known.fetch(undefined, { initialPromise: query.promise }).catch(() => undefined);
    } else {
      hydrate(client, { mutations: [], queries: [query] });
    }
  }
}
