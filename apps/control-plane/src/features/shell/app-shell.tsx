'use client';

import { Button } from '@patchbay/ui/button';
import { Key } from '@patchbay/ui/keyboard';
import { Search } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useBrand } from '../brand/brand-context.tsx';
import { BrandMark } from '../brand/brand-mark.tsx';
import { TestBand } from '../test-mode/test-band.tsx';
import { TestSwitch } from '../test-mode/test-switch.tsx';
import { ViewBanner } from '../view/view-banner.tsx';
import { useAccountId } from './account.ts';
import { AccountChain } from './account-chain.tsx';
import { AccountGate } from './account-gate.tsx';
import { lastAccountCookie, pagePath } from './pages.ts';
import { Palette } from './palette.tsx';
import { Rail } from './rail.tsx';
import { useShortcuts } from './shortcuts.ts';
import { UnverifiedNote } from './unverified-note.tsx';
import { UserMenu } from './user-menu.tsx';

/** What stands around every page of an account: the chain of accounts, the pages, the palette. */
export function AppShell({ children }: { readonly children: ReactNode }): ReactNode {
  const router = useRouter();
  const brand = useBrand();
  const accountId = useAccountId();
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const onPalette = useCallback(() => setPaletteOpen((isOpen) => !isOpen), []);
  const onPage = useCallback(
    (segment: string) => router.push(pagePath(accountId, segment)),
    [router, accountId],
  );
  useShortcuts({ onPalette, onPage });
  useEffect(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet.
    document.cookie = `${lastAccountCookie}=${accountId}; path=/; samesite=lax`;
  }, [accountId]);
  return (
    <div className="min-h-screen">
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        To the content
      </a>
      <div className="sticky top-0 z-30 print:hidden">
        <ViewBanner />
        <TestBand />
        <header className="flex h-12 items-center gap-3 border-b bg-canvas px-4">
          <Link href={pagePath(accountId)} aria-label={`${brand.name}: overview`} className="rounded-sm">
            <BrandMark brand={brand} />
          </Link>
          <div className="flex min-w-0 flex-1 items-center gap-3">
            <AccountChain />
            <TestSwitch />
          </div>
          <Button variant="ghost" onClick={onPalette} aria-label="Find ⌘ K" className="text-ink-faint">
            <Search aria-hidden />
            <span className="flex items-center gap-1 max-md:hidden">
              Find <Key>⌘</Key>
              <Key>K</Key>
            </span>
          </Button>
          <UserMenu />
        </header>
      </div>
      <div className="flex">
        <Rail />
        <main id="content" className="min-w-0 flex-1 px-6 pt-5 pb-16 max-md:px-4 max-md:pb-28 print:p-0">
          <div className="mx-auto max-w-[1440px]">
            <UnverifiedNote />
            <AccountGate>{children}</AccountGate>
          </div>
        </main>
      </div>
      <Palette isOpen={isPaletteOpen} onOpenChange={setPaletteOpen} />
    </div>
  );
}
