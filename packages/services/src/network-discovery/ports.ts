import type { Minting } from '../credential-request.ts';

/** What network discovery needs from the world. */
export interface NetworkDiscoveryPorts {
  readonly minting: Minting;
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
