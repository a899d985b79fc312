import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { Outbox } from '../../features/outbox/outbox.tsx';
import { AwayPage } from '../../features/problem/away-page.tsx';
import { Entry } from '../../features/sign-in/entry.tsx';
import { controlPlane } from '../../server/compose.ts';

export const metadata: Metadata = { title: 'Outbox', referrer: 'no-referrer' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const { outbox } = controlPlane();
  if (outbox === undefined) notFound();
  const mails = await outbox().catch(() => 'away' as const);
  if (mails === 'away') return <AwayPage href="/outbox" />;
  return (
    <Entry
      title="Outbox"
      lead="This is a local start, without SMTP: mails lie here, instead of going anywhere."
    >
      <Outbox mails={mails} />
    </Entry>
  );
}
