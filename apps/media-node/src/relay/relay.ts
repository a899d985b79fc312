import { randomBytes, randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { type IpBytes, ipFromText } from '@patchbay/protocol/stun/ip-address';
import { type AddressFamily, familyOf } from '@patchbay/protocol/turn/address-family';
import { createTurnCore, type TurnCore } from '@patchbay/protocol/turn/core';
import { createPeerPolicy, type PeerPolicy } from '@patchbay/protocol/turn/peer-policy';
import { createFaults } from '../platform/faults.ts';
import { createActionRunner } from './action-runner.ts';
import { createDeadlineTimer } from './deadline-timer.ts';
import { createDgramDataPath } from './dgram-data-path.ts';
import { createLiveAllocations } from './live-allocations.ts';
import { createPlatformLink } from './platform-link.ts';
import type { Relay, RelayOptions } from './relay-options.ts';
import { defaultPortRange } from './relay-ports.ts';
import { createUsageMeter } from './usage-meter.ts';

/** All counters are sampled this often, so that a crash loses no more (MET-2). */
const tickMs = 500;

const REVIEWS_AT_ONCE = 16;

/** Starts a relay: sockets and a clock around the core, which decides everything. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { platform, log } = options;
  const nowMs = options.nowMs ?? (() => performance.timeOrigin + performance.now());
  const toOurClock = (timeOfDayMs: number) =>
    options.nowMs === undefined ? timeOfDayMs - Date.now() + nowMs() : timeOfDayMs;
  const faults = options.faults ?? createFaults(log);
  const boot = randomUUID();
  const relayHosts = relayHostsOf(options);
  const policy = createPeerPolicy({
    relayIps: Object.values(relayHosts).map(requireIp),
    ownIps: ownIps(),
    allowLoopbackPeers: options.allowLoopbackPeers ?? false,
  });
  const core = createCore(options, { policy, relayHosts, boot });
  const dataPath = createDgramDataPath({
    policy,
    handlers: {
      onRequest: (client, bytes) => runner.perform(core.handleDatagram(client, bytes, nowMs())),
      onEvent: (event) => runner.perform(core.handleDataPathEvent(event, nowMs())),
    },
    relayHosts,
    portRange: options.portRange ?? defaultPortRange,
    nowMs,
    onSocketError: (error) => log.error({ error }, 'A relay socket failed.'),
    faults,
  });
  const meter = createUsageMeter({
    region: options.region,
    boot,
    sample: (id) => dataPath.sample(id),
    observe: (id) => dataPath.observeMedia(id),
    modalityChanged: (change) => live.modalityChanged(change),
    record: (record) => platform.recordUsage(record),
    checkpoint: (records) => platform.checkpointUsage(records),
    discoveryAccountId: options.discoveryAccountId,
  });
  const link = createPlatformLink(platform, log, toOurClock);
  const live = createLiveAllocations((event) => platform.reportEvent(event), nowMs);
  const advance = faults.contained('advance', () => runner.perform(core.advance(nowMs())));
  const timer = createDeadlineTimer(nowMs, advance);
  const onPerformed = () => timer.wakeBy(core.nextDeadlineMs);
  const runner = createActionRunner({ core, dataPath, meter, link, live, nowMs, faults, onPerformed });
  const { perform } = runner;

  const listener = await dataPath.listen({ ip: requireIp(options.listen.host), port: options.listen.port });
  const { port } = listener.address;
  policy.addListener(listener.address);
  if (options.relayHostOtherFamily !== undefined) {
    const other = await dataPath.listen({ ip: requireIp(options.relayHostOtherFamily), port });
    policy.addListener(other.address);
  }
  const sampleAll = faults.contained('meter', () => meter.tick(nowMs()));
  const ticker = setInterval(() => {
    advance();
    sampleAll();
  }, tickMs);
  log.info({ port, region: options.region }, 'The relay is listening.');
  if (options.allowLoopbackPeers === true) {
    log.warn({ port }, 'This relay reaches peers on loopback. Never open it to a network.');
  }

  let isDraining = false;
  return {
    port,
    async stop() {
      clearInterval(ticker);
      core.drain();
      perform(core.endAll('relay-stopped', 'The relay is being stopped.', nowMs()));
      await runner.settle();
      meter.tick(nowMs());
      timer.stop();
      await dataPath.close();
    },
    drain() {
      isDraining = true;
      core.drain();
      return live.whenEmpty();
    },
    revoke: (scope, detail) => perform(core.revoke(scope, detail, nowMs())),
    async review(accountId) {
      link.changed();
      let isAnswered = true;
      for (const [index, username] of core.reconsider(accountId).entries()) {
        // Thousands of them are answered from memory, and packets want to pass meanwhile.
        if (index % REVIEWS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
        const review = await link.review(username);
        if (review === undefined) isAnswered = false;
        else perform(core.review(username, review, nowMs()));
      }
      return isAnswered;
    },
    endAllocations: (ids, detail) => perform(core.endAllocations(ids, detail, nowMs())),
    stats: () => ({ allocationCount: live.count, isDraining, faultCount: faults.count, ...runner.counts() }),
  };
}

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

type RelayHosts = Readonly<Partial<Record<AddressFamily, string>>>;

function relayHostsOf({ relayHost, relayHostOtherFamily }: RelayOptions): RelayHosts {
  const hosts: Partial<Record<AddressFamily, string>> = { [familyOf(requireIp(relayHost))]: relayHost };
  if (relayHostOtherFamily === undefined) return hosts;
  const family = familyOf(requireIp(relayHostOtherFamily));
  if (hosts[family] !== undefined)
    throw new TypeError(`${relayHostOtherFamily} is of the same family as ${relayHost}.`);
  return { ...hosts, [family]: relayHostOtherFamily };
}

function createCore(
  options: RelayOptions,
  own: { readonly policy: PeerPolicy; readonly relayHosts: RelayHosts; readonly boot: string },
): TurnCore {
  const { relayHost, relayHostOtherFamily, bounds, countries } = options;
  const hosts = relayHostOtherFamily === undefined ? [relayHost] : [relayHost, relayHostOtherFamily];
  let allocationCount = 0;
  return createTurnCore({
    realm: options.realm ?? 'patchbay',
    nonceSecret: randomBytes(32),
    policy: own.policy,
    families: hosts.map((host) => familyOf(requireIp(host))),
    newAllocationId: () => `${own.boot}.${allocationCount++}`,
    isFamiliar: (username) => options.platform.isFamiliar(username),
    listed: (ip) => options.platform.listed(ip),
    isSha256Offered: options.isSha256Offered ?? false,
    isUserhashOffered: options.isUserhashOffered ?? false,
    areLegacyChannelsAccepted: options.areLegacyChannelsAccepted ?? true,
    isCoturnFamilyTypeAccepted: options.isCoturnFamilyTypeAccepted ?? true,
    ...(countries === undefined ? {} : { countryOf: (ip) => countries.countryOf(ip) }),
    ...(bounds === undefined ? {} : { bounds }),
  });
}
