import { randomBytes, randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { type IpBytes, ipFromText } from '@patchbay/protocol/stun/ip-address';
import { transportAddressToText } from '@patchbay/protocol/stun/transport-address';
import type { Action, AllocationFacts, DropReason } from '@patchbay/protocol/turn/action';
import type { AddressFamily } from '@patchbay/protocol/turn/address-family';
import { familyOf } from '@patchbay/protocol/turn/address-family';
import { createTurnCore } from '@patchbay/protocol/turn/core';
import type { TurnCoreBounds } from '@patchbay/protocol/turn/core-options';
import type { PacketDropReason } from '@patchbay/protocol/turn/data-path';
import type { Resolution, RevocationScope } from '@patchbay/protocol/turn/grant';
import { createPeerPolicy } from '@patchbay/protocol/turn/peer-policy';
import type { UseAnswer } from '@patchbay/protocol/turn/pending-allocate';
import { createDgramDataPath } from './dgram-data-path.ts';
import type { RelayEvent, RelayLog, RelayPlatform } from './platform.ts';
import { defaultPortRange, type PortRange } from './relay-ports.ts';
import { createUsageMeter } from './usage-meter.ts';

/** All counters are sampled this often, so that a crash loses no more (MET-2). */
const tickMs = 500;

export interface RelayOptions {
  /** Where clients are served. Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The address of this host that relayed addresses are taken from and told to clients. */
  readonly relayHost: string;
  /** A second one of the other family, where the relay has both. */
  readonly relayHostOtherFamily?: string;
  readonly portRange?: PortRange;
  readonly region: string;
  readonly platform: RelayPlatform;
  readonly log: RelayLog;
  /** Milliseconds that never run backwards, close to the time of day. By default they come from the monotonic clock. */
  readonly nowMs?: () => number;
  /** One realm for each listener: the first answer comes before the username. */
  readonly realm?: string;
  /** Lets peers on loopback be reached. Only for a relay that listens on loopback itself. */
  readonly allowLoopbackPeers?: boolean;
  readonly isSha256Offered?: boolean;
  readonly isUserhashOffered?: boolean;
  /** Accepts the channels of the first edition of TURN, as coturn's client uses them. On by default. */
  readonly areLegacyChannelsAccepted?: boolean;
  readonly bounds?: Partial<TurnCoreBounds>;
  /** The account that attempts of discovery are counted for. */
  readonly discoveryAccountId?: string;
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
}

export interface Relay {
  readonly port: number;
  /** Ends every allocation, writes the last records and closes the sockets. */
  stop(): Promise<void>;
  /** Refuses new allocations from now on. Settles when the last one has ended. */
  drain(): Promise<void>;
  /** Ends what the revocation reaches before it returns. */
  revoke(scope: RevocationScope, detail: string): void;
  stats(): RelayStats;
}

const away: Resolution & UseAnswer = {
  ok: false,
  code: 500,
  reason: 'The platform cannot be reached. Try again.',
};

function requireIp(host: string): IpBytes {
  const ip = ipFromText(host);
  if (ip === undefined) throw new TypeError(`${host} is no IP address. A relay needs addresses, not names.`);
  return ip;
}

const ownIps = (): IpBytes[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address }) => ipFromText(address))
    .filter((ip) => ip !== undefined);

