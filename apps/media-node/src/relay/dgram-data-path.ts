import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type IpBytes, ipFromText, ipToText } from '@patchbay/protocol/stun/ip-address';
import type { TransportAddress } from '@patchbay/protocol/stun/transport-address';
import { type AddressFamily, familyOf } from '@patchbay/protocol/turn/address-family';
import type {
  DataPath,
  DataPathHandlers,
  FlowSpec,
  OpenedRelay,
  RelayedAddresses,
} from '@patchbay/protocol/turn/data-path';
import { type Flow, noEgress } from '@patchbay/protocol/turn/flow';
import { createForwarder } from '@patchbay/protocol/turn/forwarder';
import type { PeerPolicy } from '@patchbay/protocol/turn/peer-policy';
import {
  type PortWish,
  reservationKey,
  reservationTokenLengthBytes,
} from '@patchbay/protocol/turn/reservation';
import type { Faults } from '../platform/faults.ts';
import { createRelayPorts, type PortRange } from './relay-ports.ts';

/** The system may cut these. The listener carries all clients, a relay socket one. */
const listenerBufferBytes = 4 << 20;
const relayBufferBytes = 1 << 20;
/** Ports to try when another process holds the one that was drawn. */
const bindTryCountMax = 16;

export interface DgramDataPathOptions {
  readonly policy: PeerPolicy;
  readonly handlers: DataPathHandlers;
  /** Where relayed addresses are taken, for each family that is offered. */
  readonly relayHosts: Readonly<Partial<Record<AddressFamily, string>>>;
  readonly portRange: PortRange;
  readonly nowMs: () => number;
  readonly onSocketError: (error: Error) => void;
  /** An error of ours. It fails the datagram that met it, and nothing else. */
  readonly faults: Faults;
}

