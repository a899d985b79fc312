import type { Metadata } from 'next';
import { ComparisonsPage } from '../../../../features/comparisons/comparisons-page.tsx';

export const metadata: Metadata = { title: 'Comparisons' };

export default function Page() {
  return <ComparisonsPage />;
}
