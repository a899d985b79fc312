import type { Metadata } from 'next';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';
import { WebhooksPage } from '../../../../features/webhooks/webhooks-page.tsx';

export const metadata: Metadata = { title: 'Webhooks' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const request = listRequest((await params).accountId);
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.webhooks.list.infiniteQueryOptions(request, paged)),
      ]}
    >
      <WebhooksPage />
    </FetchedAhead>
  );
}
