import path from 'node:path';
import { Spool } from '@patchbay/adapters/spool/spool';
import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';
import { inactiveCodes } from '@patchbay/domain/tenancy/account-state';
import { errorPagePath } from '@patchbay/kit/errors';
import { hostInUrl } from '@patchbay/kit/host-in-url';
import { createId } from '@patchbay/kit/ids';
import { relayEndings } from '@patchbay/protocol/turn/codes';
import type { Logger } from 'pino';
import { BareSessions } from '../platform/bare-sessions.ts';
import { CarriedLines } from '../platform/carried-lines.ts';
import type { NodeEnv } from '../platform/env.ts';
import type { Faults } from '../platform/faults.ts';
import { startHeartbeat } from '../platform/fleet-view.ts';
import { ListedAddresses, ListedAddressesFeed } from '../platform/listed-addresses.ts';
import { RelayLinks } from '../platform/node-link.ts';
import { openNodePlatform, textOf } from '../platform/node-platform.ts';
import { createRelayPlatform } from '../platform/relay-platform.ts';
import { holdIdOf, SessionClaims } from '../platform/session-claims.ts';
import { SessionRegister } from '../platform/session-register.ts';
import { startSessionUpload } from '../platform/session-upload.ts';
import { settledWithin } from '../platform/settled-within.ts';
import { UnendedSessions } from '../platform/unended-sessions.ts';
import { otherFamilyOf } from './other-family.ts';
import { startRelay } from './relay.ts';
import { defaultPortRange } from './relay-ports.ts';

/** How soon what time brings about is noticed in a session's log: a grace that is over, a bit rate, a repetition. */
const LOG_TICK_MS = 500;

/**
 * Runs the relay role until the returned function is called. Then it takes nobody new and says so to signaling, which moves
 * its calls to other relays; after PATCHBAY_DRAIN_SECONDS it ends what is left, and uploads the last records.
 */
