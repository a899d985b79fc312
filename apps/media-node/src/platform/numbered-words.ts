/** Words that wait for the other side, and characters of them. One that falls behind by more is given up. */
const KEPT_COUNT_MAX = 10_000;
const KEPT_CHARACTERS_MAX = 16 * 1024 * 1024;

/**
 * Words of one side of a line between nodes, in order and each once over any number of connections: each has a number, is kept
 * until the other side has it, and goes again with the next connection.
 */
export class NumberedWords<Word extends object> {
  readonly #kept: { readonly number: number; readonly text: string }[] = [];
  #keptCharacters = 0;
  #count = 0;
  #heard = 0;

  /** Of the other side: up to which number its words were heard here. */
  get heardThrough(): number {
    return this.#heard;
  }

  /** The text to send now. */
  stamp(word: Word): string {
    this.#count += 1;
    const number = this.#count;
    const text = JSON.stringify({ type: 'word', number, word });
    this.#kept.push({ number, text });
    this.#keptCharacters += text.length;
    return text;
  }

  /** More waits than may. */
  get isOverfull(): boolean {
    return this.#kept.length > KEPT_COUNT_MAX || this.#keptCharacters > KEPT_CHARACTERS_MAX;
  }

  /** The other side has heard up to this number. */
  acknowledge(through: number): void {
    while ((this.#kept[0]?.number ?? Number.POSITIVE_INFINITY) <= through)
      this.#keptCharacters -= this.#kept.shift()?.text.length ?? 0;
  }

  /** What the other side lacks. */
  unheard(): readonly string[] {
    return this.#kept.map(({ text }) => text);
  }

  /** True for a word of the other side that was not heard before. */
  admit(number: number): boolean {
    if (number <= this.#heard) return false;
    this.#heard = number;
    return true;
  }
}
