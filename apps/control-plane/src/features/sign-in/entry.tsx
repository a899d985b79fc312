'use client';

import type { ReactNode } from 'react';
import { useBrand } from '../brand/brand-context.tsx';
import { BrandLinks } from '../brand/brand-links.tsx';
import { BrandMark } from '../brand/brand-mark.tsx';

export interface EntryProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children: ReactNode;
  /** What stands below the form: the way to the other page. */
  readonly foot?: ReactNode;
}

/** The frame of the pages before one is in. */
export function Entry({ title, lead, children, foot }: EntryProps): ReactNode {
  const brand = useBrand();
  const hasLogo = (brand.logos.light ?? brand.logos.dark) !== undefined;
  return (
    <main className="mx-auto flex min-h-screen w-[min(23rem,calc(100vw-2rem))] flex-col justify-center py-12">
      <div className="mb-6 flex items-center gap-2 font-semibold">
        <BrandMark brand={brand} size="large" />
        <span className={hasLogo ? 'sr-only' : undefined}>{brand.name}</span>
      </div>
      <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
      {lead === undefined ? null : <p className="mt-1 text-ink-soft">{lead}</p>}
      <div className="mt-5">{children}</div>
      {foot === undefined ? null : <p className="mt-6 border-t pt-4 text-ink-soft">{foot}</p>}
      <BrandLinks brand={brand} />
    </main>
  );
}
