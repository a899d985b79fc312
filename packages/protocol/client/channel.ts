import type { LogPosition, PresentMember } from '../signaling/channel-messages.ts';
import type { ClientMessageOf, ServerMessageOf } from '../signaling/messages.ts';
import { ANSWER_MS_MAX } from './deadline.ts';
import { type ChannelEntry, entryOf, Subscription, type SubscriptionOptions } from './subscription.ts';

/** Where a message came to stand. */
export interface PublishReceipt extends LogPosition {
  readonly messageId: string;
}

export interface PublishOptions {
  /** It is delivered to nobody afterwards. */
  readonly ttlSeconds?: number;
  /** How long to wait for the platform, 30,000 by default: then it throws `client.timeout`. */
  readonly timeoutMs?: number;
}

export type ChannelRequest =
  | Omit<ClientMessageOf<'publish'>, 'requestId'>
  | Omit<ClientMessageOf<'history'>, 'requestId'>
  | Omit<ClientMessageOf<'members'>, 'requestId'>;

/** What a channel needs of the client that it belongs to. */
export interface ChannelPorts {
  publish(request: ChannelRequest, timeoutMs: number): Promise<PublishReceipt>;
  history(request: ChannelRequest, timeoutMs: number): Promise<ServerMessageOf<'history'>>;
  members(request: ChannelRequest, timeoutMs: number): Promise<ServerMessageOf<'members'>>;
  begin(subscription: Subscription): void;
  end(subscription: Subscription): void;
}

/** A channel by its name. Nothing is asked before it is used. */
export class Channel {
  readonly name: string;
  readonly #ports: ChannelPorts;

  /** @internal */
  constructor(name: string, ports: ChannelPorts) {
    this.name = name;
    this.#ports = ports;
  }

  /**
   * Publishes JSON, or bytes. Once, however often the connection is lost before the platform has it; throws a
   * PatchbayError when it is refused, and `client.timeout` when nobody can say what became of it.
   */
  publish(
    data: unknown,
    { ttlSeconds, timeoutMs = ANSWER_MS_MAX }: PublishOptions = {},
  ): Promise<PublishReceipt> {
    const body =
      data instanceof Uint8Array
        ? ({ encoding: 'base64', data: base64Of(data) } as const)
        : ({
            encoding: 'json',
            data: (JSON.stringify(data) ?? 'null').replaceAll('\u007f', '\\u007f'),
          } as const);
    return this.#ports.publish(
      { type: 'publish', channel: this.name, ...body, ...(ttlSeconds === undefined ? {} : { ttlSeconds }) },
      timeoutMs,
    );
  }

  /**
   * Receives what is published from now on, or from `from` on: `for await (const message of channel.subscribe())`. Goes on
   * by itself after a lost connection, without a message missing or coming twice; what is kept no longer by then is told by
   * the event `gap`.
   */
  subscribe(options: SubscriptionOptions = {}): Subscription {
    const subscription: Subscription = new Subscription(this.name, options, {
      begin: () => this.#ports.begin(subscription),
      end: () => this.#ports.end(subscription),
      history: (after) => this.#history(subscription, after),
      members: () => this.#members(subscription),
    });
    this.#ports.begin(subscription);
    return subscription;
  }

  async *#history(subscription: Subscription, from: number): AsyncGenerator<ChannelEntry> {
    for (let after = from; ; ) {
      const { id: subscriptionId } = await subscription.ready();
      const page = await this.#ports.history({ type: 'history', subscriptionId, after }, ANSWER_MS_MAX);
      for (const message of page.messages) yield entryOf(message);
      if (page.throughOffset >= page.headOffset || page.throughOffset <= after) return;
      after = page.throughOffset;
    }
  }

  async #members(subscription: Subscription): Promise<readonly PresentMember[]> {
    const found: PresentMember[] = [];
    for (let cursor: string | undefined; ; ) {
      const { id: subscriptionId } = await subscription.ready();
      const at = cursor === undefined ? {} : { cursor };
      const page = await this.#ports.members({ type: 'members', subscriptionId, ...at }, ANSWER_MS_MAX);
      found.push(...page.items);
      if (page.nextCursor === undefined) return found;
      cursor = page.nextCursor;
    }
  }
}

function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
