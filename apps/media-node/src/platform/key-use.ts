/** Credentials whose key is remembered; the one resolved longest ago is let go. */
const CREDENTIAL_COUNT_MAX = 20_000;
/** A key is reported at most this often: it is for people, who look at the day (ACC-4). */
export const REPORTED_EVERY_MS = 60_000;
export const KEY_USE_COUNT_MAX = 1_000;

export interface UsedKey {
  readonly keyId: string;
  readonly accountId: string;
}

/** Which keys minted the credentials that are used here. */
export class KeyUse {
  readonly #keyOf = new Map<string, UsedKey>();
  readonly #reportedMs = new Map<string, number>();
  readonly #due = new Map<string, UsedKey>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** A credential was resolved by its name, which proves nothing yet: this says only whose its use will be. */
  resolved(credentialId: string, key: UsedKey): void {
    this.#keyOf.delete(credentialId);
    this.#keyOf.set(credentialId, key);
    for (const oldest of this.#keyOf.keys()) {
      if (this.#keyOf.size <= CREDENTIAL_COUNT_MAX) break;
      this.#keyOf.delete(oldest);
    }
  }

  /** A credential was proven, or usage of it reported. */
  used(credentialId: string): void {
    const key = this.#keyOf.get(credentialId);
    if (key !== undefined) this.#note(key);
  }

  /** What is to be reported now. It is not due again within a minute. */
  take(): readonly UsedKey[] {
    const nowMs = this.#nowMs();
    for (const [keyId, reportedMs] of this.#reportedMs)
      if (nowMs - reportedMs >= REPORTED_EVERY_MS) this.#reportedMs.delete(keyId);
    const taken = [...this.#due.values()].slice(0, KEY_USE_COUNT_MAX);
    for (const { keyId } of taken) {
      this.#due.delete(keyId);
      this.#reportedMs.set(keyId, nowMs);
    }
    return taken;
  }

  #note(key: UsedKey): void {
    const reportedMs = this.#reportedMs.get(key.keyId) ?? Number.NEGATIVE_INFINITY;
    if (this.#nowMs() - reportedMs >= REPORTED_EVERY_MS) this.#due.set(key.keyId, key);
  }
}
