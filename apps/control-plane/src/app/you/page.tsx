import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { AwayPage } from '../../features/problem/away-page.tsx';
import { Entry } from '../../features/sign-in/entry.tsx';
import { currentSignIn } from '../../features/sign-in/signed-in.ts';
import { AddressForm } from '../../features/you/address-form.tsx';
import { deviceOf } from '../../features/you/device.ts';
import { SecondFactor } from '../../features/you/second-factor.tsx';
import { SignInList } from '../../features/you/sign-in-list.tsx';
import { controlPlane } from '../../server/compose.ts';

export const metadata: Metadata = { title: 'You' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const user = await currentSignIn().catch(() => 'away' as const);
  if (user === 'away') return <AwayPage href="/you" />;
  if (user === undefined) redirect('/sign-in');
  const { signIns, factors } = controlPlane();
  const read = await Promise.all([signIns.list(user.signInSessionId), factors.isOn(user.userId)]).catch(
    () => undefined,
  );
  if (read === undefined) return <AwayPage href="/you" />;
  const [open, isOn] = read;
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
        <SignInList
          signIns={open.map(({ id, address, userAgent, lastSeenAt }) => ({
            id,
            address,
            device: deviceOf(userAgent),
            lastSeenAt: lastSeenAt.toISOString(),
            isThis: id === user.signInSessionId,
          }))}
        />
        <SecondFactor isOn={isOn} />
        <AddressForm />
      </div>
    </Entry>
  );
}
