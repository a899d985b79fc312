import { headers } from 'next/headers';
import { controlPlane } from '../../server/compose.ts';

/** Whether passkeys work on the page that is asked for: `elsewhere` is where they do instead. */
export async function passkeyPlace(): Promise<'here' | { readonly elsewhere: string } | undefined> {
  const { relyingParty } = controlPlane();
  if (relyingParty === undefined) return undefined;
  const host = (await headers()).get('host') ?? '';
  return new URL(relyingParty.origin).host === host ? 'here' : { elsewhere: relyingParty.origin };
}
