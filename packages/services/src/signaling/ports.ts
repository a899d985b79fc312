import type { Minting } from '../credential-request.ts';

/** What signaling needs from the world to let a browser in. */
export interface SignalingPorts {
  readonly minting: Minting;
  readonly placement: {
    /** Where a browser connects, `ws://…` or `wss://…`; undefined when no signaling node of these regions is in service. */
    signalUrl(input: {
      readonly accountId: string;
      readonly regions?: readonly string[] | undefined;
    }): Promise<string | undefined>;
  };
}
