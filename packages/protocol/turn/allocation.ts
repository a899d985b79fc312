import type { Integrity } from '../stun/integrity.ts';
import type { StunMessage } from '../stun/message.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { AddressFamily } from './address-family.ts';
import type { Cidr } from './cidr.ts';
import type { KnownCredential } from './credential-cache.ts';
import type { ClientPath } from './data-path.ts';
import type { BandwidthClass, Limit } from './grant.ts';
import type { PortWish } from './reservation.ts';
import type { TokenBucket } from './token-bucket.ts';

/** RFC 8656 §3.3 and §9: a permission lasts 5 minutes, whatever traffic there is. */
export const permissionMs = 300_000;
/** RFC 8656 §12: a channel binding lasts 10 minutes. */
export const channelMs = 600_000;

/** A limit with the counter that it is compared with. */
export interface HeldLimit {
  readonly limit: Limit;
  readonly counterKey: string;
  readonly keepMs: number;
  isReached: boolean;
}

export interface ChannelBinding {
  readonly channel: number;
  readonly peerKey: string;
  readonly untilMs: number;
}

/** A request whose answer waits for the platform or for a socket. */
export interface PendingAllocate {
  readonly message: StunMessage;
  readonly integrity: Integrity;
  readonly wishedLifetimeSeconds: number | undefined;
  readonly isAdditionalFamilyWished: boolean;
  readonly port: PortWish;
  usesToCount: number;
  readonly giveUpMs: number;
}

/** One allocation as the core sees it (RFC 8656 §3.2). */
export interface Allocation {
  readonly id: string;
  readonly client: ClientPath;
  readonly clientKey: string;
  /** As the platform knows it by now: see `review` of the core. */
  credential: KnownCredential;
  readonly sessionKey: string;
  readonly family: AddressFamily;
  readonly limits: readonly HeldLimit[];
  readonly peerCidrs: readonly Cidr[] | undefined;
  readonly newPeers: TokenBucket;
  /** Until when each permitted peer address may be relayed to. */
  readonly permissions: Map<string, number>;
  readonly channels: Map<number, ChannelBinding>;
  readonly channelsByPeer: Map<string, ChannelBinding>;
  bandwidthClass: BandwidthClass | undefined;
  /** Undefined once the allocation lives. */
  pending: PendingAllocate | undefined;
  relayed: TransportAddress | undefined;
  expiresMs: number;
}
