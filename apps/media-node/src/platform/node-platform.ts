import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { countryTableIn } from '@patchbay/adapters/country-file';
import { Spool } from '@patchbay/adapters/spool/spool';
import { Uploader } from '@patchbay/adapters/spool/uploader';
import type { RoomOrder } from '@patchbay/domain/conferencing/room-words';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import type { NodeRole } from '@patchbay/domain/fleet/internal-api';
import type { UsageDraft } from '@patchbay/domain/metering/usage-record';
import type { ControlOrder } from '@patchbay/domain/sessions/control';
import type { InactiveCode } from '@patchbay/domain/tenancy/account-state';
import type { CountryTable } from '@patchbay/kit/country-table';
import { LIFETIME_SECONDS_MAX, LIFETIME_SKEW_MS_MAX } from '@patchbay/protocol/credential/lifetime';
import type { Logger } from 'pino';
import { BusClient } from './bus-client.ts';
import { ControlPlaneClient, ControlPlaneRefusal } from './control-plane-client.ts';
import { CredentialResolver } from './credential-resolver.ts';
import type { NodeEnv } from './env.ts';
import { FleetView } from './fleet-view.ts';
import { KeyUse } from './key-use.ts';
import { NodeIdentity } from './node-identity.ts';
import { Recheck } from './recheck.ts';
import { Revocations } from './revocations.ts';
import { Snapshots } from './snapshots.ts';

const USAGE_BATCH_MAX = 500;
/** What has ended is on disk this soon after (MET-2). */
const SPOOL_TICK_MS = 250;
const ENROL_RETRY_MS = 500;
const CATCH_UP_RETRY_MS = 500;
/** How soon a key's first use is told. */
const KEY_REPORT_MS = 5_000;
/** How far back revocations are asked for: what was minted before has ended. */
const REVOCATIONS_MS = LIFETIME_SECONDS_MAX * 1_000 + LIFETIME_SKEW_MS_MAX;

/** What a role does when somebody loses a right. Called at once when it is heard of, and may be called twice. */
export interface Revoker {
  readonly revokeKey: (keyId: string) => void;
  readonly revokeCredential: (prefixId: string) => void;
  /** The account itself, which is not active: each account below it that is in use here is named by a call of its own. */
  readonly stopAccount: (accountId: string, code: InactiveCode) => void;
  /** Accounts with a part in what runs here, of this one and those below it: of some of them no snapshot may be held. */
  readonly accountsWithin?: (accountId: string) => readonly string[];
  /** Holds what runs of the account to what its configuration says by now. False when nobody could say what. */
  readonly reviewAccount: (accountId: string) => Promise<boolean>;
  readonly endSession: (sessionId: string, reason: { code: string; detail: string }) => void;
  /** An order about a running session, of a role that holds calls. */
  readonly obey?: (order: ControlOrder) => void;
  /** An order about a room, of a role that may be the home of one. */
  readonly obeyRoom?: (order: RoomOrder) => void;
  /** How somebody is may have changed, of a role that has clients. */
  readonly presenceChanged?: (accountId: string, identity: string) => void;
  /** What is said of channels; with nothing, that some of it may not have been heard. Of a role that has clients in them. */
  readonly hearChannels?: (message: ChannelBusMessage | undefined) => void;
}

export type ChannelBusMessage = Extract<
  BusMessage,
  { type: 'channel.published' | 'channel.presence' | 'channels.changed' }
>;

/** What every role of a node stands on: its identity, the control plane, the bus, snapshots, the usage spool. */
export interface NodePlatform {
  readonly identity: NodeIdentity;
  readonly client: ControlPlaneClient;
  readonly fleet: FleetView;
  readonly resolver: CredentialResolver;
  /** Which country an address is in, where the operator provides a table of it. */
  readonly countries: CountryTable | undefined;
  readonly usage: Spool<UsageDraft>;
  readonly folder: string;
  /** Begins to listen to the bus and to upload. */
  start(revoker: Revoker): void;
  stop(): Promise<void>;
}

