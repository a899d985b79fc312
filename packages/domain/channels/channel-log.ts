/**
 * A channel is a log: each message has the next number. `epoch` names the log itself, so that a number of a log that was
 * removed is never taken for one of the log that began in its place. Decision 0019.
 */
export interface ChannelPosition {
  readonly epoch: string;
  /** Of the last message that was seen, or of the log's last one; 0 before the first. */
  readonly offset: number;
}

export interface ChannelMessage {
  readonly epoch: string;
  readonly offset: number;
}

/** The epoch of a log in which nothing was ever published. */
export const NO_EPOCH = '-';

/** A part of a log, as whoever keeps it answers. */
export interface LogPart<Message extends ChannelMessage> {
  readonly epoch: string;
  /** Of the newest message that was ever published, whether or not it is kept. */
  readonly headOffset: number;
  /** From here on all is kept, but what has outlived its own time; `headOffset + 1` where nothing is. */
  readonly firstOffset: number;
  /** In order, each behind the position that was asked for. */
  readonly messages: readonly Message[];
  /** This part says all that is kept up to here. */
  readonly throughOffset: number;
}

/** What a reader has to be told, in this order: first that something is lost, and then what comes behind that. */
export interface ReadStep<Message> {
  /** Everything up to this position is lost to the reader: it was kept no longer when it came. */
  readonly gap?: ChannelPosition;
  readonly messages: readonly Message[];
  /** Something is missing that the log has: it is to be read behind `position`, and given to `catchUp`. */
  readonly isBehind: boolean;
}

/** Messages that wait for those before them. More are let go, and read from the log. */
export const heldMessagesMax = 64;

/**
 * One reader of a log. It hears messages as they are published, in any order, repeated or not at all, and reads from the log
 * what it missed: each message comes out once and in order, or the reader is told that it is lost.
 */
export class LogReader<Message extends ChannelMessage> {
  #position: ChannelPosition;
  readonly #held = new Map<number, Message>();
  #isReading = false;
  /** Since the log was last asked for: something was heard, or may have been said, that is not held. */
  #hasMissed = false;

  constructor(position: ChannelPosition) {
    this.#position = position;
  }

  /** Of the last message that came out. */
  get position(): ChannelPosition {
    return this.#position;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  hear(message: Message): ReadStep<Message> {
    const { epoch, offset } = this.#position;
    if (message.epoch === epoch && message.offset <= offset) return this.#step([]);
    if (message.epoch !== epoch) this.#hasMissed = true;
    else if (this.#held.size < heldMessagesMax) this.#held.set(message.offset, message);
    else this.#hasMissed = true;
    return this.#step(this.#isReading ? [] : this.#takeHeld());
  }

  /** Something may have been published that was not heard. */
  mistrust(): ReadStep<Message> {
    this.#hasMissed = true;
    return this.#step([]);
  }

  /** The part of the log behind `position`, as it was asked for. */
  catchUp(part: LogPart<Message>): ReadStep<Message> {
    this.#isReading = false;
    if (part.throughOffset < part.headOffset) this.#hasMissed = true;
    const gap = this.#gapBefore(part);
    if (gap !== undefined) this.#position = gap;
    const messages: Message[] = [];
    for (const message of part.messages) {
      if (message.offset <= this.#position.offset) continue;
      messages.push(message);
      this.#position = { epoch: part.epoch, offset: message.offset };
    }
    if (part.throughOffset > this.#position.offset)
      this.#position = { epoch: part.epoch, offset: part.throughOffset };
    for (const offset of [...this.#held.keys()])
      if (offset <= this.#position.offset) this.#held.delete(offset);
    messages.push(...this.#takeHeld());
    return { ...this.#step(messages), ...(gap === undefined ? {} : { gap }) };
  }

  /** The part could not be read. It is asked for again with the next message, or the next mistrust. */
  failed(): void {
    this.#isReading = false;
    this.#hasMissed = true;
  }

  #gapBefore({ epoch, firstOffset, headOffset }: LogPart<Message>): ChannelPosition | undefined {
    const lostThrough = { epoch, offset: firstOffset - 1 };
    if (epoch !== this.#position.epoch) {
      this.#held.clear();
      if (this.#position.epoch !== NO_EPOCH || firstOffset > 1) return lostThrough;
      // The log began after it was looked at, and all of it is there.
      this.#position = lostThrough;
      return undefined;
    }
    const isWhole = firstOffset <= this.#position.offset + 1 || headOffset <= this.#position.offset;
    return isWhole ? undefined : lostThrough;
  }

  /** What is held and comes next, without a hole. */
  #takeHeld(): Message[] {
    const taken: Message[] = [];
    for (;;) {
      const next = this.#held.get(this.#position.offset + 1);
      if (next === undefined) return taken;
      this.#held.delete(next.offset);
      taken.push(next);
      this.#position = { epoch: next.epoch, offset: next.offset };
    }
  }

  #step(messages: readonly Message[]): ReadStep<Message> {
    const isBehind = !this.#isReading && (this.#hasMissed || this.#held.size > 0);
    if (isBehind) {
      this.#isReading = true;
      this.#hasMissed = false;
    }
    return { messages, isBehind };
  }
}
