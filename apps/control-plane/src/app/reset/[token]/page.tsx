import type { Metadata } from 'next';
import Link from 'next/link';
import { type LinkParams, linkMetadata } from '../../../features/brand/linked-pages.tsx';
import { AwayPage } from '../../../features/problem/away-page.tsx';
import { Entry } from '../../../features/sign-in/entry.tsx';
import { SetUpForm } from '../../../features/sign-in/set-up-form.tsx';
import { controlPlane } from '../../../server/compose.ts';

export const generateMetadata = (page: LinkParams): Promise<Metadata> =>
  linkMetadata('Set a new password', page);
export const dynamic = 'force-dynamic';

export default async function Page({ params }: LinkParams) {
  const { token } = await params;
  const link = await controlPlane()
    .emailLinks.readReset(token)
    .catch(() => 'away' as const);
  if (link === 'away') return <AwayPage href={`/reset/${token}`} />;
  if (link === undefined) {
    return (
      <Entry title="This link does not work any more" lead="It was used already, or is too old.">
        <Link href="/forgot" className="font-medium text-accent hover:underline">
          Have a new one sent
        </Link>
      </Entry>
    );
  }
  if (link.organisationName !== undefined) {
    return (
      <Entry title="You need no password" lead={`${link.organisationName} signs you in by its own provider.`}>
        <Link href="/sign-in/organisation" className="font-medium text-accent hover:underline">
          Sign in with your organisation
        </Link>
      </Entry>
    );
  }
  return (
    <Entry title="Set a new password" lead="It ends every session that you are signed in with.">
      <SetUpForm token={token} email={link.email} purpose="reset" />
    </Entry>
  );
}
