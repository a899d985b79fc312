import type { Metadata } from 'next';
import Link from 'next/link';
import { Entry } from '../../features/sign-in/entry.tsx';
import { ForgotForm } from '../../features/sign-in/forgot-form.tsx';
import { controlPlane } from '../../server/compose.ts';

export const metadata: Metadata = { title: 'Forgotten password' };
export const dynamic = 'force-dynamic';

export default function Page() {
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
      <ForgotForm isOutboxOpen={controlPlane().outbox !== undefined} />
    </Entry>
  );
}
