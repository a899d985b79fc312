/** Credential prefixes and keys that were revoked. Bounded: the oldest go first, and their credentials expired long ago. */
export class Revocations {
  readonly #prefixIds = new Set<string>();
  readonly #keyIds = new Set<string>();
  readonly #countMax: number;

  constructor(countMax = 200_000) {
    this.#countMax = countMax;
  }

  addPrefix(prefixId: string): void {
    this.#add(this.#prefixIds, prefixId);
  }

  addKey(keyId: string): void {
    this.#add(this.#keyIds, keyId);
  }

  #add(ids: Set<string>, id: string): void {
    ids.add(id);
    for (const oldest of ids) {
      if (ids.size <= this.#countMax) break;
      ids.delete(oldest);
    }
  }

  has({ keyId, prefixIds }: { readonly keyId: string; readonly prefixIds: readonly string[] }): boolean {
    return this.#keyIds.has(keyId) || prefixIds.some((prefixId) => this.#prefixIds.has(prefixId));
  }
}
