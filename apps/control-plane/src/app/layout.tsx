import '@patchbay/ui/fonts';
import './globals.css';
import { PageNonce } from '@patchbay/ui/page-nonce';
import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { BrandProvider } from '../features/brand/brand-context.tsx';
import { frameBrand } from '../features/brand/shown-brand.ts';
import { Providers } from '../features/shell/providers.tsx';
import { readTheme, themeCookie } from '../features/shell/theme.ts';
import { iconPath, PAGE_ACCOUNT_HEADER } from '../server/page-account.ts';
import { NONCE_HEADER } from '../server/security-policy.ts';

export async function generateMetadata(): Promise<Metadata> {
  const { name } = await frameBrand();
  const accountId = (await headers()).get(PAGE_ACCOUNT_HEADER) ?? undefined;
  return {
    title: { default: name, template: `%s · ${name}` },
    description: 'Media communication services: relayed, metered and priced.',
    icons: { icon: { url: iconPath(accountId), type: 'image/svg+xml' } },
  };
}

export const viewport: Viewport = { width: 'device-width', initialScale: 1 };

/** The theme is a cookie, so that the first byte is already in it: no script, and no flash. */
export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const theme = readTheme((await cookies()).get(themeCookie)?.value);
  const brand = await frameBrand();
  const nonce = (await headers()).get(NONCE_HEADER) ?? undefined;
  return (
    <html lang="en" {...(theme === 'system' ? {} : { 'data-theme': theme })}>
      <body>
        <PageNonce nonce={nonce}>
          <BrandProvider brand={brand}>
            <Providers>{children}</Providers>
          </BrandProvider>
        </PageNonce>
      </body>
    </html>
  );
}
