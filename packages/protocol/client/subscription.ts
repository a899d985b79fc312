import type { LogPosition, PresentMember, PublishedMessage } from '../signaling/channel-messages.ts';
import { Emitter } from './emitter.ts';

/** A message as whoever subscribes has it. */
export interface ChannelEntry extends LogPosition {
  readonly messageId: string;
  readonly publishedAtMs: number;
  /** The identity of the client that published it; absent of one that a server did. */
  readonly publisher?: string;
  /** What was published: JSON, or bytes. */
  readonly data: unknown;
}

export interface SubscriptionOptions {
  /** The last message that is known. Default: only what comes from now on. */
  readonly from?: LogPosition;
  /** To be shown to the others, and be told of them. Default: false. */
  readonly presence?: boolean;
}

export interface SubscriptionEvents {
  message: ChannelEntry;
  /** What came up to this position and was not received is lost: it was kept no longer when the connection was back. */
  gap: LogPosition;
  joined: PresentMember;
  left: PresentMember;
  /** It is there: for the first time, or again. */
  subscribed: LogPosition;
  /** For good: the platform refuses it, or the client was closed. */
  closed: Error;
}

interface SubscriptionPorts {
  begin(): void;
  end(): void;
  history(after: number): AsyncGenerator<ChannelEntry>;
  members(): Promise<readonly PresentMember[]>;
}

/** Messages that wait for a loop. With one more it is unsubscribed, and goes on from there when the loop has taken them. */
export const queuedMessagesMax = 1_000;

/** One subscription of a channel: a stream of messages, events, or both. */
export class Subscription extends Emitter<SubscriptionEvents> implements AsyncIterable<ChannelEntry> {
  readonly channel: string;
  readonly isPresent: boolean;
  /** @internal Another one each time that it is asked for. */
  id = '';
  readonly #ports: SubscriptionPorts;
  #position: LogPosition | undefined;
  #isThere = false;
  #isPaused = false;
  #end: { readonly error?: Error } | undefined;
  readonly #queue: ChannelEntry[] = [];
  #isIterated = false;
  /** Somebody listens to messages: then none waits for a loop that may never begin. */
  #isListened = false;
  /** What waited for a loop that had not begun, and was let go. */
  #letGo: LogPosition | undefined;
  #wake: (() => void)[] = [];

  /** @internal */
  constructor(channel: string, { from, presence = false }: SubscriptionOptions, ports: SubscriptionPorts) {
    super();
    this.channel = channel;
    this.isPresent = presence;
    this.#position = from;
    this.#ports = ports;
  }

  /** Of the last message that was received; undefined before it is known where the channel stands. */
  get position(): LogPosition | undefined {
    return this.#position;
  }

  override on<Name extends keyof SubscriptionEvents>(
    name: Name,
    listener: (event: SubscriptionEvents[Name]) => void,
  ): () => void {
    if (name === 'message' && !this.#isIterated) {
      this.#isListened = true;
      this.#queue.length = 0;
    }
    return super.on(name, listener);
  }

  /** Resolves once it is there; throws why it is refused. */
  async ready(): Promise<this> {
    while (!this.#isThere) {
      if (this.#end !== undefined) throw this.#end.error ?? new Error('The subscription was ended.');
      await this.#changed();
    }
    return this;
  }

  /** What is kept behind an offset, the oldest first. By default all of it. */
  history({ after = 0 }: { readonly after?: number } = {}): AsyncGenerator<ChannelEntry> {
    return this.#ports.history(after);
  }

  /** Who is in the channel now. Of a subscription with `presence`. */
  members(): Promise<readonly PresentMember[]> {
    return this.#ports.members();
  }

  /** Ends it. A loop over it is over. */
  unsubscribe(): void {
    if (this.#end !== undefined) return;
    this.#end = {};
    this.#isThere = false;
    this.#ports.end();
    this.#awaken();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChannelEntry> {
    this.#isIterated = true;
    if (this.#letGo !== undefined) this.emit('gap', this.#letGo);
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next !== undefined) yield next;
        else if (this.#end?.error !== undefined) throw this.#end.error;
        else if (this.#end !== undefined) return;
        else {
          this.#resume();
          await this.#changed();
        }
      }
    } finally {
      this.unsubscribe();
    }
  }

  /** @internal It is asked for. */
  begins(id: string): void {
    this.id = id;
    this.#isThere = false;
  }

  /** @internal */
  subscribed({ epoch, offset }: LogPosition): void {
    if (this.#end !== undefined) return;
    this.#position ??= { epoch, offset };
    this.#isThere = true;
    this.emit('subscribed', this.#position);
    this.#awaken();
  }

  /** @internal */
  hear(message: PublishedMessage): void {
    if (this.#end !== undefined || this.#isPaused) return;
    const { epoch, offset } = message;
    this.#position = { epoch, offset };
    const entry = entryOf(message);
    this.emit('message', entry);
    if (this.#isListened && !this.#isIterated) return;
    this.#queue.push(entry);
    if (this.#queue.length >= queuedMessagesMax) {
      if (this.#isIterated) this.#pause();
      else this.#letGo = this.#queue.shift();
    }
    this.#awaken();
  }

  /** @internal */
  missed({ epoch, offset }: LogPosition): void {
    this.#position = { epoch, offset };
    this.emit('gap', this.#position);
  }

  /** @internal */
  tell(change: 'joined' | 'left', member: PresentMember): void {
    this.emit(change, member);
  }

  /** @internal */
  failed(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#isThere = false;
    this.emit('closed', error);
    this.#awaken();
  }

  #pause(): void {
    this.#isPaused = true;
    this.#isThere = false;
    this.#ports.end();
  }

  #resume(): void {
    if (!this.#isPaused || this.#end !== undefined) return;
    this.#isPaused = false;
    this.#ports.begin();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #awaken(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

export function entryOf({ encoding, data, ...message }: PublishedMessage): ChannelEntry {
  if (encoding === 'json') return { ...message, data: JSON.parse(data) };
  return { ...message, data: Uint8Array.from(atob(data), (character) => character.charCodeAt(0)) };
}