/** Without this, Node asks the resolver for every packet, and waits a tick for the answer. */
const lookup = (
  host: string,
  _options: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void => done(null, host, host.includes(':') ? 6 : 4);

interface BoundRelay {
  readonly socket: Socket;
  readonly address: TransportAddress;
}

/** A relayed address, and the next port where that is to be kept. */
interface Bound {
  readonly first: BoundRelay;
  readonly second?: BoundRelay;
}

function openSocket(isIpv6: boolean, bufferBytes: number): Socket {
  const options = { recvBufferSize: bufferBytes, sendBufferSize: bufferBytes, lookup };
  // IPv6 sockets take IPv6 only: otherwise IPv4 clients would come as ::ffff: addresses.
  return isIpv6
    ? createSocket({ type: 'udp6', ipv6Only: true, ...options })
    : createSocket({ type: 'udp4', ...options });
}

interface Outgoing {
  readonly data: Uint8Array;
  readonly port: number;
  readonly host: string;
}

/**
 * Sends, or says that it failed: Node throws at a port of 0 and at a socket that was closed meanwhile. What the kernel
 * refuses is lost like any datagram (EMSGSIZE, ENOBUFS, EACCES, ENETUNREACH): to hear of it would cost a callback for each.
 */
function sendFrom(socket: Socket, { data, port, host }: Outgoing, onFailed: () => void): void {
  try {
    socket.send(data, port, host);
  } catch {
    onFailed();
  }
}

/** Binds, or gives the error. The socket is closed when it cannot be bound. */
async function bind(
  socket: Socket,
  at: { port: number; host: string },
): Promise<NodeJS.ErrnoException | undefined> {
  try {
    const listening = once(socket, 'listening');
    socket.bind({ port: at.port, address: at.host, exclusive: true });
    await listening;
    return undefined;
  } catch (error) {
    socket.close();
    if (error instanceof Error) return error;
    throw error;
  }
}

/**
 * The data path on node:dgram: works wherever Node does, at about 0.6 of coturn's packets a core, because Node
 * makes a system call for each packet. It adds sockets to the `Forwarder`, which has all the rules.
 */
export function createDgramDataPath(options: DgramDataPathOptions): DataPath {
  const { handlers, nowMs, onSocketError, faults } = options;
  const forwarder = createForwarder({ policy: options.policy, onEvent: handlers.onEvent, randomBytes });
  const ports = createRelayPorts(options.portRange);
  const listeners: Socket[] = [];
  const relays = new Map<string, Map<AddressFamily, BoundRelay>>();
  const reserved = new Map<string, BoundRelay>();
  let isClosed = false;

  const onClientDatagram = (listenerId: number) =>
    faults.contained('client datagram', (bytes: Buffer, from: RemoteInfo) => {
      const outcome = forwarder.fromClient(from, bytes, nowMs());
      if (outcome === undefined) return;
      if (outcome !== 'request') {
        outcome.flow.egress[outcome.family](outcome.data, outcome.port, outcome.host);
        return;
      }
      const ip = ipFromText(from.address);
      if (ip !== undefined)
        handlers.onRequest({ transport: 'udp', listenerId, address: { ip, port: from.port } }, bytes);
    });

  /** Connects a bound socket with its flow, in both directions. */
  const join = (flow: Flow, { socket, address }: BoundRelay) => {
    const { client } = flow.spec;
    const listener = listeners[client.listenerId];
    const onFailed = () => flow.totals.drops['send-failed']++;
    socket.removeAllListeners('error');
    socket.on('error', onFailed);
    flow.egress[familyOf(address.ip)] = (data, port, host) =>
      sendFrom(socket, { data, port, host }, onFailed);
    const onPeerDatagram = (bytes: Buffer, from: RemoteInfo) => {
      const data = forwarder.fromPeer(flow, from, { bytes, nowMs: nowMs() });
      if (data === undefined || isClosed || listener === undefined) return;
      sendFrom(listener, { data, port: client.address.port, host: flow.clientHost }, onFailed);
    };
    socket.on('message', faults.contained('peer datagram', onPeerDatagram));
  };

  const closeRelay = ({ socket, address }: BoundRelay) => {
    socket.close();
    ports.giveBack(address.port, nowMs());
  };

  /** One try at a port that was drawn: 'taken' when another process has it. */
  const bindPort = async (ip: IpBytes, port: number): Promise<BoundRelay | 'taken' | undefined> => {
    const socket = openSocket(familyOf(ip) === 'ipv6', relayBufferBytes);
    const error = await bind(socket, { port, host: ipToText(ip) });
    if (error === undefined) {
      // Until a flow has it, what arrives is nobody's.
      socket.on('error', onSocketError);
      return { socket, address: { ip, port } };
    }
    // The port rests as if it had been ours.
    ports.giveBack(port, nowMs());
    if (error.code === 'EADDRINUSE') return 'taken';
    onSocketError(error);
    return undefined;
  };

  const bindRelay = async (ip: IpBytes, rule: 'any' | 'even' | 'pair'): Promise<Bound | undefined> => {
    for (let tries = 0; tries < bindTryCountMax; tries++) {
      const port = ports.take(rule, nowMs());
      if (port === undefined) return undefined;
      const first = await bindPort(ip, port);
      const second = rule === 'pair' ? await bindPort(ip, port + 1) : undefined;
      if (first !== undefined && first !== 'taken') {
        if (rule !== 'pair') return { first };
        if (second !== undefined && second !== 'taken') return { first, second };
        closeRelay(first);
      }
      if (second !== undefined && second !== 'taken') closeRelay(second);
      if (first === undefined) return undefined;
    }
    return undefined;
  };

  /** The sockets of one family for a new flow: kept ones, or new ones. */
  const takeSockets = async (family: AddressFamily, wish: PortWish): Promise<Bound | undefined> => {
    const ip = ipFromText(options.relayHosts[family] ?? '');
    if (ip === undefined) return undefined;
    if (wish.rule !== 'reserved') return await bindRelay(ip, wish.rule);
    const key = reservationKey(wish.token);
    const first = reserved.get(key);
    reserved.delete(key);
    return first === undefined ? undefined : { first };
  };

  return {
    strayDrops: forwarder.strayDrops,

    async listen(at) {
      const socket = openSocket(at.ip.length === 16, listenerBufferBytes);
      const error = await bind(socket, { port: at.port, host: ipToText(at.ip) });
      if (error !== undefined) throw error;
      const listenerId = listeners.push(socket) - 1;
      socket.on('error', onSocketError);
      socket.on('message', onClientDatagram(listenerId));
      return { listenerId, address: { ip: at.ip, port: socket.address().port } };
    },

    async open(spec: FlowSpec): Promise<OpenedRelay | undefined> {
      const flow = forwarder.add(spec);
      const taken = await Promise.all(spec.families.map((family) => takeSockets(family, spec.port)));
      const bound = taken.filter((each) => each !== undefined);
      const [first, ...others] = bound.map((each) => each.first);
      const kept = bound.find(({ second }) => second !== undefined)?.second;
      if (first === undefined || isClosed || forwarder.find(spec.id) !== flow) {
        // Removed while the ports were being bound, or there was no port.
        forwarder.remove(spec.id, nowMs());
        for (const each of [first, ...others, kept]) if (each !== undefined) closeRelay(each);
        return undefined;
      }
      for (const relay of [first, ...others]) {
        join(flow, relay);
        forwarder.opened(spec.id, relay.address);
      }
      relays.set(spec.id, new Map([first, ...others].map((relay) => [familyOf(relay.address.ip), relay])));
      const relayed: RelayedAddresses = [first.address, ...others.map(({ address }) => address)];
      if (kept === undefined) return { relayed };
      const reservationToken = randomBytes(reservationTokenLengthBytes);
      reserved.set(reservationKey(reservationToken), kept);
      return { relayed, reservationToken };
    },

    releaseReservation(token) {
      const kept = reserved.get(reservationKey(token));
      reserved.delete(reservationKey(token));
      if (kept !== undefined) closeRelay(kept);
    },

    permit: (id, peer, untilMs) => forwarder.permit(id, peer, untilMs),
    bindChannel: (id, spec) => forwarder.bindChannel(id, spec),
    limit: (id, limits) => forwarder.limit(id, limits),
    sample: (id) => forwarder.find(id)?.totals,
    observeMedia: (id) => forwarder.find(id)?.media.take(nowMs()),

    closeFamily(id, family) {
      forwarder.closeFamily(id, family);
      const relay = relays.get(id)?.get(family);
      if (relay === undefined) return;
      relays.get(id)?.delete(family);
      closeRelay(relay);
    },

    remove(id) {
      const flow = forwarder.find(id);
      if (flow !== undefined) for (const family of flow.spec.families) flow.egress[family] = noEgress;
      const totals = forwarder.remove(id, nowMs());
      for (const relay of relays.get(id)?.values() ?? []) closeRelay(relay);
      relays.delete(id);
      return Promise.resolve(totals);
    },

    reply({ listenerId, address }, bytes) {
      const listener = listeners[listenerId];
      if (isClosed || listener === undefined) return;
      const to = { data: bytes, port: address.port, host: ipToText(address.ip) };
      sendFrom(listener, to, () => forwarder.strayDrops['send-failed']++);
    },

    async close() {
      isClosed = true;
      const bound = [...[...relays.values()].flatMap((each) => [...each.values()]), ...reserved.values()];
      relays.clear();
      reserved.clear();
      const sockets = [...listeners, ...bound.map(({ socket }) => socket)];
      await Promise.all(
        sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
      );
    },
  };
}
