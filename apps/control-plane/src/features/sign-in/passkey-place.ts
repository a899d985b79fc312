import { headers } from 'next/headers';
import { controlPlane } from '../../server/compose.ts';
import { requestHost } from '../brand/shown-brand.ts';

/**
 * Whether passkeys work on the page that is asked for: `elsewhere` is where they do instead. At the host of a brand they do
 * not, and where the platform is nobody is told there.
 */
export async function passkeyPlace(): Promise<'here' | { readonly elsewhere: string } | undefined> {
  const { relyingParty } = controlPlane();
  const place = await requestHost().catch(() => undefined);
  if (relyingParty === undefined || place?.kind !== 'platform') return undefined;
  const host = (await headers()).get('host') ?? '';
  return new URL(relyingParty.origin).host === host ? 'here' : { elsewhere: relyingParty.origin };
}
