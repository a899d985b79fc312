import type { RelyingParty } from '@patchbay/adapters/prisma/passkeys';
import { isLoopbackUrl } from '../features/sign-in/env.ts';
import type { RequestHost } from './request-host.ts';

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

/**
 * The same of the host that a request came to. Each host of a brand is a place of its own: what is made there works there,
 * and nobody is led from it to where the platform is.
 */
export function relyingPartyAt(place: RequestHost, platformUrl: string): RelyingParty | undefined {
  if (place.kind === 'unknown') return undefined;
  return relyingPartyWhere(place.kind === 'brand' ? place.baseUrl : undefined, platformUrl);
}

/** The same, by the address of the brand's host. Undefined: the platform's own. */
export function relyingPartyWhere(
  brandUrl: string | undefined,
  platformUrl: string,
): RelyingParty | undefined {
  if (brandUrl === undefined) return relyingPartyOf(platformUrl);
  const { hostname: host, origin, protocol } = new URL(brandUrl);
  // Browsers take such a name for this machine, and ask for no HTTPS there.
  const isSecure = protocol === 'https:' || host.endsWith('.localhost');
  return isSecure ? { id: host, origin, host } : undefined;
}
