import type { BrandInEffect } from '@patchbay/domain/branding/brand';
import { expect, test } from 'vitest';
import { documentPrinting } from './document-printing.ts';

const logo = { digest: 'd1', widthPixels: 64, heightPixels: 32, mediaType: 'image/png' } as const;
const brand: BrandInEffect = {
  ...{ accountId: 'acc_top', name: 'Topco', accent: '#0550d0', isSignUpOpen: false },
  logos: { light: logo },
};
const printing = (of: { readonly own?: BrandInEffect; readonly above?: BrandInEffect }) =>
  documentPrinting({ of: async () => of.own, above: async () => of.above, logo: async () => undefined });
const seller = { accountId: 'acc_shop', legalName: 'Shop GmbH' };

test('without a brand of its own a seller has its name as the letterhead, and nothing of a brand above (PRD-2)', async () => {
  for (const of of [{ above: brand }, {}])
    expect(await printing(of).lookOf(seller)).toEqual({ name: 'Shop GmbH' });
});

test('a seller with a brand has its name, colour and logo', async () => {
  const look = await printing({ own: { ...brand, name: 'Shop' }, above: brand }).lookOf(seller);
  expect(look).toMatchObject({ name: 'Shop', logo: { path: '/brand/logo/d1' } });
  expect(look.accent).toMatch(/^#/);
});

test('who has said no name has the look of the brand under whose name it stands there', async () => {
  const look = await printing({ above: brand }).lookOf({ ...seller, legalName: 'Topco' });
  expect(look).toMatchObject({ name: 'Topco', logo: { path: '/brand/logo/d1' } });
});
