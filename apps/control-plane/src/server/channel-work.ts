import { type ChannelStore, channelStore, type Kept } from '@patchbay/adapters/channels/channel-store';
import { type Membership, memberStore } from '@patchbay/adapters/channels/member-store';
import { namespaceStore } from '@patchbay/adapters/channels/namespace-store';
import { eventStore } from '@patchbay/adapters/prisma/event-store';
import type { ServiceConfigStore } from '@patchbay/adapters/prisma/service-config-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { namespaceOf } from '@patchbay/domain/channels/channel-name';
import { type StoredMessage, shownBody } from '@patchbay/domain/channels/message';
import { defaultSettingsOf, type NamespaceSettings } from '@patchbay/domain/channels/namespace';
import type { InChannel, Publication } from '@patchbay/domain/channels/records';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import { eventOfHandler } from '@patchbay/domain/hooks/platform-event';
import { configLevels } from '@patchbay/domain/policy/config-levels';
import { configRulesOf, effectiveConfig } from '@patchbay/domain/policy/effective-config';
import { notification } from '@patchbay/services/notification/definition';
import type { NotificationPorts } from '@patchbay/services/notification/ports';

/** How often a process looks for members whose node is gone, at most. */
const LOOK_MS = 2_000;
/** A channel in which nothing was said for so long is forgotten; what is published then begins it anew. */
export const IDLE_DAYS_MAX = 30;
const FORGET_MS = 60_000;
const FORGET_COUNT_MAX = 5_000;

type Prisma = Parameters<typeof eventStore>[0];

interface Options {
  readonly prisma: Prisma;
  readonly publish: (message: BusMessage) => Promise<void>;
  readonly configs: Pick<ServiceConfigStore, 'configChain'>;
  readonly chainOf: (accountId: string) => Promise<readonly { readonly id: string }[]>;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs: () => number;
}

export type ChannelWork = ReturnType<typeof channelWork>;

