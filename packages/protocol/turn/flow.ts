import type { AddressFamily } from './address-family.ts';
import { checkBudget, isConnectivityCheck } from './connectivity-check.ts';
import type {
  BitRate,
  ByteLimit,
  DataPathEvent,
  FlowSpec,
  FlowTotals,
  PacketDropReason,
  RelayedTotals,
} from './data-path.ts';
import { packetDropReasons } from './data-path.ts';
import type { HostKey } from './host-key.ts';
import { MediaObserver } from './observed-media.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

export interface Permission {
  readonly host: string;
  readonly isOwnRelay: boolean;
  untilMs: number;
}

export interface Channel {
  readonly number: number;
  readonly host: string;
  readonly port: number;
  readonly peerKey: HostKey;
  readonly permission: Permission;
  untilMs: number;
}

/** Bytes counted for one limit of a credential, shared by all flows that name it. */
export interface ByteCounter {
  bytesUsed: number;
  isReached: boolean;
  holderCount: number;
  keptUntilMs: number;
}

interface HeldLimit {
  readonly limit: ByteLimit;
  readonly counter: ByteCounter;
}

/** One allocation as the data path sees it. */
export interface Flow {
  readonly spec: FlowSpec;
  readonly clientHost: string;
  readonly permissions: Map<HostKey, Permission>;
  readonly channels: Map<number, Channel>;
  readonly channelsByPeer: Map<HostKey, Channel>;
  readonly totals: FlowTotals;
  readonly checkBudget: TokenBucket;
  held: readonly HeldLimit[];
  /** Payload both ways together. */
  bucket: TokenBucket | undefined;
  /** Set when a limit has ended the flow: the core removes it, and until then nothing passes. */
  isEnded: boolean;
  hasMedia: boolean;
  readonly media: MediaObserver;
  /** Sends from the relayed address of a family. Set by the data path that owns the socket. */
  readonly egress: Record<AddressFamily, Egress>;
  /** Where the relayed addresses are, once they are open. */
  readonly relayedKeys: Map<AddressFamily, HostKey>;
}

export type Egress = (data: Uint8Array, port: number, host: string) => void;
/** Of a family that has no relayed address, and of one that was closed. */
export const noEgress: Egress = () => undefined;

export function noDrops(): Record<PacketDropReason, number> {
  const drops: Partial<Record<PacketDropReason, number>> = {};
  for (const reason of packetDropReasons) drops[reason] = 0;
  return drops as Record<PacketDropReason, number>;
}

export function createFlow(spec: FlowSpec, clientHost: string): Flow {
  return {
    spec,
    clientHost,
    permissions: new Map(),
    channels: new Map(),
    channelsByPeer: new Map(),
    totals: {
      packetsIn: 0,
      bytesIn: 0,
      packetsOut: 0,
      bytesOut: 0,
      checkBytesIn: 0,
      checkBytesOut: 0,
      overIpv6: { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 },
      drops: noDrops(),
    },
    checkBudget: createTokenBucket(checkBudget),
    held: [],
    bucket: undefined,
    isEnded: false,
    hasMedia: false,
    media: new MediaObserver(),
    egress: { ipv4: noEgress, ipv6: noEgress },
    relayedKeys: new Map(),
  };
}

/** Gives the flow a bucket, or takes it away. A running bucket keeps its level, so that a change is no refill. */
export function setBitRate(flow: Flow, bitRate: BitRate | undefined): void {
  if (bitRate === undefined) {
    flow.bucket = undefined;
    return;
  }
  const shape = { perSecond: bitRate.bitsPerSecond / 8, size: bitRate.burstBytes };
  if (flow.bucket === undefined) flow.bucket = createTokenBucket(shape);
  else flow.bucket.reshape(shape);
}

/** Whether the byte limits let this many bytes pass; counts them if so. Reports a limit when it is reached: once, or for each flow that it ends. */
function chargeLimits(flow: Flow, bytes: number, report: (event: DataPathEvent) => void): boolean {
  for (const { limit, counter } of flow.held) {
    if (counter.bytesUsed + bytes <= limit.bytesMax) continue;
    const { counterKey, outcome } = limit;
    if (outcome === 'end') flow.isEnded = true;
    else if (counter.isReached) continue;
    counter.isReached = true;
    report({ type: 'byteLimitReached', id: flow.spec.id, counterKey, outcome });
  }
  if (flow.isEnded) return false;
  for (const { counter } of flow.held) counter.bytesUsed += bytes;
  return true;
}

export interface Passage {
  readonly direction: 'in' | 'out';
  /** Of the peer's side. */
  readonly family: AddressFamily;
  readonly nowMs: number;
  readonly report: (event: DataPathEvent) => void;
}

function count(totals: RelayedTotals, direction: Passage['direction'], sizeBytes: number): void {
  if (direction === 'in') {
    totals.packetsIn++;
    totals.bytesIn += sizeBytes;
  } else {
    totals.packetsOut++;
    totals.bytesOut += sizeBytes;
  }
}

/** The last step before a packet is sent: bit rate, limits, meters. False when it must not pass. */
export function admit(flow: Flow, data: Uint8Array, passage: Passage): boolean {
  const { totals } = flow;
  const { direction, nowMs, report } = passage;
  const size = data.length;
  if (flow.isEnded) {
    totals.drops.limit++;
    return false;
  }
  if (isConnectivityCheck(data) && flow.checkBudget.take(size, nowMs)) {
    if (direction === 'in') totals.checkBytesIn += size;
    else totals.checkBytesOut += size;
    return true;
  }
  if (flow.bucket !== undefined && !flow.bucket.take(size, nowMs)) {
    totals.drops['bit-rate']++;
    return false;
  }
  if (flow.held.length > 0 && !chargeLimits(flow, size, report)) {
    totals.drops.limit++;
    return false;
  }
  count(totals, direction, size);
  if (passage.family === 'ipv6') count(totals.overIpv6, direction, size);
  flow.media.look(data, direction, nowMs);
  if (!flow.hasMedia) {
    flow.hasMedia = true;
    report({ type: 'mediaStarted', id: flow.spec.id });
  }
  return true;
}