export async function openNodePlatform(env: NodeEnv, role: NodeRole, log: Logger): Promise<NodePlatform> {
  const folder = path.join(env.PATCHBAY_DATA, role);
  const countries = countryTableIn(env.PATCHBAY_COUNTRY_TABLE);
  const identity = NodeIdentity.open(folder);
  const client = new ControlPlaneClient({ url: env.PATCHBAY_CONTROL_URL, identity });
  const usage = await Spool.open<UsageDraft>({ folder: path.join(folder, 'usage') });
  await enrol(env, { role, identity, client, log });

  const revocations = new Revocations();
  let revoker: Revoker | undefined;
  const bus = new BusClient({
    client,
    onMessage: (message) => hear(message),
    onConnected: () => void catchUp(),
    onAway: (error) => log.warn({ error: textOf(error) }, 'The bus is away.'),
  });
  const snapshots = new Snapshots({ client, busAwaySinceMs: () => bus.awaySinceMs });
  const keyUse = new KeyUse();
  const resolver = new CredentialResolver({
    snapshots,
    revocations,
    keyUse,
    countries,
    watchEnds: (credential) => client.call('watchEnds', credential),
    region: env.PATCHBAY_REGION,
  });

  const recheck = new Recheck({ snapshots, revoker: () => revoker });

  function hear(message: BusMessage): void {
    switch (message.type) {
      case 'key.revoked':
        revocations.addKey(message.keyId);
        snapshots.keys.mark(message.keyId);
        revoker?.revokeKey(message.keyId);
        return;
      case 'credential.revoked':
        revocations.addPrefix(message.prefixId);
        revoker?.revokeCredential(message.prefixId);
        return;
      case 'account.changed': {
        const { accountId } = message;
        snapshots.markApplications(accountId);
        const held = snapshots.accounts.markAccount(accountId);
        const within = revoker?.accountsWithin?.(accountId) ?? [];
        recheck.look(snapshots.keys.markAccount(accountId), [...new Set([...held, ...within])]);
        return;
      }
      case 'session.end':
        revoker?.endSession(message.sessionId, { code: message.code, detail: message.detail });
        return;
      case 'session.control':
        revoker?.obey?.(message.order);
        return;
      case 'channel.published':
      case 'channel.presence':
      case 'channels.changed':
        revoker?.hearChannels?.(message);
        return;
      case 'presence.changed':
        revoker?.presenceChanged?.(message.accountId, message.identity);
        return;
      case 'room.control':
        revoker?.obeyRoom?.(message.order);
        return;
      case 'room.controlled':
      case 'session.controlled':
      case 'usage.committed':
      case 'node.changed':
        return;
    }
  }

  let gapCount = 0;
  /** After a gap anything may have happened: what is held admits nobody before it was asked for again. */
  async function catchUp(): Promise<void> {
    const gap = ++gapCount;
    const [keyIds, accountIds] = [snapshots.keys.heldIds(), snapshots.accounts.heldIds()];
    for (const keyId of keyIds) snapshots.keys.mark(keyId);
    for (const accountId of accountIds) snapshots.accounts.mark(accountId);
    snapshots.markApplications();
    recheck.look(keyIds, accountIds);
    revoker?.hearChannels?.(undefined);
    // Until it is answered, or until the next gap asks anew.
    while (gap === gapCount && !((await hearRevocations()) && (await hearSessionEnds())))
      await wait(CATCH_UP_RETRY_MS);
  }

  /**
   * A process that was killed comes back to its sessions with no place in the stream. It has them for as long as their
   * clients wait for it, which is less than the bus keeps messages.
   */
  async function hearSessionEnds(): Promise<boolean> {
    try {
      const { items } = await client.call('listSessionEnds', {});
      for (const item of items) hear({ type: 'session.end', ...item });
      return true;
    } catch (error) {
      log.warn({ error: textOf(error) }, 'Sessions that were ended without the bus are not known yet.');
      return false;
    }
  }

  async function hearRevocations(): Promise<boolean> {
    try {
      const { items } = await client.call('listRevocations', { sinceMs: Date.now() - REVOCATIONS_MS });
      for (const { prefixId, keyId } of items) {
        // What was heard before has been acted upon, and there may be very many.
        if (revocations.has({ keyId: keyId ?? '', prefixIds: prefixId === undefined ? [] : [prefixId] }))
          continue;
        if (prefixId !== undefined) hear({ type: 'credential.revoked', prefixId });
        if (keyId !== undefined) hear({ type: 'key.revoked', keyId });
      }
      return true;
    } catch (error) {
      log.warn({ error: textOf(error) }, 'Revocations of the time without the bus are not known yet.');
      return false;
    }
  }

  const uploader = new Uploader<UsageDraft>({
    spool: usage,
    batchCountMax: USAGE_BATCH_MAX,
    send: async (batch) => {
      const nodeId = identity.nodeId ?? '';
      const records = batch.map(({ boot, sequence, item }) => ({ ...item, id: { nodeId, boot, sequence } }));
      const { conflicts, refused } = await client.call('usage', { records });
      if (conflicts > 0) log.error({ conflicts }, 'Usage was reported twice with different contents.');
      for (const { index, code, detail } of refused)
        log.error({ record: records[index], code, detail }, 'Usage was refused.');
      for (const { credentialId } of records) if (credentialId !== undefined) keyUse.used(credentialId);
    },
    onFailure: (error, waitingCount) =>
      log.warn({ error: textOf(error), waitingCount }, 'Usage waits to be uploaded.'),
  });

  /** For people alone: what cannot be told now is told with the next use. */
  async function reportKeys(): Promise<void> {
    const keys = keyUse.take().map((key) => ({ ...key }));
    if (keys.length === 0) return;
    await client
      .call('keysUsed', { keys })
      .catch((error: unknown) => log.warn({ error: textOf(error) }, 'The last use of keys was not told.'));
  }
  let keyTimer: NodeJS.Timeout | undefined;

  return {
    identity,
    client,
    fleet: new FleetView({
      client,
      file: path.join(folder, 'fleet.json'),
      onFailure: (error, message) => log.warn({ error: textOf(error) }, message),
    }),
    resolver,
    countries,
    usage,
    folder,
    start(toRevoke) {
      revoker = toRevoke;
      bus.start();
      usage.startTicking(SPOOL_TICK_MS, (error) =>
        log.error({ error: textOf(error) }, 'The spool cannot be written.'),
      );
      uploader.start();
      keyTimer = setInterval(() => void reportKeys(), KEY_REPORT_MS);
    },
    async stop() {
      clearInterval(keyTimer);
      // Whoever waits to ask again does not.
      gapCount++;
      recheck.stop();
      await usage.tick();
      await uploader.stop();
      await bus.stop();
      await usage.close();
    },
  };
}

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Enrolment {
  readonly role: NodeRole;
  readonly identity: NodeIdentity;
  readonly client: ControlPlaneClient;
  readonly log: Logger;
}

