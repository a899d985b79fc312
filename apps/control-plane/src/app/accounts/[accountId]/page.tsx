import { periodAt } from '@patchbay/domain/billing/period';
import type { Metadata } from 'next';
import { accountBrand } from '../../../features/brand/shown-brand.ts';
import { OverviewPage } from '../../../features/overview/overview-page.tsx';
import { openSessionsRequest } from '../../../features/sessions/open-sessions-request.ts';
import { FetchedAhead } from '../../../features/shell/fetched-ahead.tsx';

interface PageProps {
  readonly params: Promise<{ readonly accountId: string }>;
}

/** A layout's template is for what lies below it, and this page lies beside the layout of accounts. */
export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { name } = await accountBrand((await params).accountId);
  return { title: { absolute: `Overview · ${name}` } };
}

export default async function Page({ params }: PageProps) {
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
