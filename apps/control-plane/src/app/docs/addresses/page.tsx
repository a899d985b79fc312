import { publishedAddresses } from '@patchbay/domain/fleet/published-address';
import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { AddressesPage } from '../../../features/addresses/addresses-page.tsx';
import { placeOf } from '../../../features/brand/shown-brand.ts';
import { controlPlane } from '../../../server/compose.ts';

export const metadata: Metadata = { title: 'Addresses' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const { baseUrl } = await placeOf(await headers());
  return <AddressesPage items={publishedAddresses(await controlPlane().fleet.serving(), baseUrl)} />;
}
