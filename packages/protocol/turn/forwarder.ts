import { readUint16, writeUint16 } from '../stun/byte-order.ts';
import { type IpBytes, ipFromText, ipToText } from '../stun/ip-address.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { AddressFamily } from './address-family.ts';
import { channelDataHeaderLengthBytes, isChannelNumber } from './channel-data.ts';
import type {
  ChannelSpec,
  DataPathEvent,
  FlowLimits,
  FlowSpec,
  FlowTotals,
  PacketDropReason,
} from './data-path.ts';
import { admit, type ByteCounter, createFlow, type Flow, noDrops, noEgress, setBitRate } from './flow.ts';
import { endpointKey, familyOfKey, type HostKey, hostKeyOfIp, hostKeyOfText } from './host-key.ts';
import { dataIndicationLength, decodeSendIndication, encodeDataIndication } from './indication.ts';
import type { PeerPolicy } from './peer-policy.ts';

/** A packet to send from a flow's relayed address of the family. */
export interface ToPeer {
  readonly flow: Flow;
  readonly family: AddressFamily;
  readonly data: Uint8Array;
  readonly host: string;
  readonly port: number;
}

export interface ForwarderOptions {
  readonly policy: PeerPolicy;
  readonly onEvent: (event: DataPathEvent) => void;
  /** Cryptographic random bytes, for transaction ids. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
}

/** What a datagram can hold over IPv4; over IPv6 it is a little more. */
const datagramLengthMax = 65_507;
/** Counters that no flow holds are swept when this many more flows have come. */
const sweepEvery = 256;

/**
 * The packet rules of a relay without its sockets: who may send what to whom, and what it counts. A data path
 * in JavaScript stands on it; a native one does the same in its own language and passes the same suite.
 */
export interface Forwarder {
  add(spec: FlowSpec): Flow;
  /** Tells where a relayed address of the flow is, so that other flows may send to it. */
  opened(id: string, relayed: TransportAddress): void;
  permit(id: string, peer: { readonly ip: IpBytes; readonly isOwnRelay: boolean }, untilMs: number): void;
  bindChannel(id: string, spec: ChannelSpec): void;
  limit(id: string, limits: FlowLimits): void;
  /** Takes one relayed address of two from a flow, with its permissions and channels. */
  closeFamily(id: string, family: AddressFamily): void;
  find(id: string): Flow | undefined;
  remove(id: string, nowMs: number): FlowTotals | undefined;
  /** What a client's datagram becomes: a packet for a peer, 'request' for the core, or nothing. */
  fromClient(
    from: { address: string; port: number },
    bytes: Uint8Array,
    nowMs: number,
  ): ToPeer | 'request' | undefined;
  /** What a peer's datagram becomes: the bytes for the client, or nothing. */
  fromPeer(
    flow: Flow,
    from: { address: string; port: number },
    packet: { bytes: Uint8Array; nowMs: number },
  ): Uint8Array | undefined;
  readonly strayDrops: Record<PacketDropReason, number>;
  readonly flowCount: number;
}

export function createForwarder(options: ForwarderOptions): Forwarder {
  return new PacketForwarder(options);
}

class PacketForwarder implements Forwarder {
  readonly strayDrops = noDrops();
  readonly #policy: PeerPolicy;
  readonly #report: (event: DataPathEvent) => void;
  readonly #randomBytes: (lengthBytes: number) => Uint8Array;
  readonly #flows = new Map<string, Flow>();
  readonly #flowsByClient = new Map<HostKey, Flow>();
  readonly #liveRelays = new Set<HostKey>();
  readonly #counters = new Map<string, ByteCounter>();
  #pool: Uint8Array = new Uint8Array(0);
  #poolOffset = 0;
  #untilSweep = sweepEvery;

  constructor({ policy, onEvent, randomBytes }: ForwarderOptions) {
    this.#policy = policy;
    this.#report = onEvent;
    this.#randomBytes = randomBytes;
  }

  get flowCount(): number {
    return this.#flows.size;
  }

  add(spec: FlowSpec): Flow {
    const { ip, port } = spec.client.address;
    const flow = createFlow(spec, ipToText(ip));
    this.#flows.set(spec.id, flow);
    this.#flowsByClient.set(endpointKey(hostKeyOfIp(ip), port), flow);
    return flow;
  }

  opened(id: string, relayed: TransportAddress): void {
    const flow = this.#flows.get(id);
    if (flow === undefined) return;
    const key = endpointKey(hostKeyOfIp(relayed.ip), relayed.port);
    flow.relayedKeys.set(familyOfKey(key), key);
    this.#liveRelays.add(key);
  }

