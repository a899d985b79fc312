import type { Metadata } from 'next';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';
import { TeamPage } from '../../../../features/team/team-page.tsx';

export const metadata: Metadata = { title: 'Team' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const request = listRequest((await params).accountId);
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.team.list.infiniteQueryOptions(request, paged)),
      ]}
    >
      <TeamPage />
    </FetchedAhead>
  );
}
