import type { Metadata } from 'next';
import Link from 'next/link';
import { Entry } from '../../../features/sign-in/entry.tsx';
import { OrganisationForm } from '../../../features/sign-in/organisation-form.tsx';
import { organisationProblem } from '../../../features/sign-in/organisation-problems.ts';

export const metadata: Metadata = { title: 'Sign in with your organisation' };

export default async function Page({
  searchParams,
}: {
  readonly searchParams: Promise<{ readonly problem?: string | string[] }>;
}) {
  const { problem } = await searchParams;
  const code = typeof problem === 'string' ? problem : undefined;
  return (
    <Entry
      title="Sign in with your organisation"
      lead="You sign in where you do at work, and come back here."
      foot={
        <Link href="/sign-in" className="font-medium text-accent hover:underline">
          Another way to sign in
        </Link>
      }
    >
      <OrganisationForm problem={organisationProblem(code)} />
    </Entry>
  );
}
