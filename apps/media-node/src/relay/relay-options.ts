import type { CountryTable } from '@patchbay/kit/country-table';
import type { DropReason } from '@patchbay/protocol/turn/action';
import type { TurnCoreBounds } from '@patchbay/protocol/turn/core-options';
import type { PacketDropReason } from '@patchbay/protocol/turn/data-path';
import type { RevocationScope } from '@patchbay/protocol/turn/grant';
import type { Faults } from '../platform/faults.ts';
import type { RelayLog, RelayPlatform } from './platform.ts';
import type { PortRange } from './relay-ports.ts';

export interface RelayOptions {
  /** Where clients are served. An address, no name. Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The address of this host that relayed addresses are taken from and told to clients. */
  readonly relayHost: string;
  /** A second one of the other family, where the relay has both: clients are served there at the same port. */
  readonly relayHostOtherFamily?: string;
  /** By default the dynamic ports, 49152 to 65535. */
  readonly portRange?: PortRange;
  readonly region: string;
  readonly platform: RelayPlatform;
  readonly log: RelayLog;
  /** Where errors of ours are counted. By default in this relay alone. */
  readonly faults?: Faults;
  /**
   * Milliseconds that never run backwards, close to the time of day. By default they come from the monotonic
   * clock. Whoever gives another speaks of the end of credentials by it, too.
   */
  readonly nowMs?: () => number;
  /** One realm for each listener: the first answer comes before the username. By default `patchbay`. */
  readonly realm?: string;
  /** Lets peers on loopback be reached. Only for a relay that listens on loopback itself. Off by default. */
  readonly allowLoopbackPeers?: boolean;
  readonly isSha256Offered?: boolean;
  readonly isUserhashOffered?: boolean;
  /** Accepts the channels of the first edition of TURN, as coturn's client uses them. On by default. */
  readonly areLegacyChannelsAccepted?: boolean;
  /** Takes ADDITIONAL-ADDRESS-FAMILY under coturn 4.6's number as well. On by default. */
  readonly isCoturnFamilyTypeAccepted?: boolean;
  readonly bounds?: Partial<TurnCoreBounds>;
  /** Says in which country a client is. Without it nobody is in any. */
  readonly countries?: CountryTable | undefined;
  /** The account of attempts that prove no credential; undefined while it is not known yet. */
  readonly discoveryAccountId?: () => string | undefined;
}

export interface RelayStats {
  readonly allocationCount: number;
  readonly isDraining: boolean;
  readonly attempts: Readonly<
    Record<'discovery' | 'relay', { readonly succeeded: number; readonly refused: number }>
  >;
  /** Datagrams without an answer, by cause. */
  readonly requestDrops: Readonly<Partial<Record<DropReason, number>>>;
  /** Packets that belonged to no allocation, by cause. */
  readonly packetDrops: Readonly<Record<PacketDropReason, number>>;
  /** Errors of ours: each failed what met it. */
  readonly faultCount: number;
}

export interface Relay {
  readonly port: number;
  /** Ends every allocation, writes the last records and closes the sockets. */
  stop(): Promise<void>;
  /** Refuses new allocations from now on. Settles when the last one has ended. */
  drain(): Promise<void>;
  /** Ends what the revocation reaches: no packet passes after the call. */
  revoke(scope: RevocationScope, detail: string): void;
  /**
   * Looks again at what an account's credentials may do, and holds what lives to it. False when nobody could say it of
   * all of them.
   */
  review(accountId: string): Promise<boolean>;
  /** Ends these, and lets their client come again. */
  endAllocations(allocationIds: readonly string[], detail: string): void;
  stats(): RelayStats;
}
