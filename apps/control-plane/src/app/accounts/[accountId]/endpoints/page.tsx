import type { Metadata } from 'next';
import { openOffersRequest } from '../../../../features/endpoints/endpoint.ts';
import { EndpointsPage } from '../../../../features/endpoints/endpoints-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';

export const metadata: Metadata = { title: 'Endpoints' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.endpoints.list.infiniteQueryOptions(listRequest(accountId), paged)),
        client.prefetchQuery(trpc.endpointTransfers.list.queryOptions(openOffersRequest(accountId))),
      ]}
    >
      <EndpointsPage />
    </FetchedAhead>
  );
}
