import { SIGN_IN_REFUSAL } from '@patchbay/adapters/prisma/sign-in';
import type { Metadata } from 'next';
import Link from 'next/link';
import { type LinkParams, linkMetadata } from '../../../features/brand/linked-pages.tsx';
import { AwayPage } from '../../../features/problem/away-page.tsx';
import { Entry } from '../../../features/sign-in/entry.tsx';
import { JoinForm } from '../../../features/sign-in/join-form.tsx';
import { SetUpForm } from '../../../features/sign-in/set-up-form.tsx';
import { currentUser } from '../../../features/sign-in/signed-in.ts';
import { controlPlane } from '../../../server/compose.ts';

export const generateMetadata = (page: LinkParams): Promise<Metadata> => linkMetadata('Set a password', page);
export const dynamic = 'force-dynamic';

export default async function Page({ params }: LinkParams) {
  const { token } = await params;
  const link = await controlPlane()
    .setUpLinks.read(token)
    .catch(() => 'away' as const);
  if (link === 'away') return <AwayPage href={`/set-up/${token}`} />;
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
  const { name, email, accountName, hasPassword } = link;
  if (accountName !== undefined && hasPassword && email !== undefined) {
    const user = await currentUser().catch(() => undefined);
    return (
      <Entry title={`Join ${accountName}`} lead={`You were invited to ${accountName}.`}>
        <JoinForm
          token={token}
          email={email}
          accountName={accountName}
          isSignedIn={user?.email === email}
          refusal={SIGN_IN_REFUSAL}
        />
      </Entry>
    );
  }
  return (
    <Entry
      title={name === '' ? 'Welcome' : `Welcome, ${name}`}
      lead={
        accountName === undefined
          ? 'Set a password, and you are in.'
          : `Set a password, and you are in ${accountName}.`
      }
    >
      <SetUpForm token={token} email={email} />
    </Entry>
  );
}
