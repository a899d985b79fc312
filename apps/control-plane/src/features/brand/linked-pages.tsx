import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { BrandProvider } from './brand-context.tsx';
import { linkBrand } from './shown-brand.ts';

/** What a page has in its address that a mailed link leads to. */
export interface LinkParams {
  readonly params: Promise<{ readonly token: string }>;
}

/** The layout of such a page: it is in the brand that its mail was in. */
export async function LinkLayout({
  params,
  children,
}: LinkParams & { readonly children: ReactNode }): Promise<ReactNode> {
  const { token } = await params;
  return <BrandProvider brand={await linkBrand(token)}>{children}</BrandProvider>;
}

/** Says nothing of the link to where the page leads. */
export async function linkMetadata(title: string, { params }: LinkParams): Promise<Metadata> {
  const { name } = await linkBrand((await params).token);
  return { title: { absolute: `${title} · ${name}` }, referrer: 'no-referrer' };
}
