import type { Metadata } from 'next';
import { FetchedAhead } from '../../../../../features/shell/fetched-ahead.tsx';
import { paged } from '../../../../../features/shell/list-request.ts';
import { deliveriesRequest } from '../../../../../features/webhooks/deliveries-request.ts';
import { WebhookPage } from '../../../../../features/webhooks/webhook-page.tsx';

export const metadata: Metadata = { title: 'Webhook' };

interface WebhookRoute {
  readonly params: Promise<{ readonly accountId: string; readonly webhookId: string }>;
}

export default async function Page({ params }: WebhookRoute) {
  const request = await params;
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchQuery(trpc.webhooks.get.queryOptions(request)),
        client.prefetchQuery(trpc.replays.get.queryOptions(request)),
        client.prefetchInfiniteQuery(
          trpc.deliveries.list.infiniteQueryOptions(deliveriesRequest(request, 'all'), paged),
        ),
      ]}
    >
      <WebhookPage />
    </FetchedAhead>
  );
}
