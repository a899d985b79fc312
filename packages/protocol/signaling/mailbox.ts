import { isTransient } from './messages.ts';

/** At most so many frames, and so many characters of them, are kept for the other side. The oldest are let go. */
export const keptFramesMax = 256;
export const keptCharactersMax = 1024 * 1024;

interface Numbered {
  readonly sequence: number;
}
interface Message {
  readonly type: Parameters<typeof isTransient>[0];
}

/** A frame that the other side may lack, as it goes on the wire. */
export interface KeptFrame {
  readonly sequence: number;
  readonly source: string;
}

/** What one side has to remember so that another process goes on in its place. */
export interface SavedOutbox {
  readonly lastSequence: number;
  /** In order. */
  readonly kept: readonly KeptFrame[];
}

/**
 * Numbers what one side sends and keeps it until the other side has it, so that a resumed connection loses
 * nothing and delivers nothing twice.
 */
export class Outbox<Sent extends Message> {
  readonly #encode: (frame: Sent & Numbered) => string;
  #kept: KeptFrame[] = [];
  #keptCharacters = 0;
  #lastSequence = 0;

  constructor(encode: (frame: Sent & Numbered) => string, saved?: SavedOutbox) {
    this.#encode = encode;
    if (saved === undefined) return;
    this.#lastSequence = saved.lastSequence;
    for (const frame of saved.kept) this.#keep(frame);
  }

  /** Of the last frame that is kept until the other side has it. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  get kept(): readonly KeptFrame[] {
    return this.#kept;
  }

  /** The text to put on the wire now. */
  stamp(message: Sent): string {
    if (isTransient(message.type)) return this.#encode({ ...message, sequence: this.#lastSequence });
    const sequence = this.#lastSequence + 1;
    const source = this.#encode({ ...message, sequence });
    this.#lastSequence = sequence;
    this.#keep({ sequence, source });
    return source;
  }

  /** The other side has everything up to and including this number. */
  acknowledge(sequence: number): void {
    while ((this.#kept[0]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) this.#forgetOldest();
  }

  /** What the other side lacks, in order, or undefined when some of it had to be let go. */
  after(sequence: number): readonly string[] | undefined {
    const firstKept = this.#kept[0]?.sequence ?? this.#lastSequence + 1;
    if (sequence + 1 < firstKept || sequence > this.#lastSequence) return undefined;
    return this.#kept.filter((kept) => kept.sequence > sequence).map(({ source }) => source);
  }

  #keep(frame: KeptFrame): void {
    this.#kept.push(frame);
    this.#keptCharacters += frame.source.length;
    while (this.#kept.length > keptFramesMax || this.#keptCharacters > keptCharactersMax)
      this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#kept.shift();
    if (oldest !== undefined) this.#keptCharacters -= oldest.source.length;
  }
}

/** Tells a new frame from one that was sent again. */
export class Inbox {
  #lastSequence: number;

  constructor(lastSequence = 0) {
    this.#lastSequence = lastSequence;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** True when the frame is to be acted on. */
  admit(frame: Numbered & Message): boolean {
    if (isTransient(frame.type)) return true;
    if (frame.sequence <= this.#lastSequence) return false;
    this.#lastSequence = frame.sequence;
    return true;
  }
}
