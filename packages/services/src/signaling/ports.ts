import type { Restriction } from '@patchbay/protocol/credential/caveats';
import type { Credential } from '@patchbay/protocol/credential/credential';

/** What signaling needs from the world to let a browser in. */
export interface SignalingPorts {
  readonly minting: {
    /** Mints with the account's own key, as its server SDK would. */
    mint(input: { accountId: string; caveats: readonly Restriction[] }): Promise<Credential>;
  };
  readonly placement: {
    /** Where a browser connects, `ws://…` or `wss://…`; undefined when no signaling node is in service. */
    signalUrl(input: { accountId: string }): Promise<string | undefined>;
  };
}
