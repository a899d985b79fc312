import type { Metadata } from 'next';
import { AuditPage } from '../../../../features/audit/audit-page.tsx';
import { FetchedAhead } from '../../../../features/shell/fetched-ahead.tsx';
import { listRequest, paged } from '../../../../features/shell/list-request.ts';

export const metadata: Metadata = { title: 'Audit log' };

export default async function Page({ params }: { readonly params: Promise<{ readonly accountId: string }> }) {
  const request = { ...listRequest((await params).accountId), scope: 'own' as const };
  return (
    <FetchedAhead
      ask={(trpc, client) => [
        client.prefetchInfiniteQuery(trpc.audit.list.infiniteQueryOptions(request, paged)),
      ]}
    >
      <AuditPage />
    </FetchedAhead>
  );
}
