import type { Integrity } from '../stun/integrity.ts';
import type { StunMessage } from '../stun/message.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { AddressFamily } from './address-family.ts';
import type { BandwidthClass } from './bandwidth-class.ts';
import type { Cidr } from './cidr.ts';
import type { KnownCredential } from './credential-cache.ts';
import type { ClientPath } from './data-path.ts';
import type { Limit } from './grant.ts';
import type { PortWish } from './reservation.ts';
import type { TokenBucket } from './token-bucket.ts';

/** RFC 8656 §9: a permission lasts 5 minutes, whatever traffic there is. */
export const permissionMs = 300_000;
/** RFC 8656 §12: a channel binding lasts 10 minutes. */
export const channelMs = 600_000;

/** A limit with the counter that it is compared with. */
export interface HeldLimit {
  limit: Limit;
  readonly counterKey: string;
  readonly keepMs: number;
  isReached: boolean;
}

/** A peer address that may be relayed to, until then. */
export interface Permission {
  readonly family: AddressFamily;
  readonly untilMs: number;
}

export interface ChannelBinding extends Permission {
  readonly channel: number;
  readonly peerKey: string;
}

/** A relayed address of an allocation, with a time to expiry of its own (RFC 8656 §6). */
export interface RelayedAddress {
  readonly address: TransportAddress;
  expiresMs: number;
}

/** A request whose answer waits for the platform or for a socket. */
export interface PendingAllocate {
  readonly message: StunMessage;
  readonly integrity: Integrity | undefined;
  readonly wishedLifetimeSeconds: number | undefined;
  /** Two of a dual allocation. */
  readonly families: readonly AddressFamily[];
  readonly port: PortWish;
  usesToCount: number;
  readonly giveUpMs: number;
}

/** One allocation as the core sees it (RFC 8656 §6). */
export interface Allocation {
  readonly id: string;
  readonly client: ClientPath;
  readonly clientKey: string;
  /** As the platform knows it by now: see `review` of the core. */
  credential: KnownCredential;
  readonly sessionKey: string;
  /** The family that it is counted under: a dual allocation is one, and begins with IPv4. */
  family: AddressFamily;
  readonly limits: readonly HeldLimit[];
  readonly peerCidrs: readonly Cidr[] | undefined;
  readonly newPeers: TokenBucket;
  /** By peer address, of all families: each belongs to the relayed address of its own. */
  readonly permissions: Map<string, Permission>;
  /** One table for all families, as ChannelData names nothing but the number. */
  readonly channels: Map<number, ChannelBinding>;
  readonly channelsByPeer: Map<string, ChannelBinding>;
  bandwidthClass: BandwidthClass | undefined;
  /** Undefined once the allocation lives. */
  pending: PendingAllocate | undefined;
  /** None while it is pending, two of a dual allocation (RFC 8656 §6). */
  readonly relayed: Map<AddressFamily, RelayedAddress>;
}
