import { LogReader, type ReadStep } from '@patchbay/domain/channels/channel-log';
import { type ChannelMember, isOver, type StoredMessage } from '@patchbay/domain/channels/message';
import { type ChannelEndingCode, channelEndings } from '@patchbay/protocol/signaling/channel-codes';
import {
  messageBytesMax,
  type PresentMember,
  type PublishedMessage,
  subscriptionsMax,
} from '@patchbay/protocol/signaling/channel-messages';
import type {
  ClientMessageOf,
  EndReason,
  Problem,
  ServerMessage,
} from '@patchbay/protocol/signaling/messages';
import type { ChannelAnswer, ChannelLeave, ChannelNotice, ChannelQuestion } from './channel-platform.ts';
import { ChannelUsage } from './channel-usage.ts';
import type { Client } from './clients.ts';
import type { UsageRecord } from './platform.ts';
import type { Reasons } from './reasons.ts';

/** How soon a log that could not be read is read again. */
const RETRY_MS = 1_000;
/** Data of the messages of one answer, so that it fits a frame however it is escaped. */
const historyBytesMax = messageBytesMax;
const historyMessagesMax = 50;

interface Subscription {
  readonly client: Client;
  readonly subscriptionId: string;
  readonly channel: string;
  readonly isPresent: boolean;
  /** Of a client that names where it stands. */
  readonly from: { readonly epoch: string; readonly offset: number } | undefined;
  /** Undefined until it is known where the log stands. */
  reader: LogReader<StoredMessage> | undefined;
  showsPresence: boolean;
  /** What is being asked for it: one thing at a time, so that no answer is older than the one before. */
  asking: 'subscribe' | 'read' | undefined;
  /** Whether it may go on is to be asked, once the question that is open is answered. */
  isInDoubt: boolean;
  /** Something was said on its channel before it was known where the log stands. */
  hasHeard: boolean;
  retryAtMs: number | undefined;
}

type Waiting =
  | { readonly kind: 'subscription'; readonly subscriptions: Subscription[] }
  | {
      readonly kind: 'request';
      readonly client: Client;
      readonly requestId: string;
      readonly after?: number;
    };

export interface ChannelsPorts {
  readonly region: string;
  readonly reasons: Reasons;
  readonly send: (client: Client, message: ServerMessage) => void;
  /** The same, to whoever takes it fast enough: a client that does not is told by `tooSlow`. */
  readonly deliver: (client: Client, message: ServerMessage) => void;
  readonly ask: (askId: string, question: ChannelQuestion) => void;
  readonly leave: (leave: ChannelLeave) => void;
  readonly release: (connectionId: string) => void;
  readonly recordUsage: (record: UsageRecord) => void;
}

/** The subscriptions of this node's clients (NTF). Decides by inputs alone, as all of the machine does. */
export class Channels {
  readonly #ports: ChannelsPorts;
  readonly #byClient = new Map<Client, Map<string, Subscription>>();
  readonly #byChannel = new Map<string, Set<Subscription>>();
  readonly #waiting = new Map<string, Waiting>();
  /** Reads of one log from one place that one input asked for, whoever waits for them. */
  readonly #reads = new Map<string, string>();
  readonly #usage: ChannelUsage;
  #askCount = 0;

  constructor(ports: ChannelsPorts) {
    this.#ports = ports;
    this.#usage = new ChannelUsage(ports);
  }

  // What clients say.

  subscribe(client: Client, frame: ClientMessageOf<'subscribe'>, nowMs: number): void {
    const { subscriptionId, channel, position: from, isPresent } = frame;
    const own = this.#byClient.get(client) ?? new Map<string, Subscription>();
    // Said twice: the first one stands.
    if (own.has(subscriptionId)) return;
    if (own.size >= subscriptionsMax) {
      const problem = this.#ports.reasons.channelProblem('notification.too_many_subscriptions');
      this.#ports.send(client, { type: 'refused', requestId: subscriptionId, problem });
      return;
    }
    const subscription: Subscription = {
      ...{ client, subscriptionId, channel, isPresent, from },
      reader: undefined,
      showsPresence: false,
      asking: undefined,
      isInDoubt: false,
      hasHeard: false,
      retryAtMs: undefined,
    };
    this.#byClient.set(client, own.set(subscriptionId, subscription));
    const key = keyOf(client.principal.accountId, channel);
    this.#byChannel.set(key, (this.#byChannel.get(key) ?? new Set()).add(subscription));
    this.#usage.begins(client, nowMs);
    this.#askWhether(subscription);
  }

  unsubscribe(client: Client, { subscriptionId }: ClientMessageOf<'unsubscribe'>, nowMs: number): void {
    const subscription = this.#byClient.get(client)?.get(subscriptionId);
    if (subscription !== undefined) this.#drop(subscription, nowMs);
  }