  closeFamily(id: string, family: AddressFamily): void {
    const flow = this.#flows.get(id);
    if (flow === undefined) return;
    const { relayedKeys, permissions, channels, channelsByPeer } = flow;
    flow.egress[family] = noEgress;
    const relayedKey = relayedKeys.get(family);
    if (relayedKey !== undefined) this.#liveRelays.delete(relayedKey);
    relayedKeys.delete(family);
    for (const host of permissions.keys()) if (familyOfKey(host) === family) permissions.delete(host);
    for (const [peerKey, { number }] of channelsByPeer) {
      if (familyOfKey(peerKey) !== family) continue;
      channelsByPeer.delete(peerKey);
      channels.delete(number);
    }
  }

  permit(
    id: string,
    { ip, isOwnRelay }: { readonly ip: IpBytes; readonly isOwnRelay: boolean },
    untilMs: number,
  ): void {
    const permissions = this.#flows.get(id)?.permissions;
    const key = hostKeyOfIp(ip);
    const held = permissions?.get(key);
    if (held === undefined) permissions?.set(key, { host: ipToText(ip), isOwnRelay, untilMs });
    else held.untilMs = untilMs;
  }

  bindChannel(id: string, { channel, peer, untilMs }: ChannelSpec): void {
    const flow = this.#flows.get(id);
    const host = hostKeyOfIp(peer.ip);
    const permission = flow?.permissions.get(host);
    if (flow === undefined || permission === undefined) return;
    const held = flow.channels.get(channel);
    const peerKey = endpointKey(host, peer.port);
    if (held?.peerKey === peerKey) {
      held.untilMs = untilMs;
      return;
    }
    // A number or a peer that is bound anew was bound to something that has expired.
    if (held !== undefined) flow.channelsByPeer.delete(held.peerKey);
    const older = flow.channelsByPeer.get(peerKey);
    if (older !== undefined) flow.channels.delete(older.number);
    const bound = { number: channel, host: permission.host, port: peer.port, peerKey, permission, untilMs };
    flow.channels.set(channel, bound);
    flow.channelsByPeer.set(peerKey, bound);
  }

  limit(id: string, { byteLimits, bitRate }: FlowLimits): void {
    const flow = this.#flows.get(id);
    if (flow === undefined) return;
    setBitRate(flow, bitRate);
    const before = flow.held;
    flow.held = byteLimits.map((limit) => {
      let counter = this.#counters.get(limit.counterKey);
      if (counter === undefined) {
        counter = { bytesUsed: 0, isReached: false, holderCount: 0, keptUntilMs: 0 };
        this.#counters.set(limit.counterKey, counter);
      }
      counter.bytesUsed = Math.max(counter.bytesUsed, limit.bytesUsed);
      counter.holderCount++;
      return { limit, counter };
    });
    for (const { counter } of before) counter.holderCount--;
  }

  find(id: string): Flow | undefined {
    return this.#flows.get(id);
  }

