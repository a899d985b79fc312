import type { RelyingParty } from '@patchbay/adapters/prisma/passkeys';
import { headers } from 'next/headers';
import { controlPlane } from '../../server/compose.ts';
import { requestHost } from '../brand/shown-brand.ts';

/** For whom a browser makes passkeys where the request came to, and signs with them. Undefined: it makes none there. */
export async function relyingPartyHere(): Promise<RelyingParty | undefined> {
  const place = await requestHost().catch(() => undefined);
  return place && controlPlane().relyingPartyAt(place);
}

/** Whether passkeys work on the page that is asked for: `elsewhere` is where those of the platform do instead. */
export async function passkeyPlace(): Promise<'here' | { readonly elsewhere: string } | undefined> {
  const party = await relyingPartyHere();
  if (party === undefined || party.host !== undefined) return party && 'here';
  const host = (await headers()).get('host') ?? '';
  return new URL(party.origin).host === host ? 'here' : { elsewhere: party.origin };
}
