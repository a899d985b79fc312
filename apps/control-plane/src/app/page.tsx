import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';
import { pageBrand, requestHost } from '../features/brand/shown-brand.ts';
import { AwayPage } from '../features/problem/away-page.tsx';
import { lastAccountCookie, pagePath } from '../features/shell/pages.ts';
import { Entry } from '../features/sign-in/entry.tsx';
import { firstAccountOf } from '../features/sign-in/signed-in.ts';

export const dynamic = 'force-dynamic';

/** The way in: to an account, or to the sign-in. */
export default async function Page() {
  const lastAccountId = (await cookies()).get(lastAccountCookie)?.value;
  const accountId = await firstAccountOf(lastAccountId).catch(() => 'away' as const);
  if (accountId === 'away') return <AwayPage href="/" />;
  if (accountId === undefined) redirect('/sign-in');
  if (accountId !== null) redirect(pagePath(accountId));
  const host = await requestHost().catch(() => undefined);
  const { name } = await pageBrand();
  return (
    <Entry
      title="No account is within your reach"
      lead={
        host?.kind === 'brand'
          ? `You are signed in, and have no account with ${name}. Your accounts with others are reached at their addresses.`
          : 'Whoever took your last role can give you one again; or sign up for an account of your own.'
      }
    >
      {host?.kind === 'brand' ? (
        <a href="/you" className="font-medium text-accent hover:underline">
          Sign-in and sessions
        </a>
      ) : (
        <a href="/sign-up" className="font-medium text-accent hover:underline">
          Sign up
        </a>
      )}
    </Entry>
  );
}
