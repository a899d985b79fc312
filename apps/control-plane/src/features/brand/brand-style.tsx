import type { ShownBrand } from '@patchbay/domain/branding/brand';
import { usePageNonce } from '@patchbay/ui/page-nonce';
import type { ReactNode } from 'react';

/** The accent of a brand in place of that of the style sheet. All of it is derived hexadecimal, and no text of anybody. */
export function BrandStyle({ brand: { tones } }: { readonly brand: ShownBrand }): ReactNode {
  const nonce = usePageNonce();
  if (tones === undefined) return null;
  const { light, dark } = tones;
  const pair = (name: keyof typeof light) => `light-dark(${light[name]}, ${dark[name]})`;
  return (
    // A browser tells nobody what it was, and so a script that looks finds none.
    <style nonce={nonce} suppressHydrationWarning>
      {`:root { --accent: ${pair('accent')}; --accent-strong: ${pair('accentStrong')}; --accent-ink: ${pair('accentInk')}; }`}
    </style>
  );
}
