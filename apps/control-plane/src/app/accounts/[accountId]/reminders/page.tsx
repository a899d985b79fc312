import type { Metadata } from 'next';
import { RemindersPage } from '../../../../features/reminders/reminders-page.tsx';

export const metadata: Metadata = { title: 'Reminders' };

export default function Page() {
  return <RemindersPage />;
}
