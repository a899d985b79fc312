import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { notFound } from 'next/navigation';
import { Outbox } from '../../features/outbox/outbox.tsx';
import { AwayPage } from '../../features/problem/away-page.tsx';
import { Entry } from '../../features/sign-in/entry.tsx';
import { isLoopbackHost } from '../../features/sign-in/env.ts';
import { controlPlane } from '../../server/compose.ts';

export const metadata: Metadata = { title: 'Outbox', referrer: 'no-referrer' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const { outbox } = controlPlane();
  // A name that a stranger's page lets lead to this machine is not this machine's (DNS rebinding).
  const host = (await headers()).get('host') ?? '';
  if (outbox === undefined || !isLoopbackHost(host)) notFound();
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
