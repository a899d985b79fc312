import { publishedAddresses } from '@patchbay/domain/fleet/published-address';
import type { Metadata } from 'next';
import { AddressesPage } from '../../../features/addresses/addresses-page.tsx';
import { controlPlane } from '../../../server/compose.ts';

export const metadata: Metadata = { title: 'Addresses' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const { env, fleet } = controlPlane();
  return <AddressesPage items={publishedAddresses(await fleet.serving(), env.PATCHBAY_URL)} />;
}
