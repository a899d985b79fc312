import type { Metadata } from 'next';
import { ServicePage } from '../../../../../features/services/service-page.tsx';
import { FetchedAhead } from '../../../../../features/shell/fetched-ahead.tsx';

export const metadata: Metadata = { title: 'Service' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  return (
    <FetchedAhead
      ask={(trpc, client) => [client.prefetchQuery(trpc.prices.list.queryOptions({ accountId }))]}
    >
      <ServicePage />
    </FetchedAhead>
  );
}
