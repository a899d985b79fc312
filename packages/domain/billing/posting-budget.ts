/** Readings of one statement that may post within `WINDOW_MS`. */
const POSTING_COUNT_MAX = 5;
const WINDOW_MS = 5 * 60_000;
/** Statements that are remembered. When there are more, all are forgotten: nothing worse than a posting too many. */
const STATEMENT_COUNT_MAX = 10_000;

/**
 * How often reading may post: once a minute for each statement, up to five at once, because somebody who looks after a
 * call wants the ledger to have it. What is not posted then, the regular accrual posts.
 */
export class PostingBudget {
  readonly #postedMs = new Map<string, readonly number[]>();

  /** Whether the reading at `nowMs` may post. It counts if it may. */
  take(statement: string, nowMs: number): boolean {
    const recent = (this.#postedMs.get(statement) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
    if (recent.length >= POSTING_COUNT_MAX) return false;
    if (this.#postedMs.size >= STATEMENT_COUNT_MAX) this.#postedMs.clear();
    this.#postedMs.set(statement, [...recent, nowMs]);
    return true;
  }
}
