/** Of a file that is still being made: the last part is its storing. */
const PERCENT_MAX = 99;

/**
 * How far FFmpeg is, by what it writes with -progress, which may come in any pieces.
 * @param plannedMs how long what it makes will be. Undefined: nobody knows, and it stays at 0.
 */
export class ProgressReader {
  readonly #plannedMs: number | undefined;
  #rest = '';
  #percent = 0;
  #madeMs: number | undefined;

  constructor(plannedMs: number | undefined) {
    this.#plannedMs = plannedMs;
  }

  /** 0 to 99. It never goes back. */
  get percent(): number {
    return this.#percent;
  }

  /** How long what it has made is. */
  get madeMs(): number | undefined {
    return this.#madeMs;
  }

  read(bytes: Uint8Array): void {
    const lines = (this.#rest + Buffer.from(bytes).toString('latin1')).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-200);
    for (const line of lines) {
      const [, microseconds] = /^out_time_us=(\d{1,15})$/.exec(line.trim()) ?? [];
      if (microseconds === undefined) continue;
      this.#madeMs = Math.round(Number(microseconds) / 1_000);
      if (this.#plannedMs === undefined || this.#plannedMs <= 0) continue;
      const percent = Math.floor((100 * this.#madeMs) / this.#plannedMs);
      this.#percent = Math.max(this.#percent, Math.min(PERCENT_MAX, percent));
    }
  }
}
