import type { Metadata } from 'next';
import Link from 'next/link';
import { requestHost } from '../../features/brand/shown-brand.ts';
import { Entry } from '../../features/sign-in/entry.tsx';
import { ForgotForm } from '../../features/sign-in/forgot-form.tsx';
import { controlPlane } from '../../server/compose.ts';

export const metadata: Metadata = { title: 'Forgotten password' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const host = await requestHost().catch(() => undefined);
  const isOutboxOpen = controlPlane().outbox !== undefined && host?.kind === 'platform';
  return (
    <Entry
      title="Forgotten password"
      lead="A link to set a new one is sent to you."
      foot={
        <Link href="/sign-in" className="font-medium text-accent hover:underline">
          To the sign-in
        </Link>
      }
    >
      <ForgotForm isOutboxOpen={isOutboxOpen} />
    </Entry>
  );
}
