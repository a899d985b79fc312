import type { Metadata } from 'next';
import { FactsPage } from '../../../features/privacy/facts-page.tsx';

export const metadata: Metadata = { title: 'Privacy' };

export default function Page() {
  return <FactsPage />;
}