/** Starts a relay: sockets around the core, which decides everything. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { platform, log } = options;
  const nowMs = options.nowMs ?? (() => performance.timeOrigin + performance.now());
  const boot = randomUUID();
  const relayHosts: Partial<Record<AddressFamily, string>> = {};
  for (const host of [options.relayHost, options.relayHostOtherFamily]) {
    if (host !== undefined) relayHosts[familyOf(requireIp(host))] ??= host;
  }
  const families = [familyOf(requireIp(options.relayHost)), ...(['ipv4', 'ipv6'] as const)].filter(
    (family, index, all) => relayHosts[family] !== undefined && all.indexOf(family) === index,
  );
  const policy = createPeerPolicy({
    relayIps: Object.values(relayHosts).map(requireIp),
    ownIps: ownIps(),
    allowLoopbackPeers: options.allowLoopbackPeers ?? false,
  });
  let allocationCount = 0;
  const core = createTurnCore({
    realm: options.realm ?? 'patchbay',
    nonceSecret: randomBytes(32),
    policy,
    families,
    newAllocationId: () => `${boot}.${allocationCount++}`,
    isSha256Offered: options.isSha256Offered ?? false,
    isUserhashOffered: options.isUserhashOffered ?? false,
    areLegacyChannelsAccepted: options.areLegacyChannelsAccepted ?? true,
    ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
  });
  const dataPath = createDgramDataPath({
    policy,
    handlers: {
      onRequest: (client, bytes) => perform(core.handleDatagram(client, bytes, nowMs())),
      onEvent: (event) => perform(core.handleDataPathEvent(event, nowMs())),
    },
    relayHosts,
    portRange: options.portRange ?? defaultPortRange,
    nowMs,
    onSocketError: (error) => log.error({ error }, 'A relay socket failed.'),
  });
  const meter = createUsageMeter({
    region: options.region,
    boot,
    sample: (id) => dataPath.sample(id),
    record: (record) => platform.recordUsage(record),
    checkpoint: (records) => platform.checkpointUsage(records),
    discoveryAccountId: options.discoveryAccountId,
  });

  const live = new Map<string, AllocationFacts>();
  const attempts = { discovery: { succeeded: 0, refused: 0 }, relay: { succeeded: 0, refused: 0 } };
  const requestDrops: Partial<Record<DropReason, number>> = {};
  const underWay = new Set<Promise<void>>();
  let isDraining = false;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let wakeTimer: NodeJS.Timeout | undefined;
  const whenEmpty: (() => void)[] = [];

  /** Runs what answers later, and keeps it until it has, so that a stop can wait for it. */
  const follow = (work: Promise<void>) => {
    const kept = work
      .catch((error: unknown) => log.error({ error }, 'A step of the relay failed.'))
      .finally(() => underWay.delete(kept));
    underWay.add(kept);
  };

  const report = (allocationId: string, event: EventPart) => {
    const facts = live.get(allocationId);
    if (facts !== undefined)
      platform.reportEvent({ atMs: nowMs(), allocationId, grant: facts.grant, ...event });
  };

  /** The platform speaks of the time of day; the core of a clock that never steps. */
  const onOurClock = (resolution: Resolution): Resolution => {
    if (!resolution.ok || resolution.grant.endsAtMs === undefined || options.nowMs !== undefined)
      return resolution;
    const endsAtMs = resolution.grant.endsAtMs - Date.now() + nowMs();
    return { ...resolution, grant: { ...resolution.grant, endsAtMs } };
  };

  async function resolve(username: string): Promise<void> {
    let resolution: Resolution = away;
    try {
      resolution = onOurClock(await platform.resolveCredential(username));
    } catch (error) {
      log.warn({ error }, 'A credential could not be resolved.');
    }
    perform(core.resolved(username, resolution, nowMs()));
  }

  async function countUse({
    allocationId,
    counterId,
    clientKey,
    usesMax,
    grant,
  }: Extract<Action, { type: 'countUse' }>): Promise<void> {
    let answer: UseAnswer = away;
    try {
      answer = await platform.countUse({ counterId, clientKey, usesMax, grant });
    } catch (error) {
      log.warn({ error }, 'A use could not be counted.');
    }
    perform(core.useCounted(allocationId, answer, nowMs()));
  }

  async function open(action: Extract<Action, { type: 'openRelay' }>): Promise<void> {
    const { allocationId, client, family, port } = action;
    const opened = await dataPath.open({ id: allocationId, client, family, port });
    perform(core.relayOpened(allocationId, opened, nowMs()));
  }

  async function close({
    allocationId,
    reason,
    detail,
    atMs,
  }: Extract<Action, { type: 'ended' }>): Promise<void> {
    const totals = await dataPath.remove(allocationId);
    if (totals !== undefined) {
      meter.ended(allocationId, totals, atMs);
      report(allocationId, { type: 'allocation.ended', reason, detail, totals });
    }
    live.delete(allocationId);
    if (live.size === 0) for (const tell of whenEmpty.splice(0)) tell();
  }

  function start(action: Extract<Action, { type: 'allocated' }>): void {
    const { allocationId, client, relayed, family } = action;
    live.set(allocationId, action);
    meter.allocated(action, action.atMs);
    report(allocationId, {
      type: 'allocation.started',
      clientAddress: transportAddressToText(client.address),
      relayedAddress: transportAddressToText(relayed),
      addressFamily: family,
    });
  }

  function perform(actions: readonly Action[]): void {
    for (const action of actions) performOne(action);
    wake();
  }

  function performOne(action: Action): void {
    switch (action.type) {
      case 'send':
        dataPath.reply(action.client, action.bytes);
        break;
      case 'drop':
        requestDrops[action.reason] = (requestDrops[action.reason] ?? 0) + 1;
        break;
      case 'resolveCredential':
        follow(resolve(action.username));
        break;
      case 'countUse':
        follow(countUse(action));
        break;
      case 'openRelay':
        follow(open(action));
        break;
      case 'releaseReservation':
        dataPath.releaseReservation(action.token);
        break;
      case 'limit':
        dataPath.limit(action.allocationId, action.limits);
        break;
      case 'permit':
        dataPath.permit(action.allocationId, action.peer, action.untilMs);
        break;
      case 'bindChannel':
        dataPath.bindChannel(action.allocationId, action);
        break;
      case 'closeRelay':
        follow(dataPath.remove(action.allocationId).then(() => undefined));
        break;
      case 'attempted':
        attempts[action.kind][action.outcome]++;
        meter.attempted(action, nowMs());
        break;
      case 'allocated':
        start(action);
        break;
      case 'classChanged':
        meter.classChanged(action.allocationId, action.bandwidthClass, action.atMs);
        break;
      case 'limitReached':
        report(action.allocationId, { ...action, type: 'limit.reached' });
        break;
      case 'mediaStarted':
        report(action.allocationId, { type: 'media.started' });
        break;
      case 'ended':
        follow(close(action));
        break;
      default:
        action satisfies never;
    }
  }

  /** Keeps one timer, at the core's next deadline. */
  function wake(): void {
    if (core.nextDeadlineMs >= wakeAtMs) return;
    clearTimeout(wakeTimer);
    wakeAtMs = core.nextDeadlineMs;
    // A far deadline overflows a timer: waking early does no harm.
    const waitMs = Math.min(Math.max(0, Math.ceil(wakeAtMs - nowMs())), 60_000);
    wakeTimer = setTimeout(() => {
      wakeAtMs = Number.POSITIVE_INFINITY;
      perform(core.advance(nowMs()));
    }, waitMs);
  }

  const listener = await dataPath.listen({ ip: requireIp(options.listen.host), port: options.listen.port });
  policy.addListener(listener.address);
  const ticker = setInterval(() => {
    perform(core.advance(nowMs()));
    meter.tick(nowMs());
  }, tickMs);
  if (options.allowLoopbackPeers === true) {
    log.warn(
      { port: listener.address.port },
      'This relay reaches peers on loopback. Never open it to a network.',
    );
  }
  log.info({ port: listener.address.port, region: options.region }, 'The relay is listening.');

  return {
    port: listener.address.port,
    async stop() {
      clearInterval(ticker);
      perform(core.endAll('relay-stopped', 'The relay is being stopped.', nowMs()));
      meter.tick(nowMs());
      await Promise.all(underWay);
      clearTimeout(wakeTimer);
      await dataPath.close();
    },
    drain() {
      isDraining = true;
      core.drain();
      if (live.size === 0) return Promise.resolve();
      return new Promise((resolveDrain) => whenEmpty.push(resolveDrain));
    },
    revoke(scope, detail) {
      perform(core.revoke(scope, detail, nowMs()));
    },
    stats: () => ({
      allocationCount: live.size,
      isDraining,
      attempts,
      requestDrops: { ...requestDrops },
      packetDrops: { ...dataPath.strayDrops },
    }),
  };
}

/** What an event adds to the facts that all events have. */
type EventPart = RelayEvent extends infer E
  ? E extends RelayEvent
    ? Omit<E, 'atMs' | 'allocationId' | 'grant'>
    : never
  : never;
