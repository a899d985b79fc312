import type { LogPosition } from '../signaling/channel-messages.ts';
import type { Channel, PublishReceipt } from './channel.ts';
import { Listened } from './listened.ts';
import type { ChannelEntry, Subscription } from './subscription.ts';

/** A message from one endpoint to another. */
export interface DirectMessage {
  readonly messageId: string;
  /** The identity that sent it, as the platform knows it; absent of one that a server sent. */
  readonly from?: string;
  readonly data: unknown;
  readonly sentAtMs: number;
  /** Give the last one as `from`, and nothing is missed or told twice. */
  readonly position: LogPosition;
  /** Tells whoever sent it that it was read. */
  read(): Promise<void>;
}

/** What became of a message that was sent. */
export interface MessageReceipt {
  readonly messageId: string;
  /** Who says so, as the platform knows it. */
  readonly by: string;
  readonly receipt: 'delivered' | 'read';
  readonly position: LogPosition;
}

export interface MessagesEvents {
  message: DirectMessage;
  receipt: MessageReceipt;
  /** Some were kept no longer when the connection was back. */
  gap: LogPosition;
  /** For good: the platform refuses it, or the client was closed. */
  closed: Error;
}

export interface MessagesOptions {
  /** The last one that is known. Default: all that is held, a week back. */
  readonly from?: LogPosition;
}

/** Where an endpoint is written to by others of its account. */
export const directChannelOf = (identity: string): string => `direct:${identity}`;

/** A position before all there is, of no log: whoever has none is told what is held. */
const BEFORE_ALL: LogPosition = { epoch: '0', offset: 0 };

type Word =
  | { readonly kind: 'message'; readonly data: unknown }
  | { readonly kind: 'receipt'; readonly messageId: string; readonly receipt: MessageReceipt['receipt'] };

/** What one endpoint and others write to each other, held for whoever is away (NTF). */
export class Messages extends Listened<MessagesEvents> {
  readonly #channelOf: (name: string) => Channel;
  /** @internal */
  protected readonly subscription: Subscription;
  readonly #identity: string;
  #isFirst: boolean;

  /** @internal */
  constructor(
    channelOf: (name: string) => Channel,
    { identity, from }: MessagesOptions & { readonly identity: string },
  ) {
    super();
    this.#channelOf = channelOf;
    this.#identity = identity;
    this.subscription = channelOf(directChannelOf(identity)).subscribe({ from: from ?? BEFORE_ALL });
    this.#isFirst = from === undefined;
    this.subscription.on('gap', (position) => {
      // Of what was gone before the first visit nobody misses anything.
      if (!this.#isFirst) this.emit('gap', position);
    });
    this.subscription.on('closed', (error) => this.emit('closed', error));
  }

  /** Resolves once it is there; throws why it is refused. */
  async ready(): Promise<this> {
    await this.subscription.ready();
    return this;
  }

  /** Writes JSON to an identity of the account. Resolves once the platform holds it; throws a PatchbayError when it is refused. */
  async send(to: string, data: unknown): Promise<PublishReceipt> {
    return await this.#tell(to, { kind: 'message', data });
  }

  /** Is told nothing more. */
  close(): void {
    this.subscription.unsubscribe();
  }

  protected override heard(entry: ChannelEntry): void {
    const { messageId, publisher, data: word, publishedAtMs: sentAtMs, epoch, offset } = entry;
    this.#isFirst = false;
    const position = { epoch, offset };
    if (isReceipt(word)) {
      if (publisher !== undefined)
        this.emit('receipt', { messageId: word.messageId, by: publisher, receipt: word.receipt, position });
      return;
    }
    const data = isMessage(word) ? word.data : word;
    const say = async (receipt: MessageReceipt['receipt']): Promise<void> => {
      // Nobody is told of what a server or they themselves sent.
      if (publisher === undefined || publisher === this.#identity) return;
      await this.#tell(publisher, { kind: 'receipt', messageId, receipt });
    };
    this.emit('message', {
      ...{ messageId, data, sentAtMs, position },
      ...(publisher === undefined ? {} : { from: publisher }),
      read: () => say('read'),
    });
    // Whoever is told so less is told when it is read.
    say('delivered').catch(() => undefined);
  }

  #tell(to: string, word: Word): Promise<PublishReceipt> {
    return this.#channelOf(directChannelOf(to)).publish(word);
  }
}

const fieldsOf = (word: unknown): Readonly<Record<string, unknown>> =>
  typeof word === 'object' && word !== null ? (word as Readonly<Record<string, unknown>>) : {};

const isMessage = (word: unknown): word is Extract<Word, { kind: 'message' }> =>
  fieldsOf(word).kind === 'message';

function isReceipt(word: unknown): word is Extract<Word, { kind: 'receipt' }> {
  const { kind, messageId, receipt } = fieldsOf(word);
  return (
    kind === 'receipt' && typeof messageId === 'string' && (receipt === 'delivered' || receipt === 'read')
  );
}