  publish(client: Client, frame: ClientMessageOf<'publish'>): void {
    const { requestId, channel, encoding, data, ttlSeconds } = frame;
    this.#ask(
      { kind: 'request', client, requestId },
      {
        ...{ kind: 'publish', principal: client.principal, channel, encoding, data, key: requestId },
        ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      },
    );
  }

  history(client: Client, { requestId, subscriptionId, after }: ClientMessageOf<'history'>): void {
    const subscription = this.#subscribed(client, { requestId, subscriptionId });
    if (subscription === undefined) return;
    const { accountId } = client.principal;
    this.#ask(
      { kind: 'request', client, requestId, after },
      {
        ...{ kind: 'read', accountId, channel: subscription.channel, after: { offset: after } },
      },
    );
  }

  members(client: Client, { requestId, subscriptionId, cursor }: ClientMessageOf<'members'>): void {
    const subscription = this.#subscribed(client, { requestId, subscriptionId });
    if (subscription === undefined) return;
    const { isPresent, showsPresence, channel } = subscription;
    if (!isPresent || !showsPresence) {
      const problem = this.#ports.reasons.channelProblem('notification.presence_refused');
      this.#ports.send(client, { type: 'refused', requestId, problem });
      return;
    }
    const { accountId } = client.principal;
    this.#ask(
      { kind: 'request', client, requestId },
      {
        ...{ kind: 'members', accountId, channel },
        ...(cursor === undefined ? {} : { cursor }),
      },
    );
  }

  /** What a client asks about a subscription that it has, or the refusal. */
  #subscribed(
    client: Client,
    { requestId, subscriptionId }: { requestId: string; subscriptionId: string },
  ): Subscription | undefined {
    const subscription = this.#byClient.get(client)?.get(subscriptionId);
    if (subscription?.reader !== undefined) return subscription;
    const problem = this.#ports.reasons.channelProblem('notification.subscribe_refused');
    this.#ports.send(client, { type: 'refused', requestId, problem });
    return undefined;
  }

  // What becomes of clients.

  /** Its connection is lost, or it goes: it subscribes again when it is back, from where it was. */
  detached(client: Client, nowMs: number): void {
    for (const subscription of [...(this.#byClient.get(client)?.values() ?? [])])
      this.#drop(subscription, nowMs);
  }

  /** It takes messages more slowly than they come: what waits for it is bounded, and it begins again behind what it has. */
  tooSlow(client: Client, nowMs: number): void {
    for (const subscription of [...(this.#byClient.get(client)?.values() ?? [])])
      this.#end(subscription, this.#reasonOf('notification.too_slow'), nowMs);
  }

  /** What its credential may do by now is to be asked. */
  doubt(client: Client): void {
    for (const subscription of this.#byClient.get(client)?.values() ?? []) this.#askWhether(subscription);
  }

  // What the platform says.

  obey(notice: ChannelNotice, nowMs: number): void {
    switch (notice.type) {
      case 'channelMessage':
        for (const subscription of this.#in(notice)) this.#heard(subscription, notice.message, nowMs);
        break;
      case 'channelPresence':
        this.#tellPresence(notice);
        break;
      case 'channelsChanged':
        for (const client of this.#byClient.keys())
          if (client.principal.accountId === notice.accountId) this.doubt(client);
        break;
      case 'busGap':
        // Who may do what may have changed as well, and a node that was thought gone is there again.
        for (const client of this.#byClient.keys()) this.doubt(client);
        break;
    }
  }

  #heard(subscription: Subscription, message: StoredMessage, nowMs: number): void {
    const { reader } = subscription;
    if (reader === undefined) subscription.hasHeard = true;
    else this.#tell(subscription, reader.hear(message), nowMs);
  }

  #tellPresence({
    accountId,
    channel,
    change,
    member,
  }: Extract<ChannelNotice, { type: 'channelPresence' }>): void {
    for (const subscription of this.#in({ accountId, channel })) {
      const { client, subscriptionId, isPresent, showsPresence } = subscription;
      const isOwn = member.connectionId === client.connectionId;
      // The platform took this node for gone: it is there.
      if (isOwn && change === 'left' && isPresent) this.#askWhether(subscription);
      else if (!isOwn && isPresent && showsPresence)
        this.#ports.deliver(client, { type: change, subscriptionId, member: shownMember(member) });
    }
  }

  answered(askId: string, answer: ChannelAnswer, nowMs: number): void {
    const waiting = this.#waiting.get(askId);
    this.#waiting.delete(askId);
    if (waiting === undefined) return;
    if (waiting.kind === 'request') {
      this.#answerRequest(waiting, answer, nowMs);
      return;
    }
    for (const subscription of waiting.subscriptions)
      if (this.#isThere(subscription)) this.#answerSubscription(subscription, answer, nowMs);
  }

  #answerSubscription(subscription: Subscription, answer: ChannelAnswer, nowMs: number): void {
    subscription.asking = undefined;
    switch (answer.kind) {
      case 'subscribed':
        this.#mayGoOn(subscription, answer, nowMs);
        break;
      case 'read':
        if (subscription.reader !== undefined)
          this.#tell(subscription, subscription.reader.catchUp(answer.part), nowMs);
        break;
      case 'refused':
        this.#refused(subscription, answer.problem, nowMs);
        return;
      case 'away':
        this.#isAway(subscription, answer.problem, nowMs);
        return;
      case 'published':
      case 'members':
        break;
    }
    if (subscription.isInDoubt && this.#isThere(subscription)) this.#askWhether(subscription);
  }

  #mayGoOn(
    subscription: Subscription,
    { part, showsPresence }: Extract<ChannelAnswer, { kind: 'subscribed' }>,
    nowMs: number,
  ): void {
    const { client, subscriptionId, from, reader } = subscription;
    subscription.showsPresence = showsPresence;
    if (reader !== undefined) {
      this.#tell(subscription, reader.catchUp(part), nowMs);
      return;
    }
    const position = from ?? { epoch: part.epoch, offset: part.headOffset };
    subscription.reader = new LogReader<StoredMessage>(position);
    this.#ports.send(client, { type: 'subscribed', subscriptionId, ...position, showsPresence });
    if (from !== undefined) this.#tell(subscription, subscription.reader.catchUp(part), nowMs);
    // Whether that was before or behind where the log stood, the log says.
    if (subscription.hasHeard && this.#isThere(subscription))
      this.#tell(subscription, subscription.reader.mistrust(), nowMs);
  }

  #refused(subscription: Subscription, problem: Problem, nowMs: number): void {
    const { client, subscriptionId, reader } = subscription;
    if (reader === undefined) {
      this.#ports.send(client, { type: 'refused', requestId: subscriptionId, problem });
      this.#drop(subscription, nowMs);
      return;
    }
    const { code, type: helpUrl, title, detail = title } = problem;
    this.#end(subscription, { code, helpUrl, detail }, nowMs);
  }

  /** One that stands goes on: whoever may be asked is asked again later. */
  #isAway(subscription: Subscription, problem: Problem, nowMs: number): void {
    const { client, subscriptionId, reader } = subscription;
    if (reader === undefined) {
      this.#ports.send(client, { type: 'refused', requestId: subscriptionId, problem });
      this.#drop(subscription, nowMs);
      return;
    }
    reader.failed();
    subscription.retryAtMs = nowMs + RETRY_MS;
  }

  #answerRequest(
    { client, requestId, after = 0 }: Extract<Waiting, { kind: 'request' }>,
    answer: ChannelAnswer,
    nowMs: number,
  ): void {
    switch (answer.kind) {
      case 'published': {
        const { epoch, offset, messageId, isFresh } = answer;
        if (isFresh) this.#usage.published(client, nowMs);
        this.#ports.send(client, { type: 'published', requestId, epoch, offset, messageId });
        break;
      }
      case 'members': {
        const { items, memberCount, nextCursor } = answer;
        this.#ports.send(client, {
          ...{ type: 'members', requestId, items: items.map(shownMember), memberCount },
          ...(nextCursor === undefined ? {} : { nextCursor }),
        });
        break;
      }
      case 'read':
        this.#ports.send(client, { type: 'history', requestId, ...fitting(answer.part, { after, nowMs }) });
        break;
      case 'refused':
      case 'away':
        this.#ports.send(client, { type: 'refused', requestId, problem: answer.problem });
        break;
      case 'subscribed':
        break;
    }
  }

  tick(nowMs: number): void {
    for (const [client, subscriptions] of this.#byClient) {
      this.#usage.tick(client, nowMs);
      for (const subscription of subscriptions.values()) {
        if (subscription.retryAtMs === undefined || nowMs < subscription.retryAtMs) continue;
        subscription.retryAtMs = undefined;
        this.#askWhether(subscription);
      }
    }
  }

  // Ways out.

  #tell(
    subscription: Subscription,
    { gap, messages, isBehind }: ReadStep<StoredMessage>,
    nowMs: number,
  ): void {
    const { client, subscriptionId } = subscription;
    if (gap !== undefined) this.#ports.deliver(client, { type: 'gap', subscriptionId, ...gap });
    for (const message of messages) {
      if (isOver(message, nowMs)) continue;
      this.#usage.delivered(client, nowMs);
      this.#ports.deliver(client, { type: 'channelMessage', subscriptionId, ...shown(message) });
    }
    if (isBehind && this.#isThere(subscription)) this.#read(subscription);
  }

  #read(subscription: Subscription): void {
    const { client, channel, reader } = subscription;
    if (reader === undefined || subscription.asking !== undefined) return;
    subscription.asking = 'read';
    const { accountId } = client.principal;
    const after = reader.position;
    const readKey = `${keyOf(accountId, channel)}\n${after.epoch}\n${after.offset}`;
    const open = this.#waiting.get(this.#reads.get(readKey) ?? '');
    if (open?.kind === 'subscription') {
      open.subscriptions.push(subscription);
      return;
    }
    const askId = this.#ask(
      { kind: 'subscription', subscriptions: [subscription] },
      { kind: 'read', accountId, channel, after },
    );
    this.#reads.set(readKey, askId);
  }

  /** The input is dealt with: an answer that is on its way from now on may be older than what is asked for later. */
  rest(): void {
    this.#reads.clear();
  }

  /** Asks whether a subscription may be, and with that what it missed. */
  #askWhether(subscription: Subscription): void {
    if (subscription.asking !== undefined) {
      subscription.isInDoubt = true;
      return;
    }
    subscription.asking = 'subscribe';
    subscription.isInDoubt = false;
    subscription.reader?.mistrust();
    const { client, channel, isPresent, reader, from } = subscription;
    const after = reader?.position ?? from;
    this.#ask(
      { kind: 'subscription', subscriptions: [subscription] },
      {
        ...{
          kind: 'subscribe',
          principal: client.principal,
          channel,
          connectionId: client.connectionId,
          isPresent,
        },
        isRunning: reader !== undefined,
        ...(after === undefined ? {} : { after }),
      },
    );
  }

  #ask(waiting: Waiting, question: ChannelQuestion): string {
    this.#askCount += 1;
    const askId = `ask-${this.#askCount}`;
    this.#waiting.set(askId, waiting);
    this.#ports.ask(askId, question);
    return askId;
  }

  #end(subscription: Subscription, reason: EndReason, nowMs: number): void {
    const { client, subscriptionId } = subscription;
    this.#ports.send(client, { type: 'unsubscribed', subscriptionId, reason });
    this.#drop(subscription, nowMs);
  }

  #drop(subscription: Subscription, nowMs: number): void {
    const { client, subscriptionId, channel, isPresent } = subscription;
    const own = this.#byClient.get(client);
    if (own?.delete(subscriptionId) !== true) return;
    const { accountId } = client.principal;
    const key = keyOf(accountId, channel);
    const all = this.#byChannel.get(key);
    all?.delete(subscription);
    if (all?.size === 0) this.#byChannel.delete(key);
    const { connectionId } = client;
    const isStillThere = [...own.values()].some((other) => other.isPresent && other.channel === channel);
    if (isPresent && !isStillThere) this.#ports.leave({ accountId, channel, connectionId });
    if (own.size > 0) return;
    this.#byClient.delete(client);
    this.#usage.ends(client, nowMs);
    this.#ports.release(connectionId);
  }

  #isThere(subscription: Subscription): boolean {
    return this.#byClient.get(subscription.client)?.get(subscription.subscriptionId) === subscription;
  }

  #in({ accountId, channel }: { accountId: string; channel: string }): readonly Subscription[] {
    return [...(this.#byChannel.get(keyOf(accountId, channel)) ?? [])];
  }

  #reasonOf(code: ChannelEndingCode): EndReason {
    return this.#ports.reasons.foreignEnding(code, channelEndings[code]);
  }
}

