import type { Metadata } from 'next';
import { ApplicationPage } from '../../../../../features/applications/application-page.tsx';
import { FetchedAhead } from '../../../../../features/shell/fetched-ahead.tsx';

export const metadata: Metadata = { title: 'Application' };

interface ApplicationRoute {
  readonly params: Promise<{ readonly accountId: string; readonly applicationId: string }>;
}

export default async function Page({ params }: ApplicationRoute) {
  const request = await params;
  return (
    <FetchedAhead ask={(trpc, client) => [client.prefetchQuery(trpc.applications.get.queryOptions(request))]}>
      <ApplicationPage />
    </FetchedAhead>
  );
}
