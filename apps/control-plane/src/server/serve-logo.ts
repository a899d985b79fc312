import type { ShownBrands } from '@patchbay/adapters/prisma/brand-store';

const hashPattern = /^[0-9a-f]{64}$/;

/** A picture by the hash of its bytes. Of the type that its bytes are, and whatever opens it runs nothing. */
export async function serveLogo(
  { brands }: { readonly brands: Pick<ShownBrands, 'logo'> },
  hash: string,
): Promise<Response> {
  const logo = hashPattern.test(hash) ? await brands.logo(hash) : undefined;
  if (logo === undefined)
    return new Response(null, { status: 404, headers: { 'cache-control': 'no-store' } });
  return new Response(Uint8Array.from(logo.bytes), {
    headers: {
      'content-type': logo.mediaType,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=31536000, immutable',
      // Mail programs and pages at another host of the same brand show it too.
      'cross-origin-resource-policy': 'cross-origin',
    },
  });
}
