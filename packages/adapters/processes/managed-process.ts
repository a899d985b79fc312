import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';

const restartMsMin = 100;
const restartMsMax = 5_000;
/** A part that ran for so long had started well: its next failure is a new one. */
const steadyMs = 10_000;
const lastLineCountMax = 20;
/** From the second asking to force. */
const hurryMs = 2_000;
const dieWithParent = new URL('./die-with-parent.ts', import.meta.url).href;

export interface ManagedProcessOptions {
  readonly name: string;
  /** A Node program and its arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What it prints, on either stream, as it comes. */
  readonly onOutput: (chunk: Buffer) => void;
  /** It ended unasked. It is started again after `restartInMs`. */
  readonly onCrash: (crash: {
    readonly name: string;
    readonly how: string;
    readonly restartInMs: number;
  }) => void;
}

/** A program of ours that is started again whenever it ends unasked, and that ends with us even if we are killed. */
export class ManagedProcess {
  readonly #options: ManagedProcessOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #lastLines = '';
  #running: Promise<void>;

  constructor(options: ManagedProcessOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** For the message of a start that failed. */
  get lastLines(): string {
    return this.#lastLines.trim().split('\n').slice(-lastLineCountMax).join('\n');
  }

  /**
   * Asks it to end in its own time; after the limit asks again, which means at once; then ends it by force. It is
   * not started again.
   */
  async stop(limitMs: number): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    child?.kill('SIGTERM');
    const hurried = setTimeout(() => child?.kill('SIGTERM'), limitMs);
    const forced = setTimeout(() => child?.kill('SIGKILL'), limitMs + hurryMs);
    await this.#running;
    clearTimeout(hurried);
    clearTimeout(forced);
  }

  async #run(): Promise<void> {
    let restartInMs = restartMsMin;
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const how = await this.#runOnce();
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - startedAt > steadyMs) restartInMs = restartMsMin;
      this.#options.onCrash({ name: this.#options.name, how, restartInMs });
      await wait(restartInMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      restartInMs = Math.min(restartMsMax, restartInMs * 2);
    }
  }

  /** Runs it to its end, and says how it ended. */
  #runOnce(): Promise<string> {
    const { args, env, cwd } = this.#options;
    // A process group of its own: Ctrl-C in a terminal reaches us, and we end the parts in order.
    const child = spawn(process.execPath, ['--import', dieWithParent, ...args], {
      cwd,
      env: { ...env, NODE_ENV: 'production' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#options.onOutput(chunk);
      this.#lastLines = (this.#lastLines + chunk.toString()).slice(-10_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }
}
