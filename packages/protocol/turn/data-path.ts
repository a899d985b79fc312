import type { IpBytes } from '../stun/ip-address.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { AddressFamily } from './address-family.ts';
import type { LimitOutcome } from './grant.ts';
import type { ObservedMedia } from './observed-media.ts';
import type { PortWish } from './reservation.ts';

/** How a client reaches the relay. The three together are the part of the 5-tuple that varies. */
export interface ClientPath {
  readonly transport: 'udp';
  /** Which of the data path's listeners the client came by. */
  readonly listenerId: number;
  readonly address: TransportAddress;
}

export interface BitRate {
  /** Payload both ways together. */
  readonly bitsPerSecond: number;
  /** Payload that may pass at once. A larger datagram never passes. */
  readonly burstBytes: number;
}

/** A byte limit that the data path enforces to the packet. Flows that name one counter share it. */
export interface ByteLimit {
  readonly counterKey: string;
  readonly bytesMax: number;
  /** Counted before this flow. A counter that already stands higher keeps its value. */
  readonly bytesUsed: number;
  readonly outcome: LimitOutcome;
  /** How long the counter is remembered without a flow. */
  readonly keepMs: number;
}

export interface FlowLimits {
  readonly byteLimits: readonly ByteLimit[];
  readonly bitRate?: BitRate | undefined;
}

/** Why a packet was not relayed. Each is a label of a metric. */
export const packetDropReasons = [
  'no-flow',
  'no-channel',
  'no-permission',
  'malformed',
  /** Nobody has port 0, and no socket can send there (RFC 768). */
  'port-zero',
  /** Longer than a datagram, once it has its header. */
  'oversize',
  'listener-port',
  'own-port-not-live',
  'forbidden-peer',
  'bit-rate',
  'limit',
  'send-failed',
] as const;
export type PacketDropReason = (typeof packetDropReasons)[number];

export interface RelayedTotals {
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
}

/**
 * Totals of a flow since it began. "In" is client to relay. Bytes are payload: no TURN header, no ChannelData
 * header. Connectivity checks inside are apart and in no other figure.
 */
export interface FlowTotals extends RelayedTotals {
  checkBytesIn: number;
  checkBytesOut: number;
  /** What of it passed over IPv6: of a dual allocation a part, else all or nothing. */
  readonly overIpv6: RelayedTotals;
  readonly drops: Record<PacketDropReason, number>;
}

export interface FlowSpec {
  readonly id: string;
  readonly client: ClientPath;
  /** Two of a dual allocation. */
  readonly families: readonly AddressFamily[];
  readonly port: PortWish;
}

/** At most one of each family. */
export type RelayedAddresses = readonly [TransportAddress, ...TransportAddress[]];

/** Relayed addresses, and the token of the next port where that was asked to be kept. */
export interface OpenedRelay {
  readonly relayed: RelayedAddresses;
  readonly reservationToken?: Uint8Array | undefined;
}

export interface ChannelSpec {
  readonly channel: number;
  readonly peer: TransportAddress;
  readonly untilMs: number;
}

/** What the data path tells the core. */
export type DataPathEvent =
  | {
      readonly type: 'byteLimitReached';
      readonly id: string;
      readonly counterKey: string;
      readonly outcome: LimitOutcome;
    }
  | { readonly type: 'mediaStarted'; readonly id: string };

export interface DataPathHandlers {
  /** A datagram that is neither ChannelData nor a Send indication. */
  onRequest(client: ClientPath, bytes: Uint8Array): void;
  onEvent(event: DataPathEvent): void;
}

/**
 * Moves packets between clients and peers. It owns sockets, permissions, channels, byte limits and counters; it
 * decides nothing. Two implementations pass one suite, and nothing else in the relay knows which one runs.
 */
export interface DataPath {
  /** Opens a listener for clients. Port 0 takes a free one. */
  listen(at: TransportAddress): Promise<{ readonly listenerId: number; readonly address: TransportAddress }>;
  /** Opens a relayed address of each family at a random port, or of those that can be had. Undefined when there is none. */
  open(spec: FlowSpec): Promise<OpenedRelay | undefined>;
  /** Gives up a kept port that nobody came for. */
  releaseReservation(token: Uint8Array): void;
  /** Lets a peer address through until then. Naming it again moves the time. */
  permit(id: string, peer: { readonly ip: IpBytes; readonly isOwnRelay: boolean }, untilMs: number): void;
  /** Needs a permission beside it. */
  bindChannel(id: string, spec: ChannelSpec): void;
  limit(id: string, limits: FlowLimits): void;
  /** Closes one relayed address of two, with the permissions and channels of its family. */
  closeFamily(id: string, family: AddressFamily): void;
  /** Totals of a live flow at this moment, or undefined when there is none. */
  sample(id: string): FlowTotals | undefined;
  /** What the packets of a live flow looked like since this was asked last; undefined where nothing says it. */
  observeMedia(id: string): ObservedMedia | undefined;
  /** Closes a flow. No packet passes after the call; the totals are final. */
  remove(id: string): Promise<FlowTotals | undefined>;
  reply(client: ClientPath, bytes: Uint8Array): void;
  /** Packets of no flow, by cause. */
  readonly strayDrops: Readonly<Record<PacketDropReason, number>>;
  close(): Promise<void>;
}
