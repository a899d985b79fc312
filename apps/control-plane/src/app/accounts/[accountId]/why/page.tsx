import type { Metadata } from 'next';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';
import { WhyPage } from '../../../../features/why/why-page.tsx';

export const metadata: Metadata = { title: 'Why' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const request = listRequest((await params).accountId);
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.why.list.infiniteQueryOptions(request, paged)),
      ]}
    >
      <WhyPage />
    </FetchedAhead>
  );
}
