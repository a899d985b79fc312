'use server';

import { headers } from 'next/headers';
import { controlPlane } from '../../server/compose.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';
import { relyingPartyHere } from './passkey-place.ts';

/** What a browser needs to sign in with a passkey. Undefined: there were too many tries, or passkeys do not work here. */
export async function challengePasskey() {
  const { passkeys, signInLimiter } = controlPlane();
  const address = (await headers()).get(ADDRESS_HEADER) ?? '';
  if ((await signInLimiter.count(address, Date.now())).isExceeded) return undefined;
  const at = await relyingPartyHere();
  return at && (await passkeys.challenge(at));
}
