import type { Metadata } from 'next';
import { OrganisationPage } from '../../../../features/organisation/organisation-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';

export const metadata: Metadata = { title: 'Organisation' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  return (
    <FetchedAhead
      ask={(trpc, client) => [client.prefetchQuery(trpc.organisation.get.queryOptions({ accountId }))]}
    >
      <OrganisationPage />
    </FetchedAhead>
  );
}
