import type { LogPosition } from '../signaling/channel-messages.ts';
import type { Channel } from './channel.ts';
import { Listened } from './listened.ts';
import type { ChannelEntry, Subscription } from './subscription.ts';

/** What an endpoint was told. */
export interface Notice {
  readonly id: string;
  readonly title: string;
  readonly body?: string;
  readonly data?: unknown;
  readonly tag?: string;
  /** Of it among what the endpoint was told: give the last one as `from`, and nothing in between is missed. */
  readonly position: LogPosition;
  /** Says that it was read. Answers whether that is known now. */
  read(): Promise<boolean>;
}

export interface NoticeEvents {
  notice: Notice;
  /** Some were kept no longer when the connection was back. */
  gap: LogPosition;
  /** For good: the platform refuses it, or the client was closed. */
  closed: Error;
}

export interface NoticesOptions {
  /** The last one that is known. Default: only those from now on. */
  readonly from?: LogPosition;
}

/** Says what became of a notice by its link; false where that did not come through. */
export type SendReceipt = (url: string) => Promise<boolean>;

/** What the endpoint of one client is told while it is connected (NTF). */
export class Notices extends Listened<NoticeEvents> {
  /** @internal */
  protected readonly subscription: Subscription;
  readonly #send: SendReceipt;

  /** @internal */
  constructor(channel: Channel, { from, send }: NoticesOptions & { readonly send: SendReceipt }) {
    super();
    this.#send = send;
    // Present, so that the platform knows that somebody hears.
    this.subscription = channel.subscribe({ presence: true, ...(from === undefined ? {} : { from }) });
    this.subscription.on('gap', (position) => this.emit('gap', position));
    this.subscription.on('closed', (error) => this.emit('closed', error));
  }

  /** Resolves once it is there; throws why it is refused. */
  async ready(): Promise<this> {
    await this.subscription.ready();
    return this;
  }

  /** Is told nothing more. */
  close(): void {
    this.subscription.unsubscribe();
  }

  protected override heard({ data: told, epoch, offset }: ChannelEntry): void {
    // What is published there by other means is none.
    if (!isNotice(told)) return;
    const { noticeId: id, receiptUrl, title, body, data, tag } = told;
    this.emit('notice', {
      ...{ id, title, position: { epoch, offset } },
      ...(body === undefined ? {} : { body }),
      ...(data === undefined ? {} : { data }),
      ...(tag === undefined ? {} : { tag }),
      read: () => this.#send(`${receiptUrl}&receipt=read`),
    });
    void this.#send(`${receiptUrl}&receipt=delivered`);
  }
}

interface Told {
  readonly noticeId: string;
  readonly receiptUrl: string;
  readonly title: string;
  readonly body?: string;
  readonly data?: unknown;
  readonly tag?: string;
}

function isNotice(told: unknown): told is Told {
  if (typeof told !== 'object' || told === null) return false;
  const { noticeId, receiptUrl, title } = told as Readonly<Record<string, unknown>>;
  return typeof noticeId === 'string' && typeof receiptUrl === 'string' && typeof title === 'string';
}

/** Where an endpoint hears of what it is told. */
export const noticesChannelOf = (identity: string): string => `notices:${identity}`;

/** Without a body and a header: so a browser asks nothing before, wherever the page is from. It never throws. */
export const sendReceipt: SendReceipt = async (url) => {
  try {
    // Of an answer from elsewhere a page sees nothing: that one came is all there is to know.
    const { ok, type } = await fetch(url, { method: 'POST', mode: 'no-cors', keepalive: true });
    return ok || type === 'opaque';
  } catch {
    return false;
  }
};
