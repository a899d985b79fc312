import type { Metadata } from 'next';
import { CredentialsPage } from '../../../../features/credentials/credentials-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest } from '../../../../features/shell/list-request.ts';

export const metadata: Metadata = { title: 'Credentials' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const request = listRequest((await params).accountId);
  return (
    <FetchedAhead ask={(trpc, client) => [client.prefetchQuery(trpc.keys.list.queryOptions(request))]}>
      <CredentialsPage />
    </FetchedAhead>
  );
}
