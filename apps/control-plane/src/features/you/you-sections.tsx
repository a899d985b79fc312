import { PASSKEY_NAME_CHARACTERS_MAX } from '@patchbay/adapters/prisma/passkeys';
import { Callout } from '@patchbay/ui/callout';
import type { ReactNode } from 'react';
import { controlPlane } from '../../server/compose.ts';
import { passkeyPlace, relyingPartyHere } from '../sign-in/passkey-place.ts';
import type { currentSignIn } from '../sign-in/signed-in.ts';
import { AddressForm } from './address-form.tsx';
import { deviceOf } from './device.ts';
import { PasskeyList } from './passkey-list.tsx';
import { PasswordForm } from './password-form.tsx';
import { ProofForm } from './proof-form.tsx';
import { SecondFactor } from './second-factor.tsx';
import { SignInList } from './sign-in-list.tsx';

type SignedIn = NonNullable<Awaited<ReturnType<typeof currentSignIn>>>;

/** Everything that the sections show; undefined while nobody answers. */
export async function readYou({ userId, signInSessionId }: SignedIn) {
  const { signIns, factors, passkeys, proofs, mayAddFactor } = controlPlane();
  const read = await Promise.all([
    signIns.list(signInSessionId),
    factors.isOn(userId),
    passkeys.list(userId),
    mayAddFactor(userId),
    proofs.isFresh(signInSessionId),
  ]).catch(() => undefined);
  if (read === undefined) return undefined;
  const [open, isOn, kept, mayAdd, isFresh] = read;
  return { open, isOn, kept, mayAdd, isFresh, at: await relyingPartyHere(), place: await passkeyPlace() };
}

export interface YouSectionsProps {
  readonly user: SignedIn;
  readonly read: NonNullable<Awaited<ReturnType<typeof readYou>>>;
}

/** What somebody signs in with, and where they are signed in. */
export function YouSections({ user, read }: YouSectionsProps): ReactNode {
  const { open, isOn, kept, mayAdd, isFresh, at, place } = read;
  // A host of a brand tells of nothing that is elsewhere, but that there is something.
  const here = kept.filter(({ host }) => host === at?.host);
  return (
    <>
      <SignInList
        signIns={open.map(({ id, address, userAgent, lastSeenAt }) => ({
          id,
          address,
          device: deviceOf(userAgent),
          lastSeenAt: lastSeenAt.toISOString(),
          isThis: id === user.signInSessionId,
        }))}
      />
      {isFresh ? null : <ProofForm hasPasskey={place === 'here' && here.length > 0} />}
      {mayAdd ? null : (
        <Callout title="Prove your address first">
          Passkeys and an authenticator can be added once you followed the link in the mail that was sent to{' '}
          {user.email}.
        </Callout>
      )}
      {place === undefined || !(mayAdd || kept.length > 0) ? null : (
        <PasskeyList
          passkeys={here.map(({ id, name, createdAt, lastUsedAt }) => ({
            id,
            name,
            createdAt: createdAt.toISOString(),
            lastUsedAt: lastUsedAt?.toISOString(),
          }))}
          nameCharactersMax={PASSKEY_NAME_CHARACTERS_MAX}
          elsewhere={place === 'here' ? undefined : place.elsewhere}
          otherCount={kept.length - here.length}
          mayAdd={mayAdd && isFresh}
        />
      )}
      {(mayAdd && isFresh) || isOn ? <SecondFactor isOn={isOn} /> : null}
      {isFresh ? <PasswordForm /> : null}
      <AddressForm />
    </>
  );
}
