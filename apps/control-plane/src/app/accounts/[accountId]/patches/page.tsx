import type { Metadata } from 'next';
import { PatchesPage } from '../../../../features/patches/patches-page.tsx';

export const metadata: Metadata = { title: 'Patches' };

export default function Page() {
  return <PatchesPage />;
}
