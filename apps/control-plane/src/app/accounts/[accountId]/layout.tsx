import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { BrandProvider } from '../../../features/brand/brand-context.tsx';
import { accountBrand, requestHost } from '../../../features/brand/shown-brand.ts';
import { SampleProvider } from '../../../features/sample/sample.tsx';
import { AppShell } from '../../../features/shell/app-shell.tsx';
import { EndpointsProvider } from '../../../features/shell/endpoints.tsx';
import { FetchedAhead } from '../../../features/shell/fetched-ahead.tsx';
import { readEndpoints } from '../../../features/sign-in/endpoints.ts';
import { sampleOn } from '../../../features/sign-in/env.ts';
import { requireSignIn } from '../../../features/sign-in/signed-in.ts';

export const dynamic = 'force-dynamic';

interface AccountLayoutProps {
  readonly params: Promise<{ readonly accountId: string }>;
  readonly children: ReactNode;
}

export async function generateMetadata({ params }: AccountLayoutProps): Promise<Metadata> {
  const { name } = await accountBrand((await params).accountId);
  return { title: { default: name, template: `%s · ${name}` } };
}

export default async function AccountLayout({ params, children }: AccountLayoutProps) {
  const { accountId } = await params;
  const [, endpoints, brand] = await Promise.all([
    requireSignIn(),
    readEndpoints(accountId),
    accountBrand(accountId),
  ]);
  const host = await requestHost().catch(() => undefined);
  // It is of the demo account, which at the host of a brand may be above whoever looks.
  const sample = host?.kind === 'platform' ? sampleOn(accountId) : undefined;
  return (
    <EndpointsProvider endpoints={endpoints}>
      <SampleProvider sample={sample}>
        <FetchedAhead
          ask={(trpc, client) => [
            client.prefetchQuery(trpc.accounts.get.queryOptions({ accountId })),
            client.prefetchQuery(trpc.me.get.queryOptions({})),
          ]}
        >
          <BrandProvider brand={brand}>
            <AppShell>{children}</AppShell>
          </BrandProvider>
        </FetchedAhead>
      </SampleProvider>
    </EndpointsProvider>
  );
}
