import { createRequestId } from '@patchbay/faces/trpc';
import { Callout } from '@patchbay/ui/callout';
import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { controlPlane } from '../../server/compose.ts';
import { placeOf } from '../brand/shown-brand.ts';
import { passkeyPlace } from '../sign-in/passkey-place.ts';
import { type currentSignIn, signInEvidence } from '../sign-in/signed-in.ts';
import { AddressForm } from './address-form.tsx';
import { deviceOf } from './device.ts';
import { NameForm } from './name-form.tsx';
import { PasskeyList } from './passkey-list.tsx';
import { PasswordForm } from './password-form.tsx';
import { ProofForm } from './proof-form.tsx';
import { SecondFactor } from './second-factor.tsx';
import { SignInList } from './sign-in-list.tsx';

type SignedIn = NonNullable<Awaited<ReturnType<typeof currentSignIn>>>;

/** Everything that the sections show; undefined while nobody answers. */
export async function readYou() {
  try {
    const place = await placeOf(await headers());
    const caller = controlPlane().router.createCaller({
      evidence: await signInEvidence(),
      within: place.within,
      baseUrl: place.kind === 'brand' ? place.baseUrl : undefined,
      requestId: createRequestId(),
      signal: new AbortController().signal,
      responseHeaders: new Headers(),
    });
    const [{ items: signIns }, factor, passkeys, { isFresh }] = await Promise.all([
      caller.ownSignIns.list({}),
      caller.ownSecondFactor.get({}),
      caller.ownPasskeys.list({}),
      caller.ownProofs.get({}),
    ]);
    return { signIns, factor, passkeys, isFresh, place: await passkeyPlace() };
  } catch {
    return undefined;
  }
}

export interface YouSectionsProps {
  readonly user: SignedIn;
  readonly read: NonNullable<Awaited<ReturnType<typeof readYou>>>;
}

/** What somebody signs in with, and where they are signed in. */
export function YouSections({ user, read }: YouSectionsProps): ReactNode {
  const { signIns, isFresh, place } = read;
  const { isOn, mayAdd } = read.factor;
  const { items: here, elsewhereCount } = read.passkeys;
  return (
    <>
      <SignInList
        signIns={signIns.map(({ id, address, userAgent, lastSeenAt, isThis }) => ({
          id,
          address,
          device: deviceOf(userAgent),
          lastSeenAt,
          isThis,
        }))}
      />
      {isFresh ? null : <ProofForm hasPasskey={place === 'here' && here.length > 0} />}
      {mayAdd ? null : (
        <Callout title="Prove your address first">
          Passkeys and an authenticator can be added once you followed the link in the mail that was sent to{' '}
          {user.email}.
        </Callout>
      )}
      {place === undefined || !(mayAdd || here.length + elsewhereCount > 0) ? null : (
        <PasskeyList
          passkeys={here.map(({ id, name, createdAt, lastUsedAt }) => ({
            id,
            name,
            createdAt,
            lastUsedAt,
          }))}
          elsewhere={place === 'here' ? undefined : place.elsewhere}
          otherCount={elsewhereCount}
          mayAdd={mayAdd && isFresh}
        />
      )}
      {(mayAdd && isFresh) || isOn ? <SecondFactor isOn={isOn} /> : null}
      {isFresh ? <PasswordForm /> : null}
      <NameForm name={user.name} />
      <AddressForm />
    </>
  );
}
