import Link from 'next/link';
import type { ReactNode } from 'react';
import { BrandMark } from '../../features/brand/brand-mark.tsx';
import { frameBrand } from '../../features/brand/shown-brand.ts';

/** What stands above every page of the documentation: the way to the others, and to the dashboard. */
export default async function DocsLayout({ children }: { readonly children: ReactNode }): Promise<ReactNode> {
  const brand = await frameBrand();
  return (
    <>
      <header className="sticky top-0 z-30 flex h-12 items-center gap-3 border-b bg-canvas px-4 print:hidden">
        <Link href="/" aria-label={`${brand.name}: dashboard`} className="rounded-sm">
          <BrandMark brand={brand} />
        </Link>
        <nav aria-label="Documentation" className="flex min-w-0 flex-1 items-center gap-1">
          <span className="px-1 text-ink-soft max-sm:hidden">Documentation</span>
          <span className="text-line-strong max-sm:hidden" aria-hidden>
            /
          </span>
          <Link href="/docs/errors" className="rounded-sm px-1 font-medium hover:bg-hover">
            Errors
          </Link>
          <Link href="/docs/addresses" className="rounded-sm px-1 font-medium hover:bg-hover">
            Addresses
          </Link>
          <Link href="/docs/privacy" className="rounded-sm px-1 font-medium hover:bg-hover">
            Privacy
          </Link>
        </nav>
        <Link href="/" className="rounded-sm px-1 text-ink-soft hover:bg-hover hover:text-ink">
          Dashboard
        </Link>
      </header>
      {children}
    </>
  );
}
