import { addLags, type LagCounts } from '@patchbay/domain/metering/ingest-lag';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';

/** How long what was counted waits for others, so that a busy process writes one row a second and not one a batch. */
const WAIT_MS = 1_000;

export interface IngestLagOptions {
  readonly note: (counts: LagCounts) => Promise<void>;
  readonly nowMs: () => number;
  readonly onFailure: (error: unknown) => void;
}

/** How long after their use records are counted (MET-5): for operators, who are told by measures. It holds up nothing. */
export class IngestLag {
  readonly #options: IngestLagOptions;
  #counts: LagCounts = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IngestLagOptions) {
    this.#options = options;
  }

  /** Once they are committed. */
  counted(records: readonly UsageRecord[]): void {
    addLags(this.#counts, records, this.#options.nowMs());
    this.#timer ??= setTimeout(() => void this.flush(), WAIT_MS).unref();
  }

  /** What is lost with a process, or cannot be written, is a second of a measure. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counts = this.#counts;
    this.#counts = new Map();
    if (counts.size > 0) await this.#options.note(counts).catch(this.#options.onFailure);
  }
}
