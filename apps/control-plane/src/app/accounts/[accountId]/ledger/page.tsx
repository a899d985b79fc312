import type { Metadata } from 'next';
import { LedgerPage } from '../../../../features/ledger/ledger-page.tsx';

export const metadata: Metadata = { title: 'Ledger' };

export default function Page() {
  return <LedgerPage />;
}
