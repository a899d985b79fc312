import '@patchbay/ui/fonts';
import './globals.css';
import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { Providers } from '../features/shell/providers.tsx';
import { readTheme, themeCookie } from '../features/shell/theme.ts';

export const metadata: Metadata = {
  title: { default: 'Patchbay', template: '%s · Patchbay' },
  description: 'Media communication services: relayed, metered and priced.',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1 };

/** The theme is a cookie, so that the first byte is already in it: no script, and no flash. */
export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const theme = readTheme((await cookies()).get(themeCookie)?.value);
  return (
    <html lang="en" {...(theme === 'system' ? {} : { 'data-theme': theme })}>
      <body>
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