/** Neither an account's id nor a channel's name has a line feed. */
const keyOf = (accountId: string, channel: string): string => `${accountId}\n${channel}`;

const shown = ({ expiresAtMs: _, publisher, ...message }: StoredMessage): PublishedMessage => ({
  ...message,
  ...(publisher === undefined ? {} : { publisher }),
});

const shownMember = ({ device, ...member }: ChannelMember): PresentMember => ({
  ...member,
  ...(device === undefined ? {} : { device }),
});

/** As much of a part of a log as fits a frame. */
function fitting(
  {
    epoch,
    headOffset,
    firstOffset,
    messages,
    throughOffset,
  }: Extract<ChannelAnswer, { kind: 'read' }>['part'],
  { after, nowMs }: { after: number; nowMs: number },
) {
  const fit: PublishedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    bytes += message.data.length;
    if (fit.length > 0 && (bytes > historyBytesMax || fit.length >= historyMessagesMax)) break;
    fit.push(shown(message));
  }
  const isAll = fit.length === messages.length;
  return {
    messages: fit.filter(
      ({ offset }) => !messages.some((one) => one.offset === offset && isOver(one, nowMs)),
    ),
    firstOffset,
    throughOffset: isAll ? throughOffset : (fit.at(-1)?.offset ?? after),
    headOffset,
    epoch,
  };
}
