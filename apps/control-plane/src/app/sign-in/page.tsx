import { SIGN_IN_REFUSAL } from '@patchbay/adapters/prisma/sign-in';
import type { Metadata } from 'next';
import Link from 'next/link';
import { isSignUpOpen, requestHost } from '../../features/brand/shown-brand.ts';
import { Entry } from '../../features/sign-in/entry.tsx';
import { readDemoAccount } from '../../features/sign-in/env.ts';
import { passkeyPlace } from '../../features/sign-in/passkey-place.ts';
import { SignInForm } from '../../features/sign-in/sign-in-form.tsx';
import { isInView } from '../../features/sign-in/signed-in.ts';
import { ViewEnded } from '../../features/view/view-ended.tsx';

export const metadata: Metadata = { title: 'Sign in' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const isView = await isInView();
  const isOpen = await isSignUpOpen();
  const isPasskeyOffered = (await passkeyPlace()) === 'here';
  return (
    <Entry
      title="Sign in"
      foot={
        <>
          {isOpen ? (
            <>
              New here?{' '}
              <Link href="/sign-up" className="font-medium text-accent hover:underline">
                Sign up
              </Link>
              {' · '}
            </>
          ) : null}
          <Link href="/forgot" className="font-medium text-accent hover:underline">
            Forgotten password
          </Link>
        </>
      }
    >
      {isView ? (
        <div className="mb-4">
          <ViewEnded />
        </div>
      ) : null}
      <SignInForm
        demo={await demoAccountHere()}
        isPasskeyOffered={isPasskeyOffered}
        refusal={SIGN_IN_REFUSAL}
      />
    </Entry>
  );
}

/** The demo account is the platform's own: the host of a brand tells nobody of it. */
async function demoAccountHere() {
  const host = await requestHost().catch(() => undefined);
  return host?.kind === 'platform' ? readDemoAccount() : undefined;
}
