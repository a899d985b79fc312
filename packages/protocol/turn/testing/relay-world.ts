import { randomBytes } from 'node:crypto';
import { ipFromText, ipToText } from '../../stun/ip-address.ts';
import { method, type StunMessage } from '../../stun/message.ts';
import { type TransportAddress, transportAddressKey } from '../../stun/transport-address.ts';
import type { Action } from '../action.ts';
import type { AddressFamily } from '../address-family.ts';
import { createTurnCore, type TurnCore } from '../core.ts';
import type { TurnCoreOptions } from '../core-options.ts';
import type { ClientPath, FlowTotals } from '../data-path.ts';
import { createForwarder, type Forwarder } from '../forwarder.ts';
import type { Grant, Limit, Resolution } from '../grant.ts';
import { createPeerPolicy, type PeerPolicy } from '../peer-policy.ts';
import type { UseAnswer } from '../pending-allocate.ts';
import {
  type AttributeDraft,
  type BuildOptions,
  codeOf,
  createClientSession,
  read,
  udpTransport,
} from './client-session.ts';

export const at = (host: string, port: number): TransportAddress => {
  const ip = ipFromText(host);
  if (ip === undefined) throw new TypeError(`${host} is no address.`);
  return { ip, port };
};

export const relayHost = '198.41.0.4';
export const relayHost6 = '2a00::4';
export const listenerAddress = at(relayHost, 3478);

export interface WorldOptions {
  readonly core?: Partial<TurnCoreOptions>;
  readonly allowLoopbackPeers?: boolean;
  /** Ports that are given to allocations, in order. */
  readonly portCount?: number;
  /** Families that no port is left of, though they are offered. */
  readonly fullFamilies?: readonly AddressFamily[];
  /** Leaves questions to the platform unanswered until the test answers them. */
  readonly isPlatformSlow?: boolean;
}

export interface WorldClient {
  readonly path: ClientPath;
  readonly session: ReturnType<typeof createClientSession>;
  /** Sends a request and reads its answer; undefined when there was none. */
  request(
    methodNumber: number,
    attributes?: readonly AttributeDraft[],
    options?: BuildOptions,
  ): StunMessage | undefined;
  /** The same, for a request that must be answered. */
  ask(methodNumber: number, attributes?: readonly AttributeDraft[], options?: BuildOptions): StunMessage;
  /** Takes the challenge, then allocates. Gives the answer. */
  allocate(attributes?: readonly AttributeDraft[], options?: BuildOptions): StunMessage;
  send(bytes: Uint8Array): void;
  /** Everything that came back, oldest first. */
  readonly received: Uint8Array[];
}

export interface SentPacket {
  readonly allocationId: string;
  readonly family: AddressFamily;
  readonly to: string;
  readonly data: Uint8Array;
}

/** A relay without sockets or clocks: core and forwarder joined as the shell joins them. For tests. */
export interface RelayWorld {
  readonly core: TurnCore;
  readonly forwarder: Forwarder;
  readonly policy: PeerPolicy;
  readonly actions: Action[];
  readonly toPeers: SentPacket[];
  readonly totals: Map<string, FlowTotals>;
  readonly resolutions: Map<string, Resolution>;
  readonly uses: { counterId: string; clientKey: string }[];
  useAnswer: UseAnswer;
  nowMs: number;
  /** Lets time pass, waking the core at each of its deadlines. */
  pass(ms: number): void;
  perform(actions: readonly Action[]): void;
  client(address?: TransportAddress, credential?: { username: string; password: string }): WorldClient;
  fromPeer(relayed: TransportAddress, from: TransportAddress, data: Uint8Array): void;
  actionsOf<T extends Action['type']>(type: T): Extract<Action, { type: T }>[];
}

export const grantOf = (changes: Partial<Grant> = {}): Grant => ({
  accountId: 'acc_a',
  credentialId: 'crd_a',
  keyId: 'key_a',
  limits: [],
  ...changes,
});

export const limitOf = (changes: Partial<Limit> & Pick<Limit, 'kind' | 'max'>): Limit => ({
  counterId: 'cnt_a',
  used: 0,
  counts: 'total',
  outcome: 'end',
  ...changes,
});

