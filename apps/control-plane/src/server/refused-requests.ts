import { REFUSED_PER_ACCOUNT_MAX, type RefusedRequest } from '@patchbay/domain/decisions/refused-request';

/** Refused requests of one account that are kept within a minute: enough to find one's own, too few to fill a disk. */
export const KEPT_PER_MINUTE_MAX = 120;
/** Of all accounts together, while the database is slow. */
export const WAITING_COUNT_MAX = Math.min(REFUSED_PER_ACCOUNT_MAX, 5_000);
const WRITTEN_AFTER_MS = 100;
const MINUTE_MS = 60_000;

interface Options {
  readonly keep: (accountId: string, refused: readonly RefusedRequest[]) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Writes refused requests down behind the answers, several at once: a refusal costs its caller no wait and the database
 * no transaction of its own. What comes faster than may be kept is not kept, and counts as left out.
 */
export class RefusedRequests {
  readonly #options: Options;
  #waiting: RefusedRequest[] = [];
  #kept = new Map<string, { readonly minute: number; count: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** How many were not kept since the start. */
  leftOutCount = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  note(refused: RefusedRequest): void {
    const minute = Math.floor(refused.atMs / MINUTE_MS);
    const known = this.#kept.get(refused.accountId);
    const count = known?.minute === minute ? known.count : 0;
    if (count >= KEPT_PER_MINUTE_MAX || this.#waiting.length >= WAITING_COUNT_MAX) {
      this.leftOutCount += 1;
      return;
    }
    // Accounts of minutes that are over tell nothing any more.
    if (this.#kept.size > WAITING_COUNT_MAX) this.#kept.clear();
    this.#kept.set(refused.accountId, { minute, count: count + 1 });
    this.#waiting.push(refused);
    this.#timer ??= setTimeout(() => void this.written(), WRITTEN_AFTER_MS).unref();
  }

  /** Resolves when all that was noted so far is written, or was said to have failed. */
  written(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const noted = this.#waiting;
    this.#waiting = [];
    this.#writing = this.#writing.then(() => this.#write(noted));
    return this.#writing;
  }

  async #write(noted: readonly RefusedRequest[]): Promise<void> {
    for (const [accountId, refused] of Map.groupBy(noted, (each) => each.accountId)) {
      await this.#options.keep(accountId, refused).catch(this.#options.onFailure);
    }
  }
}
