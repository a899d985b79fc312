import type { Metadata } from 'next';
import { AllowListPage } from '../../../../features/allow-list/allow-list-page.tsx';

export const metadata: Metadata = { title: 'Allow-lists' };

export default function Page() {
  return <AllowListPage />;
}
