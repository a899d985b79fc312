import type { Restriction } from '@patchbay/protocol/credential/caveats';
import type { Credential } from '@patchbay/protocol/credential/credential';

/** What network discovery needs from the world. */
export interface NetworkDiscoveryPorts {
  readonly minting: {
    /** Mints with the account's own key, as its server SDK would. */
    mint(input: { accountId: string; caveats: readonly Restriction[] }): Promise<Credential>;
  };
  readonly placement: {
    /** The URLs of a relay that is in service, e.g. `turn:192.0.2.1:3478?transport=udp`. Empty: there is none. */
    relayUrls(input: { accountId: string }): Promise<readonly string[]>;
  };
}