  remove(id: string, nowMs: number): FlowTotals | undefined {
    const flow = this.#flows.get(id);
    if (flow === undefined) return undefined;
    flow.isEnded = true;
    this.#flows.delete(id);
    const { ip, port } = flow.spec.client.address;
    const clientKey = endpointKey(hostKeyOfIp(ip), port);
    if (this.#flowsByClient.get(clientKey) === flow) this.#flowsByClient.delete(clientKey);
    for (const relayedKey of flow.relayedKeys.values()) this.#liveRelays.delete(relayedKey);
    for (const { limit, counter } of flow.held) {
      counter.holderCount--;
      counter.keptUntilMs = Math.max(counter.keptUntilMs, nowMs + limit.keepMs);
    }
    this.#sweepCounters(nowMs);
    return flow.totals;
  }

  #sweepCounters(nowMs: number): void {
    if (--this.#untilSweep > 0) return;
    this.#untilSweep = sweepEvery;
    for (const [key, counter] of this.#counters) {
      if (counter.holderCount === 0 && counter.keptUntilMs <= nowMs) this.#counters.delete(key);
    }
  }

  fromClient(
    from: { address: string; port: number },
    bytes: Uint8Array,
    nowMs: number,
  ): ToPeer | 'request' | undefined {
    if (from.port === 0) {
      // Before anything is made of it: a request could not be answered either.
      this.strayDrops['port-zero']++;
      return undefined;
    }
    const first = bytes[0] ?? 0;
    const isChannelData = first >= 0x40;
    if (!isChannelData && !(first === 0x00 && bytes[1] === 0x16)) return 'request';
    const flow = this.#flowsByClient.get(endpointKey(hostKeyOfText(from.address), from.port));
    if (flow === undefined) {
      this.strayDrops['no-flow']++;
      return undefined;
    }
    return isChannelData ? this.#fromChannel(flow, bytes, nowMs) : this.#fromIndication(flow, bytes, nowMs);
  }

  /** RFC 8656 §12.6. */
  #fromChannel(flow: Flow, bytes: Uint8Array, nowMs: number): ToPeer | undefined {
    const number = readUint16(bytes, 0);
    const end = channelDataHeaderLengthBytes + readUint16(bytes, 2);
    if (!isChannelNumber(number) || bytes.length < channelDataHeaderLengthBytes || end > bytes.length) {
      return drop(flow, 'malformed');
    }
    const channel = flow.channels.get(number);
    if (channel === undefined || channel.untilMs <= nowMs) return drop(flow, 'no-channel');
    const { permission, host, port } = channel;
    if (permission.untilMs <= nowMs) return drop(flow, 'no-permission');
    if (permission.isOwnRelay && !this.#liveRelays.has(channel.peerKey))
      return drop(flow, 'own-port-not-live');
    const data = bytes.subarray(channelDataHeaderLengthBytes, end);
    const family = familyOfKey(channel.peerKey);
    if (!admit(flow, data, { direction: 'in', family, nowMs, report: this.#report })) return undefined;
    return { flow, family, data, host, port };
  }

  /** RFC 8656 §11.2. */
  #fromIndication(flow: Flow, bytes: Uint8Array, nowMs: number): ToPeer | undefined {
    const indication = decodeSendIndication(bytes);
    if (indication === undefined) return drop(flow, 'malformed');
    const { peer, data } = indication;
    if (peer.port === 0) return drop(flow, 'port-zero');
    const hostKey = hostKeyOfIp(peer.ip);
    const permission = flow.permissions.get(hostKey);
    if (permission === undefined || permission.untilMs <= nowMs) return drop(flow, 'no-permission');
    // A permission names no port, so what depends on the port is judged with each packet (R1, R5).
    if (this.#policy.isListener(peer)) return drop(flow, 'listener-port');
    if (this.#policy.judge(peer.ip) === 'forbidden') return drop(flow, 'forbidden-peer');
    if (permission.isOwnRelay && !this.#liveRelays.has(endpointKey(hostKey, peer.port))) {
      return drop(flow, 'own-port-not-live');
    }
    const family = familyOfKey(hostKey);
    if (!admit(flow, data, { direction: 'in', family, nowMs, report: this.#report })) return undefined;
    return { flow, family, data, host: permission.host, port: peer.port };
  }

  fromPeer(
    flow: Flow,
    from: { address: string; port: number },
    packet: { bytes: Uint8Array; nowMs: number },
  ): Uint8Array | undefined {
    const { bytes, nowMs } = packet;
    if (from.port === 0) return drop(flow, 'port-zero');
    const hostKey = hostKeyOfText(from.address);
    const channel = flow.channelsByPeer.get(endpointKey(hostKey, from.port));
    const permission = channel?.permission ?? flow.permissions.get(hostKey);
    if (permission === undefined || permission.untilMs <= nowMs) return drop(flow, 'no-permission');
    const isBound = channel !== undefined && channel.untilMs > nowMs;
    const family = familyOfKey(hostKey);
    const length = isBound
      ? channelDataHeaderLengthBytes + bytes.length
      : dataIndicationLength(family === 'ipv4' ? 4 : 16, bytes.length);
    // Before it is counted: nobody pays for what cannot be sent.
    if (length > datagramLengthMax) return drop(flow, 'oversize');
    if (!admit(flow, bytes, { direction: 'out', family, nowMs, report: this.#report })) return undefined;
    if (isBound) {
      // RFC 8656 §12.7. One copy into one buffer: a send of two parts costs more.
      const out = Buffer.allocUnsafe(length);
      writeUint16(out, 0, channel.number);
      writeUint16(out, 2, bytes.length);
      out.set(bytes, channelDataHeaderLengthBytes);
      return out;
    }
    const ip = ipFromText(permission.host);
    if (ip === undefined) return drop(flow, 'malformed');
    return encodeDataIndication({ ip, port: from.port }, bytes, this.#transactionId());
  }

  /** 12 bytes of a pool, because a call to the generator for each packet would cost more than the packet. */
  #transactionId(): Uint8Array {
    if (this.#poolOffset + 12 > this.#pool.length) {
      this.#pool = this.#randomBytes(12 * 341);
      this.#poolOffset = 0;
    }
    this.#poolOffset += 12;
    return this.#pool.subarray(this.#poolOffset - 12, this.#poolOffset);
  }
}

function drop(flow: Flow, reason: PacketDropReason): undefined {
  flow.totals.drops[reason]++;
  return undefined;
}
