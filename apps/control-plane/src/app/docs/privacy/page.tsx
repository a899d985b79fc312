import type { Metadata } from 'next';
import { FactsPage } from '../../../features/privacy/facts-page.tsx';
import { controlPlane } from '../../../server/compose.ts';

export const metadata: Metadata = { title: 'Privacy' };

export default function Page() {
  return <FactsPage storageRegions={controlPlane().env.PATCHBAY_STORAGE_REGIONS} />;
}