/** Enrols once; a node that is known already does not need the control plane to start. */
async function enrol(env: NodeEnv, { role, identity, client, log }: Enrolment): Promise<void> {
  if (identity.nodeId !== undefined) {
    const known = await client.call('listNodes', {}).catch((error: unknown) => error);
    const isForgotten = known instanceof ControlPlaneRefusal && known.status === 401;
    if (!isForgotten) return;
    log.warn('The control plane does not know this node any more: it enrols again.');
    identity.forgotten();
  }
  const joinToken = env.PATCHBAY_JOIN_TOKEN;
  if (joinToken === undefined)
    throw new Error('PATCHBAY_JOIN_TOKEN: this node is new and needs a join token.');
  for (;;) {
    try {
      const { nodeId } = await client.call('enrol', {
        joinToken,
        name: `${env.PATCHBAY_NODE_NAME}-${role}`,
        roles: [role],
        region: env.PATCHBAY_REGION,
        publicKey: identity.publicKey,
      });
      identity.enrolled(nodeId);
      return;
    } catch (error) {
      if (error instanceof ControlPlaneRefusal && error.status < 500) throw error;
      log.warn({ error: textOf(error) }, 'The control plane does not answer yet: trying again.');
      await new Promise((resolve) => setTimeout(resolve, ENROL_RETRY_MS));
    }
  }
}
