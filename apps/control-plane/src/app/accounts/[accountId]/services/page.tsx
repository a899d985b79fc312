import type { Metadata } from 'next';
import { ServicesPage } from '../../../../features/services/services-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';

export const metadata: Metadata = { title: 'Services' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  return (
    <FetchedAhead
      ask={(trpc, client) => [client.prefetchQuery(trpc.prices.list.queryOptions({ accountId }))]}
    >
      <ServicesPage />
    </FetchedAhead>
  );
}
