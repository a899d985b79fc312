import type { Metadata } from 'next';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';
import { WhyPage } from '../../../../features/why/why-page.tsx';

export const metadata: Metadata = { title: 'Why' };

interface PageProps {
  readonly params: Promise<{ readonly accountId: string }>;
  readonly searchParams: Promise<{ readonly of?: string | readonly string[] }>;
}

export default async function Page({ params, searchParams }: PageProps) {
  const request = listRequest((await params).accountId);
  const { of } = await searchParams;
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.why.list.infiniteQueryOptions(request, paged)),
      ]}
    >
      <WhyPage subject={typeof of === 'string' ? of : ''} />
    </FetchedAhead>
  );
}
