import type { Metadata } from 'next';
import { SessionPage } from '../../../../../features/sessions/detail/session-page.tsx';

export const metadata: Metadata = { title: 'Session' };

export default function Page() {
  return <SessionPage />;
}
