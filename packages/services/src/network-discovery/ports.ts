import type { Restriction } from '@patchbay/protocol/credential/caveats';
import type { Credential } from '@patchbay/protocol/credential/credential';

/** What network discovery needs from the world. */
export interface NetworkDiscoveryPorts {
  readonly minting: {
    /**
     * Mints with the account's own key, as its server SDK would, or with that of the nearest account above it.
     * Undefined when none of them has one that may mint all. Throws a CredentialError when the caveats make no credential.
     */
    mint(input: { accountId: string; caveats: readonly Restriction[] }): Promise<Credential | undefined>;
  };
  readonly placement: {
    /**
     * The URLs of relays that are in service in one of these regions, e.g. `turn:192.0.2.1:3478?transport=udp`. Without
     * regions, of all. Empty: there is none.
     */
    relayUrls(input: {
      readonly accountId: string;
      readonly regions?: readonly string[] | undefined;
    }): Promise<readonly string[]>;
  };
}
