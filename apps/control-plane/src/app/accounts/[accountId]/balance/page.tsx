import type { Metadata } from 'next';
import { BalancePage } from '../../../../features/balance/balance-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';

export const metadata: Metadata = { title: 'Balance' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  const request = listRequest(accountId);
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchQuery(trpc.balances.get.queryOptions({ accountId })),
        client.prefetchQuery(trpc.spendingLimits.get.queryOptions({ accountId })),
        client.prefetchInfiniteQuery(trpc.credits.list.infiniteQueryOptions(request, paged)),
      ]}
    >
      <BalancePage />
    </FetchedAhead>
  );
}
