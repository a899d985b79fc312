import { PASSKEY_NAME_CHARACTERS_MAX } from '@patchbay/adapters/prisma/passkeys';
import { Callout } from '@patchbay/ui/callout';
import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { requestHost } from '../../features/brand/shown-brand.ts';
import { AwayPage } from '../../features/problem/away-page.tsx';
import { Entry } from '../../features/sign-in/entry.tsx';
import { passkeyPlace } from '../../features/sign-in/passkey-place.ts';
import { currentSignIn } from '../../features/sign-in/signed-in.ts';
import { AddressForm } from '../../features/you/address-form.tsx';
import { deviceOf } from '../../features/you/device.ts';
import { PasskeyList } from '../../features/you/passkey-list.tsx';
import { SecondFactor } from '../../features/you/second-factor.tsx';
import { SignInList } from '../../features/you/sign-in-list.tsx';
import { controlPlane } from '../../server/compose.ts';

export const metadata: Metadata = { title: 'You' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const user = await currentSignIn().catch(() => 'away' as const);
  if (user === 'away') return <AwayPage href="/you" />;
  if (user === undefined) redirect('/sign-in');
  const { signIns, factors, passkeys, mayAddFactor } = controlPlane();
  const place = await passkeyPlace();
  const isAtBrand = (await requestHost().catch(() => undefined))?.kind === 'brand';
  const read = await Promise.all([
    signIns.list(user.signInSessionId),
    factors.isOn(user.userId),
    passkeys?.list(user.userId) ?? [],
    mayAddFactor(user.userId),
  ]).catch(() => undefined);
  if (read === undefined) return <AwayPage href="/you" />;
  const [open, isOn, kept, mayAdd] = read;
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
        {mayAdd ? null : (
          <Callout title="Prove your address first">
            Passkeys and an authenticator can be added once you followed the link in the mail that was sent to{' '}
            {user.email}.
          </Callout>
        )}
        {isAtBrand && kept.length > 0 ? (
          <Callout title="Passkeys are not used at this address">
            A passkey belongs to the address where it was made. Here you sign in with your password, and with
            a code where one is asked for.
          </Callout>
        ) : null}
        {place === undefined || !(mayAdd || kept.length > 0) ? null : (
          <PasskeyList
            passkeys={kept.map(({ createdAt, lastUsedAt, ...passkey }) => ({
              ...passkey,
              createdAt: createdAt.toISOString(),
              lastUsedAt: lastUsedAt?.toISOString(),
            }))}
            nameCharactersMax={PASSKEY_NAME_CHARACTERS_MAX}
            elsewhere={place === 'here' ? undefined : place.elsewhere}
          />
        )}
        {mayAdd || isOn ? <SecondFactor isOn={isOn} /> : null}
        <AddressForm />
      </div>
    </Entry>
  );
}
