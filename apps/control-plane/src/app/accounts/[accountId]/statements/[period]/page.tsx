import type { Metadata } from 'next';
import { StatementPage } from '../../../../../features/statements/statement-page.tsx';

export const metadata: Metadata = { title: 'Statement' };

export default function Page() {
  return <StatementPage />;
}
