import type { ChannelMember, StoredMessage } from '@patchbay/domain/channels/message';
import type { NamespaceSettings } from '@patchbay/domain/channels/namespace';
import type { NotificationPorts } from '@patchbay/services/notification/ports';
import { memoryNoticePorts } from './notice-ports.ts';

interface Log {
  readonly createdAt: Date;
  readonly messages: StoredMessage[];
  readonly keys: Map<string, StoredMessage>;
}

/** Channels in memory: numbers and keys as the store gives them, and nothing is forgotten. */
export function memoryNotificationPorts(
  outside: Pick<NotificationPorts, 'minting' | 'placement'>,
  { channelCountMax = 100, namespaceCountMax = 100 } = {},
): NotificationPorts & { readonly membersIn: Map<string, ChannelMember[]> } {
  const logs = new Map<string, Log>();
  const settings = new Map<string, NamespaceSettings>();
  const membersIn = new Map<string, ChannelMember[]>();
  const recordOf = (name: string) => {
    const log = logs.get(name);
    if (log === undefined) return undefined;
    const { createdAt, messages } = log;
    return { name, epoch: 'epoch', headOffset: messages.length, createdAt, publishedAt: createdAt };
  };
  return {
    ...outside,
    ...memoryNoticePorts(),
    membersIn,
    channels: {
      list: async () => ({ items: [...logs.keys()].flatMap((name) => recordOf(name) ?? []) }),
      find: async ({ channel }) => recordOf(channel),
      async publish({ channel, body, key, publisher }) {
        if (!logs.has(channel) && logs.size >= channelCountMax) return 'too_many';
        const log: Log = logs.get(channel) ?? { createdAt: new Date(0), messages: [], keys: new Map() };
        logs.set(channel, log);
        const known = key === undefined ? undefined : log.keys.get(key);
        if (known !== undefined) return { message: known, isFresh: false };
        const offset = log.messages.length + 1;
        const message = {
          ...{ epoch: 'epoch', offset, messageId: `msg_${offset}`, publishedAtMs: 0, ...body },
          ...(publisher === undefined ? {} : { publisher }),
        };
        log.messages.push(message);
        if (key !== undefined) log.keys.set(key, message);
        return { message, isFresh: true };
      },
      async messages({ channel, after, limit }) {
        const all = logs.get(channel)?.messages ?? [];
        const items = after === undefined ? all.toReversed() : all.filter(({ offset }) => offset > after);
        return { items: items.slice(0, limit), epoch: 'epoch', headOffset: all.length, firstOffset: 1 };
      },
      async remove({ channel }) {
        const removed = recordOf(channel);
        logs.delete(channel);
        return removed;
      },
    },
    members: {
      list: async ({ channel }) => ({ items: membersIn.get(channel) ?? [] }),
      count: async ({ names }) => new Map(names.map((name) => [name, membersIn.get(name)?.length ?? 0])),
    },
    namespaces: {
      list: async () => ({ items: [...settings].map(([name, set]) => ({ name, settings: set })) }),
      find: async ({ name }) => settings.get(name),
      async set({ name, settings: set }) {
        if (!settings.has(name) && settings.size >= namespaceCountMax) return 'too_many';
        const before = settings.get(name);
        settings.set(name, set);
        return before;
      },
      async remove({ name }) {
        const before = settings.get(name);
        settings.delete(name);
        return before;
      },
    },
  };
}
