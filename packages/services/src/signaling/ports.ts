import type { Restriction } from '@patchbay/protocol/credential/caveats';
import type { Credential } from '@patchbay/protocol/credential/credential';

/** What signaling needs from the world to let a browser in. */
export interface SignalingPorts {
  readonly minting: {
    /**
     * Mints with the account's own key, as its server SDK would, or with that of the nearest account above it.
     * Undefined when none of them has one that may mint all. Throws a CredentialError when the caveats make no credential.
     */
    mint(input: { accountId: string; caveats: readonly Restriction[] }): Promise<Credential | undefined>;
  };
  readonly placement: {
    /** Where a browser connects, `ws://…` or `wss://…`; undefined when no signaling node of these regions is in service. */
    signalUrl(input: {
      readonly accountId: string;
      readonly regions?: readonly string[] | undefined;
    }): Promise<string | undefined>;
  };
}