export async function runRelay(env: NodeEnv, log: Logger, faults: Faults): Promise<() => Promise<void>> {
  const node = await openNodePlatform(env, 'relay', log);
  const { PATCHBAY_HOST: host, PATCHBAY_TURN_PORT: port, PATCHBAY_REGION: region } = env;
  const { PATCHBAY_ALLOCATIONS_PER_ACCOUNT: perAccount } = env;
  const otherFamily = otherFamilyOf(host, env.PATCHBAY_RELAY_HOST_OTHER_FAMILY);
  let links: RelayLinks | undefined;
  let platformAccountId: string | undefined;
  const sessions = new SessionRegister({ client: node.client });
  const relayNodeId = () => node.identity.nodeId ?? '';
  const events = await Spool.open<SessionEventReport>({ folder: path.join(node.folder, 'events') });
  const lostCode = 'network-discovery.relay_lost';
  const unended = new UnendedSessions({
    code: lostCode,
    detail: relayEndings[lostCode],
    helpUrl: errorPagePath(lostCode),
  });
  const claims = new SessionClaims({
    client: node.client,
    onFailure: (error) => log.warn({ error: textOf(error) }, 'What has ended was not told.'),
  });
  const bare = new BareSessions({
    onEnded: (key) => claims.release(holdIdOf(key)),
    relayNodeId,
    region,
    newId: (prefix) => createId(prefix),
    append(line) {
      unended.note(line);
      events.append(line);
    },
  });
  const lines = new CarriedLines({ relayNodeId, carry: (line) => links?.carry(line) });
  const listed = new ListedAddresses();
  const relay = await startRelay({
    listen: { host, port },
    relayHost: host,
    ...(otherFamily === undefined ? {} : { relayHostOtherFamily: otherFamily }),
    region,
    allowLoopbackPeers: env.PATCHBAY_ALLOW_LOOPBACK_PEERS === '1',
    ...(perAccount === undefined ? {} : { bounds: { allocationsPerAccountMax: perAccount } }),
    countries: node.countries,
    discoveryAccountId: () => platformAccountId,
    log,
    faults,
    platform: createRelayPlatform({
      resolver: node.resolver,
      listed,
      client: node.client,
      sessions,
      spool: node.usage,
      bare,
      claims,
      lines,
      tell: (frame) => links?.send(frame),
      log,
    }),
  });
  const listedFeed = new ListedAddressesFeed({
    client: node.client,
    listed,
    review: (accountId) => relay.review(accountId),
    onFailure: (error) => log.warn({ error: textOf(error) }, 'Which addresses are listed is not known anew.'),
  });
  const advertised = env.PATCHBAY_ADVERTISE_HOST ?? host;
  const turnUrls = [`turn:${hostInUrl(advertised)}:${relay.port}?transport=udp`];
  const { min, max } = defaultPortRange;
  const relayedHosts = [host, ...(otherFamily === undefined ? [] : [otherFamily])];
  const relayedUrls = relayedHosts.map((address) => `udp:${hostInUrl(address)}:${min}-${max}`);
  const endCall = (sessionId: string, detail: string) => {
    // First, so that nothing that is being looked up comes after the end.
    sessions.ended(sessionId);
    relay.revoke({ sessionId }, detail);
  };
  const allocationCount = () => relay.stats().allocationCount;
  links = new RelayLinks({
    identity: node.identity,
    boot: node.usage.boot,
    turnUrls,
    linkUrls: () => node.fleet.urlsOf({ role: 'signaling', region, use: 'link' }),
    heartbeat: () => ({ allocationCount: allocationCount(), isDraining: relay.stats().isDraining }),
    onOrder: (order) => {
      // Signaling passes on whatever end it hears of; of a session of this relay's own the bus tells the reason, too.
      if (order.type === 'endSession') endCall(order.sessionId, order.detail);
      else for (const session of order.sessions) sessions.opened(session);
    },
  });
  node.start({
    revokeKey: (keyId) => relay.revoke({ keyId }, 'The key was revoked.'),
    revokeCredential: (credentialId) => relay.revoke({ credentialId }, 'The credential was revoked.'),
    stopAccount: (accountId, code) =>
      relay.revoke(
        { accountId, isClosed: code === inactiveCodes.closed },
        code === inactiveCodes.closed ? 'The account is closed.' : 'The account is suspended.',
      ),
    reviewAccount: (accountId) => relay.review(accountId),
    endSession(sessionId, reason) {
      endCall(sessionId, reason.detail);
      relay.endAllocations(bare.ending(sessionId, reason), reason.detail);
    },
  });
  links.start();
  claims.start();
  const stopUpload = startSessionUpload({
    events,
    unended,
    client: node.client,
    onFailure: (error, message) => log.warn({ error: textOf(error) }, message),
  });
  const logTicker = setInterval(() => {
    bare.tick(Date.now());
    lines.tick(Date.now());
  }, LOG_TICK_MS);
  const stopHeartbeat = startHeartbeat({
    client: node.client,
    fleet: node.fleet,
    report: () => ({
      boot: node.usage.boot,
      urls: { turn: turnUrls, relayed: relayedUrls },
      load: { allocations: allocationCount(), faults: faults.count },
      isDraining: relay.stats().isDraining,
    }),
    onHeard: (answer) => {
      platformAccountId = answer.platformAccountId;
      void listedFeed.heard(answer.listedAddressesVersion);
    },
    onRefreshed: () => links?.beat(),
    onFailure: (error) => log.warn({ error: textOf(error) }, 'The control plane did not hear the heartbeat.'),
  });
  log.info({ port: relay.port }, 'The relay serves.');
  return async () => {
    const drained = relay.drain();
    links?.beat();
    await settledWithin(drained, env.PATCHBAY_DRAIN_SECONDS * 1_000);
    log.info({ allocationCount: allocationCount() }, 'The relay is drained and stops.');
    stopHeartbeat();
    await relay.stop();
    clearInterval(logTicker);
    bare.endAll();
    await claims.stop();
    await stopUpload();
    links?.stop();
    await node.stop();
  };
}
