import path from 'node:path';
import { Spool } from '@patchbay/adapters/spool/spool';
import type { SessionEventReport } from '@patchbay/domain/fleet/internal-api';
import { errorPagePath } from '@patchbay/kit/errors';
import { hostInUrl } from '@patchbay/kit/host-in-url';
import type { Logger } from 'pino';
import type { NodeEnv } from '../platform/env.ts';
import { startHeartbeat } from '../platform/fleet-view.ts';
import { locateDevices } from '../platform/locate-devices.ts';
import { MediaLines } from '../platform/media-line.ts';
import { type LinkEvent, SignalingLinks } from '../platform/node-link.ts';
import { type ChannelBusMessage, openNodePlatform, textOf } from '../platform/node-platform.ts';
import { GuestLines, HomeLines } from '../platform/peer-lines.ts';
import { Registrar } from '../platform/registrar.ts';
import { SessionClaims } from '../platform/session-claims.ts';
import { startSessionUpload } from '../platform/session-upload.ts';
import { settledWithin } from '../platform/settled-within.ts';
import { createSignalingPlatform } from '../platform/signaling-platform.ts';
import { StateJournal } from '../platform/state-journal.ts';
import { proxyDoorBounds } from './door.ts';
import type { PlatformNotice } from './platform.ts';
import { startSignaling } from './signaling-server.ts';

/**
 * Runs the signaling role until the returned function is called. Then it takes no new calls; after PATCHBAY_DRAIN_SECONDS
 * it ends those that are left, tells everybody in them, and uploads the last records.
 */
