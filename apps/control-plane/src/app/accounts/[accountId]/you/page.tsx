import { Callout } from '@patchbay/ui/callout';
import type { Metadata } from 'next';
import { AwayPage } from '../../../../features/problem/away-page.tsx';
import { currentSignIn } from '../../../../features/sign-in/signed-in.ts';
import { readYou, YouSections } from '../../../../features/you/you-sections.tsx';

export const metadata: Metadata = { title: 'You' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const user = await currentSignIn().catch(() => 'away' as const);
  if (user === 'away') return <AwayPage href="/you" />;
  if (user === undefined)
    return (
      <Callout title="You look as another account does">
        Leave that view first: what you sign in with is shown to you alone.
      </Callout>
    );
  const read = await readYou();
  if (read === undefined) return <AwayPage href="/you" />;
  return (
    <>
      <div className="mb-5">
        <h1 className="text-lg font-semibold tracking-tight">{user.name}</h1>
        <p className="text-ink-faint">{user.email}</p>
      </div>
      <div className="grid max-w-md gap-8">
        <YouSections user={user} read={read} />
      </div>
    </>
  );
}
