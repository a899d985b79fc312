import type { Metadata } from 'next';
import { EndpointPage } from '../../../../../features/endpoints/endpoint-page.tsx';
import { FetchedAhead } from '../../../../../features/shell/fetched-ahead.tsx';

export const metadata: Metadata = { title: 'Endpoint' };

interface EndpointRoute {
  readonly params: Promise<{ readonly accountId: string; readonly endpointId: string }>;
}

export default async function Page({ params }: EndpointRoute) {
  const request = await params;
  return (
    <FetchedAhead ask={(trpc, client) => [client.prefetchQuery(trpc.endpoints.get.queryOptions(request))]}>
      <EndpointPage />
    </FetchedAhead>
  );
}
