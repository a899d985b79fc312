/**
 * Values under several keys, one after the other. One map whose keys are all of them in one text would hash that text
 * anew for each question, which is most of the time of rating a long month.
 */
export class Nested<Value> {
  readonly #below = new Map<string | number, Nested<Value>>();
  readonly #values = new Map<string, Value>();

  at(key: string | number): Nested<Value> {
    const known = this.#below.get(key);
    if (known !== undefined) return known;
    const below = new Nested<Value>();
    this.#below.set(key, below);
    return below;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
  }
}
