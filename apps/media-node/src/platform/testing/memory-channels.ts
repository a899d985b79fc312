import type { StoredMessage } from '@patchbay/domain/channels/message';
import { channelRefusal, defaultSettings, type NamespaceSettings } from '@patchbay/domain/channels/namespace';
import type { channelCalls } from '@patchbay/domain/channels/node-calls';
import type { BusMessage } from '@patchbay/domain/fleet/bus';
import type { InternalRequest } from '@patchbay/domain/fleet/internal-api';

type Member = Extract<BusMessage, { type: 'channel.presence' }>['member'];
interface Log {
  epoch: string;
  messages: StoredMessage[];
  members: Map<string, Member & { readonly nodeId: string }>;
}
type Calls = {
  readonly [C in keyof typeof channelCalls]: (request: InternalRequest<C>) => object;
};

/** Channels as the control plane keeps them, in memory, and all that is said on the bus. */
export class MemoryChannels {
  readonly logs = new Map<string, Log>();
  settings: NamespaceSettings = { ...defaultSettings, publishers: 'anybody' };
  /** Messages that no node hears of. */
  readonly unheard = new Set<number>();
  readonly #publish: (message: BusMessage) => void;

  constructor(publish: (message: BusMessage) => void) {
    this.#publish = publish;
  }

  publish(accountId: string, channel: string, message: Pick<StoredMessage, 'data'> & Partial<StoredMessage>) {
    const log = this.#logOf(channel);
    const offset = log.messages.length + 1;
    const published: StoredMessage = {
      ...{
        epoch: log.epoch,
        offset,
        messageId: `msg_${offset}`,
        publishedAtMs: Date.now(),
        encoding: 'json',
      },
      ...message,
    };
    log.messages.push(published);
    if (!this.unheard.has(offset))
      this.#publish({ type: 'channel.published', accountId, channel, message: published });
    return published;
  }

  membersOf(channel: string): readonly string[] {
    return [...this.#logOf(channel).members.values()].map(({ identity }) => identity).sort();
  }

  /** As the sweep of the control plane does. */
  nodeGone(accountId: string, nodeId: string): void {
    for (const [channel, { members }] of this.logs)
      for (const [connectionId, { nodeId: of, ...member }] of members) {
        if (of !== nodeId) continue;
        members.delete(connectionId);
        this.#publish({ type: 'channel.presence', accountId, channel, change: 'left', member });
      }
  }

  handlers(nodeId: string): Calls {
    return {
      subscribeChannel: ({ accountId, channel, client, connectionId, isPresent, after }) => {
        const detail = channelRefusal(this.settings, { channel, use: 'subscribe', client });
        if (detail !== undefined) return { refusal: { code: 'notification.subscribe_refused', detail } };
        const { members } = this.#logOf(channel);
        if (isPresent && !members.has(connectionId)) {
          const member = { connectionId, identity: client.identity, sinceMs: Date.now() };
          members.set(connectionId, { ...member, nodeId });
          this.#publish({ type: 'channel.presence', accountId, channel, change: 'joined', member });
        }
        const part = this.#part(channel, after ?? { offset: Number.MAX_SAFE_INTEGER });
        return { part, showsPresence: this.settings.presence };
      },
      readChannel: ({ channel, after }) => ({ part: this.#part(channel, after) }),
      publishChannel: ({ accountId, channel, client, data, encoding, key }) => {
        const detail = channelRefusal(this.settings, { channel, use: 'publish', client });
        if (detail !== undefined) return { refusal: { code: 'notification.publish_refused', detail } };
        const known = this.#logOf(channel).messages.find(({ messageId }) => messageId === key);
        const message =
          known ??
          this.publish(accountId, channel, { data, encoding, publisher: client.identity, messageId: key });
        const { epoch, offset, messageId } = message;
        return { published: { epoch, offset, messageId, isFresh: known === undefined } };
      },
      leaveChannels: ({ items }) => {
        for (const { accountId, channel, connectionId } of items) {
          const { members } = this.#logOf(channel);
          const left = members.get(connectionId);
          if (left?.nodeId !== nodeId) continue;
          members.delete(connectionId);
          const { nodeId: _, ...member } = left;
          this.#publish({ type: 'channel.presence', accountId, channel, change: 'left', member });
        }
        return {};
      },
      listChannelMembers: ({ channel }) => {
        const items = [...this.#logOf(channel).members.values()].map(({ nodeId: _, ...member }) => member);
        return { items, memberCount: items.length };
      },
    };
  }

  #logOf(channel: string): Log {
    const log = this.logs.get(channel) ?? { epoch: 'e1', messages: [], members: new Map() };
    this.logs.set(channel, log);
    return log;
  }

  #part(channel: string, { offset }: { readonly offset: number }) {
    const { epoch, messages } = this.#logOf(channel);
    const headOffset = messages.length;
    const found = messages.filter((message) => message.offset > offset);
    return { epoch, headOffset, firstOffset: 1, messages: found, throughOffset: headOffset };
  }
}
