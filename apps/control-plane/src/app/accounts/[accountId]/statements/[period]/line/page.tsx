import type { Metadata } from 'next';
import { TrailPage } from '../../../../../../features/trail/trail-page.tsx';

export const metadata: Metadata = { title: 'Line of a statement' };

export default function Page() {
  return <TrailPage />;
}
