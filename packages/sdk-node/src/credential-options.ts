import { LIFETIME_SECONDS_DEFAULT } from '@patchbay/protocol/credential/lifetime';
import type { CredentialLimits as AnyLimits } from '@patchbay/protocol/credential/limits';

/** What a credential is limited to. Whatever is left out is not limited, but for its lifetime. */
export interface CredentialLimits extends AnyLimits {
  /** Acts for this account: the key's own, or one below it. Default: that of the client. */
  readonly accountId?: string | undefined;
}

export const TTL_SECONDS_DEFAULT = LIFETIME_SECONDS_DEFAULT;
