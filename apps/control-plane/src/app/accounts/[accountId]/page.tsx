import { periodAt } from '@patchbay/domain/billing/period';
import type { Metadata } from 'next';
import { OverviewPage } from '../../../features/overview/overview-page.tsx';
import { openSessionsRequest } from '../../../features/sessions/open-sessions-request.ts';
import { FetchedAhead } from '../../../features/shell/fetched-ahead.tsx';

export const metadata: Metadata = { title: 'Overview' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const { accountId } = await params;
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchQuery(trpc.sessions.list.queryOptions(openSessionsRequest(accountId))),
        client.prefetchQuery(
          trpc.statements.list.queryOptions({ accountId, from: periodAt(Date.now()).name }),
        ),
      ]}
    >
      <OverviewPage />
    </FetchedAhead>
  );
}