/** Channels as the control plane has them: it gives the numbers, and tells nodes and webhooks (decision 0019). */
export function channelWork({ prisma, publish: tell, configs, chainOf, onFailure, nowMs }: Options) {
  const channels: ChannelStore = channelStore(prisma);
  const members = memberStore(prisma);
  const namespaces = namespaceStore(prisma);
  const events = eventStore(prisma);

  const settingsOf = async (accountId: string, channel: string): Promise<NamespaceSettings> =>
    (await namespaces.find({ accountId, name: namespaceOf(channel) })) ??
    defaultSettingsOf(namespaceOf(channel));

  const emit = (accountId: string, event: string, data: object) =>
    events.append(eventOfHandler({ accountId, type: `${notification.name}.${event}`, data, atMs: nowMs() }));

  /** A message, its line on the bus and its event: all of them, or none. */
  const publishWith = (settings: NamespaceSettings, publication: Publication) =>
    atomically(prisma, async () => {
      const published = await channels.publish(publication, settings);
      if (published === undefined) return 'too_many' as const;
      const { accountId, channel } = publication;
      const { message, isFresh } = published;
      if (!isFresh) return published;
      if (settings.messageEvents) await emit(accountId, 'message.published', messageEvent(channel, message));
      await tell({ type: 'channel.published', accountId, channel, message });
      return published;
    });

  const tellPresence = async (
    change: 'joined' | 'left',
    { accountId, channel, member }: Membership,
    settings: NamespaceSettings,
  ) => {
    await tell({ type: 'channel.presence', accountId, channel, change, member });
    const { sinceMs, ...who } = member;
    if (settings.presenceEvents)
      await emit(accountId, `channel.${change}`, { channel, ...who, since: new Date(sinceMs).toISOString() });
  };

  const changed = (accountId: string) => tell({ type: 'channels.changed', accountId });

  const ports: Pick<NotificationPorts, 'channels' | 'members' | 'namespaces'> = {
    channels: {
      list: (page) => channels.list(page),
      find: (channel) => channels.find(channel),
      publish: async (publication) =>
        publishWith(await settingsOf(publication.accountId, publication.channel), publication),
      messages: async (page) => messagePage(channels, await settingsOf(page.accountId, page.channel), page),
      async remove(channel) {
        const removed = await channels.remove(channel);
        if (removed !== undefined) await changed(channel.accountId);
        return removed;
      },
    },
    members: { list: (page) => members.list(page), count: (asked) => members.count(asked) },
    namespaces: {
      list: (page) => namespaces.list(page),
      find: (namespace) => namespaces.find(namespace),
      async set(namespace) {
        const before = await namespaces.set(namespace);
        if (before !== 'too_many') await changed(namespace.accountId);
        return before;
      },
      async remove(namespace) {
        const before = await namespaces.remove(namespace);
        if (before !== undefined) await changed(namespace.accountId);
        return before;
      },
    },
  };

  const forNodes = {
    settingsOf,
    publish: publishWith,
    part: (asked: Parameters<ChannelStore['part']>[0]) => channels.part(asked),
    members: ports.members,

    async join(joining: Parameters<typeof members.join>[0], settings: NamespaceSettings): Promise<void> {
      await atomically(prisma, async () => {
        const { accountId, channel } = joining;
        const member = await members.join(joining);
        if (member !== undefined) await tellPresence('joined', { accountId, channel, member }, settings);
      });
    },

    async leave(leaving: Parameters<typeof members.leave>[0]): Promise<void> {
      const { accountId, channel } = leaving;
      const settings = await settingsOf(accountId, channel);
      await atomically(prisma, async () => {
        const member = await members.leave(leaving);
        if (member !== undefined) await tellPresence('left', { accountId, channel, member }, settings);
      });
    },

    /** The largest message of a client, by the configuration along its chain. */
    async messageBytesMax(asked: { accountId: string; applicationId?: string; instanceType?: string }) {
      const chain = (await chainOf(asked.accountId)).map(({ id }) => id);
      const stored = await configs.configChain(asked);
      const levels = configLevels({ ...asked, chain }, notification.name, stored);
      return notification.config.parse(effectiveConfig(levels, configRulesOf(notification)).values)
        .messageBytesMax;
    },
  };

  /** Takes out members whose node is gone, and tells the others. */
  async function tellOff(): Promise<void> {
    // In one transaction: whoever was taken out is told off, or is there to be taken out again.
    await atomically(prisma, async () => {
      for (const gone of await members.gone())
        await tellPresence('left', gone, await settingsOf(gone.accountId, gone.channel));
    });
  }

  let lookedAtMs = 0;
  let forgotAtMs = 0;
  let looking: Promise<void> | undefined;
  return {
    ports,
    forNodes,
    tellOff,
    /** Does not wait, and does not fail. Asked often, it does something now and then. */
    lookAtNodes(): void {
      const atMs = nowMs();
      if (looking !== undefined || atMs - lookedAtMs < LOOK_MS) return;
      lookedAtMs = atMs;
      const forgets = atMs - forgotAtMs >= FORGET_MS;
      if (forgets) forgotAtMs = atMs;
      looking = tellOff()
        .then(async () => {
          if (forgets) await channels.forget(IDLE_DAYS_MAX, FORGET_COUNT_MAX);
        })
        .catch((error: unknown) => onFailure(error, 'Who left channels with their node was not told.'))
        .finally(() => {
          looking = undefined;
        });
    },
    settled: async () => looking,
  };
}

async function messagePage(
  channels: ChannelStore,
  kept: Kept,
  { accountId, channel, after, cursor, limit }: Parameters<NotificationPorts['channels']['messages']>[0],
) {
  const at: InChannel = { accountId, channel };
  const from = cursor === undefined ? undefined : Number(cursor);
  if (after !== undefined) {
    const { messages, throughOffset, ...part } = await channels.part({
      ...at,
      after: from ?? after,
      limit,
      kept,
    });
    const isMore = throughOffset < part.headOffset;
    return { ...positionOf(part), items: messages, ...(isMore ? { nextCursor: String(throughOffset) } : {}) };
  }
  const part = await channels.part({ ...at, after: Number.MAX_SAFE_INTEGER, limit: 1, kept });
  const found = await channels.newest({ ...at, before: from, limit: limit + 1, kept });
  const items = found.slice(0, limit);
  const isMore = found.length > limit;
  return { ...positionOf(part), items, ...(isMore ? { nextCursor: String(items.at(-1)?.offset) } : {}) };
}

const positionOf = ({
  epoch,
  headOffset,
  firstOffset,
}: {
  epoch: string;
  headOffset: number;
  firstOffset: number;
}) => ({
  ...(headOffset === 0 ? {} : { epoch }),
  headOffset,
  firstOffset,
});

function messageEvent(
  channel: string,
  { publishedAtMs, expiresAtMs, encoding, data, ...message }: StoredMessage,
) {
  return {
    channel,
    ...message,
    publishedAt: new Date(publishedAtMs).toISOString(),
    ...shownBody({ encoding, data }),
    ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
  };
}
