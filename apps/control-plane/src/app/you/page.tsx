import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { AwayPage } from '../../features/problem/away-page.tsx';
import { lastAccountCookie, pagePath } from '../../features/shell/pages.ts';
import { Entry } from '../../features/sign-in/entry.tsx';
import { currentSignIn, firstAccountOf } from '../../features/sign-in/signed-in.ts';
import { readYou, YouSections } from '../../features/you/you-sections.tsx';

export const metadata: Metadata = { title: 'You' };
export const dynamic = 'force-dynamic';

/** About whoever is signed in: beside the pages of an account, for whoever has one. */
export default async function Page() {
  const user = await currentSignIn().catch(() => 'away' as const);
  if (user === 'away') return <AwayPage href="/you" />;
  if (user === undefined) redirect('/sign-in');
  const lastAccountId = (await cookies()).get(lastAccountCookie)?.value;
  const accountId = await firstAccountOf(lastAccountId).catch(() => undefined);
  if (typeof accountId === 'string') redirect(pagePath(accountId, 'you'));
  const read = await readYou();
  if (read === undefined) return <AwayPage href="/you" />;
  return (
    <Entry
      title={user.name}
      lead={user.email}
      foot={
        <Link href="/" className="font-medium text-accent hover:underline">
          To the dashboard
        </Link>
      }
    >
      <div className="grid gap-8">
        <YouSections user={user} read={read} />
      </div>
    </Entry>
  );
}
