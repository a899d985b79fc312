import type { Metadata } from 'next';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { SingleSignOnPage } from '../../../../features/single-sign-on/single-sign-on-page.tsx';

export const metadata: Metadata = { title: 'Single sign-on' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  return (
    <FetchedAhead ask={(trpc, client) => [client.prefetchQuery(trpc.sso.get.queryOptions({ accountId }))]}>
      <SingleSignOnPage />
    </FetchedAhead>
  );
}