export function createRelayWorld(options: WorldOptions = {}): RelayWorld {
  const policy = createPeerPolicy({
    relayIps: [at(relayHost, 0).ip, at(relayHost6, 0).ip],
    ownIps: [at('198.41.0.99', 0).ip],
    allowLoopbackPeers: options.allowLoopbackPeers ?? false,
  });
  policy.addListener(listenerAddress);
  const clients = new Map<string, Uint8Array[]>();
  const relays = new Map<string, { readonly id: string; readonly family: AddressFamily }>();
  const reserved = new Map<string, TransportAddress>();
  let nextPort = 50_000;
  let allocationCount = 0;

  const core = createTurnCore({
    realm: 'patchbay',
    nonceSecret: new Uint8Array(32).fill(7),
    policy,
    families: ['ipv4', 'ipv6'],
    newAllocationId: () => `a${allocationCount++}`,
    ...options.core,
  });
  const forwarder = createForwarder({
    policy,
    onEvent: (event) => world.perform(core.handleDataPathEvent(event, world.nowMs)),
    randomBytes,
  });

  const performOne = (action: Action): void => {
    world.actions.push(action);
    if (action.type === 'send') clients.get(transportAddressKey(action.client.address))?.push(action.bytes);
    else if (action.type === 'resolveCredential' && options.isPlatformSlow !== true) {
      const unknown: Resolution = { ok: false, code: 401, reason: 'Unauthorized' };
      world.perform(
        core.resolved(action.username, world.resolutions.get(action.username) ?? unknown, world.nowMs),
      );
    } else if (action.type === 'countUse' && options.isPlatformSlow !== true) {
      world.uses.push({ counterId: action.counterId, clientKey: action.clientKey });
      world.perform(core.useCounted(action.allocationId, world.useAnswer, world.nowMs));
    } else if (action.type === 'openRelay') open(action);
    else if (action.type === 'limit') forwarder.limit(action.allocationId, action.limits);
    else if (action.type === 'permit') forwarder.permit(action.allocationId, action.peer, action.untilMs);
    else if (action.type === 'bindChannel') forwarder.bindChannel(action.allocationId, action);
    else if (action.type === 'closeFamily') {
      forwarder.closeFamily(action.allocationId, action.family);
      for (const [key, { id, family }] of relays)
        if (id === action.allocationId && family === action.family) relays.delete(key);
    } else if (action.type === 'releaseReservation') reserved.delete(String(action.token));
    else if (action.type === 'ended' || action.type === 'closeRelay') {
      const totals = forwarder.remove(action.allocationId, world.nowMs);
      if (totals !== undefined) world.totals.set(action.allocationId, totals);
      for (const [key, { id }] of relays) if (id === action.allocationId) relays.delete(key);
    }
  };

  const open = ({ allocationId, client, families, port }: Extract<Action, { type: 'openRelay' }>): void => {
    const flow = forwarder.add({ id: allocationId, client, families, port });
    const openOne = (family: AddressFamily): TransportAddress | undefined => {
      const isFull = options.fullFamilies?.includes(family) ?? false;
      if (isFull || (options.portCount !== undefined && relays.size >= options.portCount)) return undefined;
      if (port.rule === 'even' || port.rule === 'pair') nextPort += nextPort % 2;
      const host = family === 'ipv4' ? relayHost : relayHost6;
      const relayed = port.rule === 'reserved' ? reserved.get(String(port.token)) : at(host, nextPort++);
      if (relayed === undefined) return undefined;
      flow.egress[family] = (data, to, toHost) =>
        world.toPeers.push({ allocationId, family, to: `${toHost}:${to}`, data: data.slice() });
      forwarder.opened(allocationId, relayed);
      relays.set(transportAddressKey(relayed), { id: allocationId, family });
      return relayed;
    };
    const [first, ...others] = families.map(openOne).filter((relayed) => relayed !== undefined);
    if (first === undefined) {
      forwarder.remove(allocationId, world.nowMs);
      world.perform(core.relayOpened(allocationId, undefined, world.nowMs));
      return;
    }
    let reservationToken: Uint8Array | undefined;
    if (port.rule === 'pair') {
      reservationToken = randomBytes(8);
      reserved.set(String(reservationToken), { ip: first.ip, port: nextPort++ });
    }
    const opened = { relayed: [first, ...others] as const, reservationToken };
    world.perform(core.relayOpened(allocationId, opened, world.nowMs));
  };

  const world: RelayWorld = {
    core,
    forwarder,
    policy,
    actions: [],
    toPeers: [],
    totals: new Map(),
    resolutions: new Map([['ann', { ok: true, password: 'secret', grant: grantOf() }]]),
    uses: [],
    useAnswer: { ok: true },
    nowMs: 1_800_000_000_000,
    pass(ms) {
      const endMs = world.nowMs + ms;
      for (let wakes = 0; core.nextDeadlineMs <= endMs; wakes++) {
        if (wakes > 10_000) throw new Error('The core never stops asking to be woken.');
        world.nowMs = Math.max(world.nowMs, core.nextDeadlineMs);
        world.perform(core.advance(world.nowMs));
      }
      world.nowMs = endMs;
    },
    perform(actions) {
      for (const action of actions) performOne(action);
    },
    client(address = at('81.2.69.1', 40_000), credential = { username: 'ann', password: 'secret' }) {
      const path: ClientPath = { transport: 'udp', listenerId: 0, address };
      const received: Uint8Array[] = [];
      clients.set(transportAddressKey(address), received);
      const session = createClientSession(credential);
      const send = (bytes: Uint8Array) => {
        const from = { address: ipToText(address.ip), port: address.port };
        const outcome = forwarder.fromClient(from, bytes, world.nowMs);
        if (outcome === 'request') world.perform(core.handleDatagram(path, bytes, world.nowMs));
        else outcome?.flow.egress[outcome.family](outcome.data, outcome.port, outcome.host);
      };
      const request: WorldClient['request'] = (methodNumber, attributes, build) => {
        const before = received.length;
        send(session.build(methodNumber, attributes, build));
        const bytes = received[before];
        return bytes === undefined ? undefined : read(bytes);
      };
      const ask: WorldClient['ask'] = (methodNumber, attributes, build) => {
        const message = request(methodNumber, attributes, build);
        if (message === undefined) throw new Error('There was no answer.');
        return message;
      };
      return {
        path,
        session,
        received,
        send,
        request,
        ask,
        allocate(attributes = [udpTransport], build) {
          const challenge = ask(method.allocate, attributes, { isSigned: false });
          if (codeOf(challenge) !== 401) return challenge;
          session.learn(challenge);
          return ask(method.allocate, attributes, build);
        },
      };
    },
    fromPeer(relayed, from, data) {
      const id = relays.get(transportAddressKey(relayed))?.id;
      const flow = id === undefined ? undefined : forwarder.find(id);
      if (flow === undefined) return;
      const source = { address: ipToText(from.ip), port: from.port };
      const out = forwarder.fromPeer(flow, source, { bytes: data, nowMs: world.nowMs });
      if (out !== undefined)
        clients.get(transportAddressKey(flow.spec.client.address))?.push(Uint8Array.from(out));
    },
    actionsOf: <T extends Action['type']>(type: T) =>
      world.actions.filter((action): action is Extract<Action, { type: T }> => action.type === type),
  };
  return world;
}
