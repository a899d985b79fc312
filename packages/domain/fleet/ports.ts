import type { PublishingNode } from './published-address.ts';

export interface FleetPorts {
  readonly nodes: {
    /** Those that serve now, also such as finish their sessions. */
    serving(): Promise<readonly PublishingNode[]>;
  };
  /** How the control plane is reached from outside; by those who came to the host of an account, at that account's. */
  readonly apiUrlAt: (within: string | undefined) => Promise<string>;
}
