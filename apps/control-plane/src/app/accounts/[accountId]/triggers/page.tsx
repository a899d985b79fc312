import type { Metadata } from 'next';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';
import { TriggersPage } from '../../../../features/triggers/triggers-page.tsx';

export const metadata: Metadata = { title: 'Triggers' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const request = listRequest((await params).accountId);
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.triggers.list.infiniteQueryOptions(request, paged)),
        client.prefetchInfiniteQuery(trpc.triggers.listFirings.infiniteQueryOptions(request, paged)),
      ]}
    >
      <TriggersPage />
    </FetchedAhead>
  );
}
