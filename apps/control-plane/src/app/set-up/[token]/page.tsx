import type { Metadata } from 'next';
import Link from 'next/link';
import { Entry } from '../../../features/sign-in/entry.tsx';
import { SetUpForm } from '../../../features/sign-in/set-up-form.tsx';
import { controlPlane } from '../../../server/compose.ts';

export const metadata: Metadata = { title: 'Set a password', referrer: 'no-referrer' };
export const dynamic = 'force-dynamic';

export default async function Page({ params }: { readonly params: Promise<{ readonly token: string }> }) {
  const { token } = await params;
  const link = await controlPlane().setUpLinks.read(token);
  if (link === undefined) {
    return (
      <Entry
        title="This link does not work any more"
        lead="It was used already, or is too old. Whoever sent it can send a new one."
      >
        <Link href="/sign-in" className="font-medium text-accent hover:underline">
          To the sign-in
        </Link>
      </Entry>
    );
  }
  return (
    <Entry
      title={link.name === '' ? 'Welcome' : `Welcome, ${link.name}`}
      lead="Set a password, and you are in."
    >
      <SetUpForm token={token} email={link.email} />
    </Entry>
  );
}
