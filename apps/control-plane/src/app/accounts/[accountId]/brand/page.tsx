import type { Metadata } from 'next';
import { BrandPage } from '../../../../features/brand/brand-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';

export const metadata: Metadata = { title: 'Brand' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchQuery(trpc.brand.get.queryOptions({ accountId })),
        client.prefetchQuery(trpc.brandHosts.list.queryOptions({ accountId })),
      ]}
    >
      <BrandPage />
    </FetchedAhead>
  );
}
