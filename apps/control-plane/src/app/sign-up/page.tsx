import type { Metadata } from 'next';
import Link from 'next/link';
import { isSignUpOpen } from '../../features/brand/shown-brand.ts';
import { Entry } from '../../features/sign-in/entry.tsx';
import { SignUpForm } from '../../features/sign-in/sign-up-form.tsx';

export const metadata: Metadata = { title: 'Sign up' };

export default async function Page() {
  if (!(await isSignUpOpen()))
    return (
      <Entry title="Nobody signs up here" lead="Ask whoever gave you this address for an invitation.">
        <Link href="/sign-in" className="font-medium text-accent hover:underline">
          To the sign-in
        </Link>
      </Entry>
    );
  return (
    <Entry
      title="Sign up"
      lead="An account of your own: keys, sub-accounts, prices and statements."
      foot={
        <>
          Already in?{' '}
          <Link href="/sign-in" className="font-medium text-accent hover:underline">
            Sign in
          </Link>
        </>
      }
    >
      <SignUpForm />
    </Entry>
  );
}
