import type { RelyingParty } from '@patchbay/adapters/prisma/passkeys';
import { isLoopbackUrl } from '../features/sign-in/env.ts';

const ipAddress = /^(\[.*\]|\d{1,3}(\.\d{1,3}){3})$/;

/**
 * For whom browsers make passkeys: a host name, over HTTPS. This machine alone is `localhost` to them, without HTTPS,
 * whichever of its addresses the platform has. Undefined: they make none here.
 */
export function relyingPartyOf(platformUrl: string): RelyingParty | undefined {
  const url = new URL(platformUrl);
  if (isLoopbackUrl(platformUrl)) {
    url.hostname = 'localhost';
    return { id: 'localhost', origin: url.origin };
  }
  if (url.protocol !== 'https:' || ipAddress.test(url.hostname)) return undefined;
  return { id: url.hostname, origin: url.origin };
}
