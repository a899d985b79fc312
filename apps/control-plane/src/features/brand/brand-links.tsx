import type { ShownBrand } from '@patchbay/domain/branding/brand';
import type { ReactNode } from 'react';

/** Where a brand helps, and what it says of terms and privacy. */
export function BrandLinks({ brand }: { readonly brand: ShownBrand }): ReactNode {
  const { supportUrl, supportEmail, termsUrl, privacyUrl } = brand;
  const links = [
    { label: 'Help', href: supportUrl },
    { label: 'Write to us', href: supportEmail === undefined ? undefined : `mailto:${supportEmail}` },
    { label: 'Terms', href: termsUrl },
    { label: 'Privacy', href: privacyUrl },
  ].filter(({ href }) => href !== undefined);
  if (links.length === 0) return null;
  return (
    <nav aria-label={`About ${brand.name}`} className="mt-6 flex flex-wrap gap-x-4 gap-y-1 text-sm">
      {links.map(({ label, href }) => (
        <a key={label} href={href} className="text-ink-soft hover:text-ink hover:underline">
          {label}
        </a>
      ))}
    </nav>
  );
}
