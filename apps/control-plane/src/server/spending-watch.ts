import type { SpendingStore } from '@patchbay/adapters/spending/spending-store';
import { type Period, periodAt } from '@patchbay/domain/billing/period';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';

/** Who watches an account is asked again after this time: so much later a new limit is noticed by use. */
const WATCHED_KEEP_MS = 2_000;
const ACCOUNT_COUNT_MAX = 10_000;
/** Between two ratings of one account: what comes meanwhile is rated together. */
const ROUND_PAUSE_MS = 250;

export type Used = Pick<UsageRecord, 'accountId' | 'service' | 'toMs'> & {
  readonly quantities: readonly { readonly meter: string }[];
};

interface Dirty {
  readonly accountId: string;
  readonly period: Period;
  readonly meters: Set<string>;
}

export interface SpendingWatchOptions {
  readonly store: Pick<SpendingStore, 'watched'>;
  /** Rates it, and does what follows. */
  readonly evaluate: (use: Dirty) => Promise<void>;
  /** By how much the clocks of those who used something are ahead, of those that are: it says in which month they did. */
  readonly aheadOf?: (uses: readonly Used[]) => Promise<ReadonlyMap<string, number>>;
  readonly nowMs: () => number;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Notices use of accounts whose spend somebody watches, and has the touched meters rated: a few times a second at most,
 * however many batches come. Ingest does not wait for it. What a process that dies has not rated is found by the regular
 * round.
 */
export class SpendingWatch {
  readonly #options: SpendingWatchOptions;
  readonly #known = new Map<string, { readonly watchedIds: readonly string[]; readonly readAtMs: number }>();
  #waiting: Used[] = [];
  #round: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: SpendingWatchOptions) {
    this.#options = options;
  }

  used(records: readonly Used[]): void {
    if (records.length === 0 || this.#isStopped) return;
    this.#waiting.push(...records);
    this.#round ??= this.#rounds().finally(() => {
      this.#round = undefined;
    });
  }

  /** Resolves when nothing is rated any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#round;
  }

  /** Resolves when what came until now is rated. */
  async settled(): Promise<void> {
    await this.#round;
  }

  async #rounds(): Promise<void> {
    while (this.#waiting.length > 0) {
      const records = this.#waiting;
      this.#waiting = [];
      try {
        const dirty = await this.#dirtyOf(records);
        for (const each of dirty) await this.#rated(each);
        if (dirty.length > 0 && !this.#isStopped) await pause(ROUND_PAUSE_MS);
      } catch (error) {
        // Usage is stored: the next use of these accounts, or the regular round, rates it.
        this.#options.onFailure(error);
      }
    }
  }

  /** What cannot be rated of one account keeps nobody else waiting. */
  async #rated(use: Dirty): Promise<void> {
    await this.#options.evaluate(use).catch(this.#options.onFailure);
  }

  async #dirtyOf(records: readonly Used[]): Promise<readonly Dirty[]> {
    await this.#readUnknown([...new Set(records.map(({ accountId }) => accountId))]);
    const aheadMs = await this.#options.aheadOf?.(records);
    const dirty = new Map<string, Dirty>();
    for (const { accountId: usedBy, service, toMs, quantities } of records) {
      for (const accountId of this.#known.get(usedBy)?.watchedIds ?? []) {
        const period = periodAt(toMs + (aheadMs?.get(usedBy) ?? 0));
        const key = `${accountId} ${period.name}`;
        const each = dirty.get(key) ?? { accountId, period, meters: new Set<string>() };
        for (const { meter } of quantities) each.meters.add(`${service}.${meter}`);
        dirty.set(key, each);
      }
    }
    return [...dirty.values()];
  }

  /** A batch has up to a thousand accounts, and hardly any is watched: one question finds out. */
  async #readUnknown(accountIds: readonly string[]): Promise<void> {
    const { store, nowMs } = this.#options;
    const readAtMs = nowMs();
    const unknown = accountIds.filter(
      (id) => readAtMs - (this.#known.get(id)?.readAtMs ?? Number.NEGATIVE_INFINITY) >= WATCHED_KEEP_MS,
    );
    if (unknown.length === 0) return;
    const watched = await store.watched(unknown);
    for (const id of unknown) {
      this.#known.delete(id);
      this.#known.set(id, { watchedIds: watched.get(id) ?? [], readAtMs });
    }
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= ACCOUNT_COUNT_MAX) break;
      this.#known.delete(oldest);
    }
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