export async function runSignaling(env: NodeEnv, log: Logger): Promise<() => Promise<void>> {
  const node = await openNodePlatform(env, 'signaling', log);
  const { PATCHBAY_HOST: host, PATCHBAY_REGION: region } = env;
  const events = await Spool.open<SessionEventReport>({ folder: path.join(node.folder, 'events') });
  const onFailure = (error: unknown, message: string) => log.warn({ error: textOf(error) }, message);
  const state = StateJournal.open({ folder: path.join(node.folder, 'state'), onFailure });
  state.recoverSpool('usage', node.usage);
  state.recoverSpool('events', events);

  // Relays are heard when the sessions are there that they may speak of, those of the process before included.
  let links: SignalingLinks | undefined;
  let media: MediaLines | undefined;
  const claims = new SessionClaims({
    client: node.client,
    onFailure: (error) => onFailure(error, 'What has ended was not told.'),
  });
  const registrar = new Registrar({
    client: node.client,
    boot: () => String(node.usage.boot),
    onFailure,
  });
  const homeLines = new HomeLines({
    identity: node.identity,
    boot: node.usage.boot,
    linkOf: (nodeId) => node.fleet.urlOf(nodeId, 'link'),
    onNotice: (notice) => platform.notify(notice),
  });
  let guestLines: GuestLines | undefined;
  const platform = createSignalingPlatform({
    claims,
    resolver: node.resolver,
    client: node.client,
    usage: node.usage,
    events,
    state,
    relays: () => links?.relays() ?? [],
    media: () => media,
    registrar,
    peers: {
      hasPeers: () => node.fleet.hasOther('signaling', node.identity.nodeId),
      locate: (called) => locateDevices({ client: node.client, lines: homeLines, onFailure }, called),
      toGuest: (nodeId, word) => homeLines.say(nodeId, word),
      toHome: (nodeId, word) => guestLines?.say(nodeId, word),
    },
    region,
    onFailure,
  });
  const signaling = await startSignaling({
    listen: { host, port: env.PATCHBAY_SIGNAL_PORT },
    state,
    onFenced: () => process.exit(1),
    door: env.PATCHBAY_SIGNAL_BEHIND_PROXY === '1' ? proxyDoorBounds : {},
    isBehindProxy: env.PATCHBAY_SIGNAL_BEHIND_PROXY === '1',
    platform: {
      ...platform,
      appendSessionEvent(event) {
        platform.appendSessionEvent(event);
        const { sessionId } = event;
        if (event.type === 'leg.joined') {
          // Before the leg gets its credential: relays serve the accounts of a session's legs alone.
          const accountIds = [event.legAccountId ?? event.accountId];
          links?.order({ type: 'sessionsLive', sessions: [{ sessionId, accountIds }] });
        }
        if (event.type !== 'session.ended') return;
        // A browser may leave an allocation behind, and never releases one when it is killed: it would go on costing.
        const { data } = event;
        links?.order({ type: 'endSession', sessionId, detail: data.reason.detail.slice(0, 500) });
      },
    },
    region,
    log,
  });
  const lines = new MediaLines({
    publicKeyOf: (nodeId) => node.fleet.publicKeyOf(nodeId, 'media'),
    onNotice: (notice) => platform.notify(notice),
  });
  media = lines;
  const guests = new GuestLines({
    publicKeyOf: (nodeId) => node.fleet.publicKeyOf(nodeId, 'signaling'),
    meet: (connectionIds) => signaling.meet(connectionIds),
    onNotice: (notice) => platform.notify(notice),
  });
  guestLines = guests;
  links = await SignalingLinks.listen({
    listen: { host, port: env.PATCHBAY_LINK_PORT },
    publicKeyOf: (nodeId) => node.fleet.publicKeyOf(nodeId, 'relay'),
    onMedia: (socket) => lines.accept(socket),
    onPeer: (socket) => guests.accept(socket),
    onEvent: (event) => platform.notify(toNotice(event)),
    liveSessions: () =>
      signaling.snapshot().map(({ sessionId, legs }) => ({
        sessionId,
        accountIds: legs.map(({ accountId }) => accountId),
      })),
  });
  const { port: linkPort } = links;
  const advertised = env.PATCHBAY_ADVERTISE_HOST ?? host;
  const signalUrl = env.PATCHBAY_SIGNAL_URL ?? `ws://${hostInUrl(advertised)}:${signaling.port}`;

  node.start({
    revokeKey: (keyId) => platform.notify({ type: 'revokeKey', keyId }),
    revokeCredential: (credentialId) => platform.notify({ type: 'revokeCredential', credentialId }),
    hearChannels: (message) => {
      if (message === undefined) registrar.tellAll();
      platform.notify(message === undefined ? { type: 'busGap' } : toChannelNotice(message));
    },
    presenceChanged: (accountId, identity) =>
      platform.notify({ type: 'presenceChanged', accountId, identity }),
    obey: (order) => platform.notify({ type: 'order', order }),
    stopAccount: (accountId, code) => platform.notify({ type: 'stopAccount', accountId, code }),
    accountsWithin: (accountId) => signaling.accountsWithin(accountId),
    reviewAccount: (accountId) => platform.review(signaling.principalsOf(accountId)),
    endSession: (sessionId, { code, detail }) => {
      platform.notify({
        type: 'endSession',
        sessionId,
        reason: { code, detail, helpUrl: errorPagePath(code) },
      });
      links?.order({ type: 'endSession', sessionId, detail });
    },
  });
  claims.start(signaling.snapshot().map(({ sessionId }) => sessionId));
  const stopUpload = startSessionUpload({ events, client: node.client, onFailure });
  let isDraining = false;
  const stopHeartbeat = startHeartbeat({
    client: node.client,
    fleet: node.fleet,
    report: () => ({
      boot: node.usage.boot,
      urls: { signal: [signalUrl], link: [`ws://${hostInUrl(host)}:${linkPort}`] },
      load: { sessions: signaling.snapshot().length },
      isDraining,
    }),
    onFailure: (error) => onFailure(error, 'The control plane did not hear the heartbeat.'),
  });
  log.info({ port: signaling.port, signalUrl }, 'Signaling serves.');
  return async () => {
    isDraining = true;
    await settledWithin(signaling.drain(), env.PATCHBAY_DRAIN_SECONDS * 1_000);
    log.info({ sessionCount: signaling.snapshot().length }, 'Signaling is drained and stops.');
    stopHeartbeat();
    await signaling.stop();
    await registrar.stop();
    homeLines.stop();
    guests.stop();
    lines.stop();
    await links?.stop();
    await claims.stop();
    await stopUpload();
    await node.stop();
    // Last: until what it names is in the spools, the next start would put it there.
    await state.close();
  };
}

function toChannelNotice(said: ChannelBusMessage): PlatformNotice {
  switch (said.type) {
    case 'channel.published': {
      const { accountId, channel, message } = said;
      return { type: 'channelMessage', accountId, channel, message };
    }
    case 'channel.presence': {
      const { accountId, channel, change, member } = said;
      return { type: 'channelPresence', accountId, channel, change, member };
    }
    case 'channels.changed':
      return { type: 'channelsChanged', accountId: said.accountId };
  }
}

function toNotice(event: LinkEvent): PlatformNotice {
  switch (event.type) {
    case 'relayAlive':
      return { type: 'relayAlive', nodeId: event.nodeId, boot: String(event.boot) };
    case 'relayDead':
    case 'relayDraining':
      return event;
    case 'sessionLine': {
      const { sessionId, accountId, credentialIds, atMs, line } = event;
      return { type: 'relayLine', sessionId, accountId, credentialIds, atMs, line };
    }
    case 'allocationEnded': {
      const { type, sessionId, nodeId, accountId, credentialIds, cause, code, detail } = event;
      return {
        type,
        sessionId,
        nodeId,
        accountId,
        credentialIds,
        cause,
        ...(code === undefined ? {} : { code }),
        ...(detail === undefined ? {} : { detail }),
      };
    }
  }
}
