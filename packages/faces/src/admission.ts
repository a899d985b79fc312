import { platformError } from '@patchbay/kit/errors';
import type { MountedOperation } from './mounted.ts';
import type { Evidence, Platform, Principal } from './platform.ts';
import { refusedAddress } from './refused-address.ts';
import { limit } from './request-limit.ts';

interface Asking {
  readonly evidence: Evidence | undefined;
  readonly address?: string | undefined;
  /** The account whose host the request came to, where that is not the platform's. */
  readonly within?: string | undefined;
}

const strangerAt = (within: string | undefined): Principal => ({
  actor: { kind: 'stranger', ...(within === undefined ? {} : { within }) },
  name: 'A stranger',
  scopes: [],
});

/** Who asks. @throws auth.missing and auth.person_only, where an operation is not for them. */
export async function principalOf(
  platform: Platform,
  { evidence, address, within }: Asking,
  { authentication }: Pick<MountedOperation, 'authentication'>,
): Promise<Principal> {
  const known = await platform.authenticate(evidence, address);
  if (known !== undefined && authentication === 'user' && known.actor.kind !== 'user') {
    throw platformError('auth.person_only', 'A key or a credential is nobody who signed in.');
  }
  if (known !== undefined) return known;
  if (authentication === 'none') return strangerAt(within);
  throw platformError('auth.missing', missingOf(evidence));
}

/** Why nobody is known by what a request shows. */
function missingOf(evidence: Evidence | undefined): string {
  switch (evidence?.kind) {
    case undefined:
      return 'Send a key.';
    case 'bearer':
      return 'This key is unknown, revoked or expired.';
    case 'signIn':
      return 'This session has ended: sign in again.';
    case 'callback':
      return 'Its account is not served.';
  }
}

/**
 * Every request of a caller that is known is counted against its rate, whatever becomes of it: before its form is looked
 * at, and before anything is looked up for it (C18).
 */
export async function admit(
  platform: Platform,
  asking: {
    readonly principal: Principal;
    readonly address?: string | undefined;
    readonly responseHeaders: Headers;
  },
  isRead: boolean,
): Promise<void> {
  const { principal, address, responseHeaders } = asking;
  if (principal.actor.kind === 'stranger') return;
  const refused = await refusedAddress(platform, asking);
  const isFromOutside = refused !== undefined;
  await limit(platform, { principal, responseHeaders, address, isRead, isFromOutside });
  if (refused !== undefined) throw refused;
}
