'use client';

import type { PatchPlace } from '@patchbay/domain/hooks/patch-graph';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type Outputs, useTRPCClient } from '../../trpc/client.ts';
import { useAccountId } from '../shell/account.ts';

/** A page that nobody sees asks for nothing. */
const REFRESH_MS = 4_000;
const PAGE = 100;
/** A drawing of more is none that anybody reads. */
const PAGES_MAX = 5;

type Flow = Outputs['flows']['list']['items'][number];

/** The stored cables of a place with their counts, anew every few seconds. */
export function useFlows(place: PatchPlace) {
  const client = useTRPCClient();
  const accountId = useAccountId();
  return useQuery({
    queryKey: ['flows', accountId, place],
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const flows: Flow[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const request = { accountId, limit: PAGE, ...place, ...(cursor === undefined ? {} : { cursor }) };
        const answer: { readonly items: Flow[]; readonly nextCursor?: string | undefined } =
          await client.flows.list.query(request, { signal });
        flows.push(...answer.items);
        cursor = answer.nextCursor;
        if (cursor === undefined) break;
      }
      return { flows, hasMore: cursor !== undefined };
    },
  });
}
