import { redirect } from 'next/navigation';
import { pagePath } from '../features/shell/pages.ts';
import { Entry } from '../features/sign-in/entry.tsx';
import { reachableAccounts } from '../features/sign-in/signed-in.ts';

export const dynamic = 'force-dynamic';

/** The way in: to the highest account within reach, or to the sign-in. */
export default async function Page() {
  const accounts = await reachableAccounts();
  if (accounts === undefined) redirect('/sign-in');
  const [first] = accounts;
  if (first !== undefined) redirect(pagePath(first.id));
  return (
    <Entry
      title="No account is within your reach"
      lead="Whoever took your last role can give you one again; or sign up for an account of your own."
    >
      <a href="/sign-up" className="font-medium text-accent hover:underline">
        Sign up
      </a>
    </Entry>
  );
}
