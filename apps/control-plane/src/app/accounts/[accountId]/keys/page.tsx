import type { Metadata } from 'next';
import { KeysPage } from '../../../../features/keys/keys-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';

export const metadata: Metadata = { title: 'Keys' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const request = listRequest((await params).accountId);
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.keys.list.infiniteQueryOptions(request, paged)),
      ]}
    >
      <KeysPage />
    </FetchedAhead>
  );
}
