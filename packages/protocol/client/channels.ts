import type { ChannelEndingCode } from '../signaling/channel-codes.ts';
import type { PublishedMessage } from '../signaling/channel-messages.ts';
import type { ServerFrame } from '../signaling/messages.ts';
import { Channel, type ChannelPorts, type ChannelRequest, type PublishReceipt } from './channel.ts';
import { within } from './deadline.ts';
import { failureOf, isPassing } from './failure.ts';
import type { ConversationPorts, SignalConversation } from './signal-conversation.ts';
import type { Subscription } from './subscription.ts';

/** How soon a subscription that was cut off, or could not be asked for, is asked for again. */
const AGAIN_MS = 500;
const lostText = 'The connection was lost before the answer came.';
const slowCode: ChannelEndingCode = 'notification.too_slow';

interface Pending {
  readonly request: ChannelRequest & { readonly requestId: string };
  readonly resolve: (frame: ServerFrame) => void;
  readonly reject: (error: Error) => void;
}

/** The channels of one client over its conversation with signaling, across any number of losses (NTF). */
export class Channels<Failure extends Error> {
  readonly #conversation: SignalConversation<Failure>;
  readonly #ports: Pick<ConversationPorts<Failure>, 'toFailure' | 'after'>;
  readonly #channels = new Map<string, Channel>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #pending = new Map<string, Pending>();
  #failure: Error | undefined;

  constructor(
    conversation: SignalConversation<Failure>,
    ports: Pick<ConversationPorts<Failure>, 'toFailure' | 'after'>,
  ) {
    this.#conversation = conversation;
    this.#ports = ports;
    conversation.on('authenticated', () => this.#again());
    conversation.on('frame', (frame) => this.#receive(frame));
    conversation.on('refused', (failure) => this.#end(failure));
  }

  /** The same object for the same name. Asks nothing. */
  of(name: string): Channel {
    const known = this.#channels.get(name) ?? new Channel(name, this.#channelPorts);
    this.#channels.set(name, known);
    return known;
  }

  readonly #channelPorts: ChannelPorts = {
    publish: async (request, timeoutMs) => {
      const frame = await this.#request(request, timeoutMs);
      if (frame.type !== 'published') throw this.#unfit();
      const { epoch, offset, messageId } = frame;
      return { epoch, offset, messageId } satisfies PublishReceipt;
    },
    history: async (request, timeoutMs) => {
      const frame = await this.#request(request, timeoutMs);
      if (frame.type !== 'history') throw this.#unfit();
      return frame;
    },
    members: async (request, timeoutMs) => {
      const frame = await this.#request(request, timeoutMs);
      if (frame.type !== 'members') throw this.#unfit();
      return frame;
    },
    begin: (subscription) => this.#begin(subscription),
    end: (subscription) => {
      this.#subscriptions.delete(subscription.id);
      const { id: subscriptionId } = subscription;
      if (this.#failure === undefined && this.#isConnected)
        this.#conversation.send({ type: 'unsubscribe', subscriptionId });
    },
  };

  get #isConnected(): boolean {
    return this.#conversation.state === 'connected';
  }

  #unfit(): Failure {
    return this.#ports.toFailure({
      code: 'platform.internal',
      message: 'The answer does not fit the question.',
    });
  }

  #begin(subscription: Subscription): void {
    if (this.#failure !== undefined) {
      subscription.failed(this.#failure);
      return;
    }
    this.#subscriptions.delete(subscription.id);
    const id = crypto.randomUUID();
    subscription.begins(id);
    this.#subscriptions.set(id, subscription);
    // Until it is connected, there is nobody to ask: then all are asked for.
    if (!this.#isConnected) return;
    const { channel, position, isPresent } = subscription;
    this.#conversation.send({
      ...{ type: 'subscribe', subscriptionId: id, channel, isPresent },
      ...(position === undefined ? {} : { position }),
    });
  }

  #again(): void {
    for (const subscription of [...this.#subscriptions.values()]) this.#begin(subscription);
    for (const { request, reject } of this.#pending.values()) {
      if (request.type === 'publish') this.#conversation.send(request);
      // It was asked of a subscription that is another one now.
      else reject(this.#ports.toFailure({ code: 'signaling.connection_lost', message: lostText }));
    }
  }

  /** What is asked of a subscription is asked once that is there, and again when it has come back. */
  #request(asked: ChannelRequest, timeoutMs: number): Promise<ServerFrame> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const requestId = crypto.randomUUID();
    const request = { ...asked, requestId };
    const answer = new Promise<ServerFrame>((resolve, reject) => {
      this.#pending.set(requestId, { request, resolve, reject });
    });
    if (this.#isConnected) this.#conversation.send(request);
    const error = () => this.#conversation.timeout('The platform did not answer about the channel in time.');
    return within(answer, { timeoutMs, error }).finally(() => this.#pending.delete(requestId));
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'published':
      case 'history':
      case 'members':
        this.#pending.get(frame.requestId)?.resolve(frame);
        break;
      case 'refused':
        this.#refused(frame.requestId, failureOf(frame.problem));
        break;
      case 'subscribed':
        this.#subscriptions.get(frame.subscriptionId)?.subscribed(frame);
        break;
      case 'channelMessage': {
        const { type: _, sequence: _of, subscriptionId, ...message } = frame;
        this.#subscriptions.get(subscriptionId)?.hear(message satisfies PublishedMessage);
        break;
      }
      case 'gap':
        this.#subscriptions.get(frame.subscriptionId)?.missed(frame);
        break;
      case 'joined':
      case 'left':
        this.#subscriptions.get(frame.subscriptionId)?.tell(frame.type, frame.member);
        break;
      case 'unsubscribed':
        this.#unsubscribed(frame.subscriptionId, frame.reason);
        break;
      default:
        break;
    }
  }

  #refused(requestId: string, fields: ReturnType<typeof failureOf>): void {
    this.#pending.get(requestId)?.reject(this.#ports.toFailure(fields));
    const subscription = this.#subscriptions.get(requestId);
    if (subscription === undefined) return;
    const { status = 403 } = fields;
    // Who was there goes on trying; who comes to a full house is told so.
    if (status >= 500 || (subscription.position !== undefined && isPassing(status)))
      this.#beginLater(subscription);
    else this.#fail(subscription, this.#ports.toFailure(fields));
  }

  #unsubscribed(
    subscriptionId: string,
    { code, detail, helpUrl }: { code: string; detail: string; helpUrl: string },
  ): void {
    const subscription = this.#subscriptions.get(subscriptionId);
    if (subscription === undefined) return;
    if (code === slowCode) this.#beginLater(subscription);
    else this.#fail(subscription, this.#ports.toFailure({ code, message: detail, helpUrl, status: 403 }));
  }

  #beginLater(subscription: Subscription): void {
    const { id } = subscription;
    this.#ports.after(AGAIN_MS, () => {
      if (this.#subscriptions.get(id) === subscription) this.#begin(subscription);
    });
  }

  #fail(subscription: Subscription, failure: Failure): void {
    this.#subscriptions.delete(subscription.id);
    subscription.failed(failure);
  }

  #end(failure: Failure): void {
    this.#failure = failure;
    for (const subscription of this.#subscriptions.values()) subscription.failed(failure);
    this.#subscriptions.clear();
    for (const { reject } of this.#pending.values()) reject(failure);
  }
}
