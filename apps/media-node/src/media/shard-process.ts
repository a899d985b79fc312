import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { ShardReport, ShardWord } from './shard-words.ts';

const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 5_000;
/** One that ran for so long had started well: its next failure is a new one. */
const STEADY_MS = 10_000;

/** What each such process says of itself, whatever it is for. */
type SelfReport = { readonly type: 'ready' } | { readonly type: 'unable'; readonly detail: string };

export interface ShardProcessOptions<Report = Exclude<ShardReport, SelfReport>> {
  /** Default: the shard. */
  readonly program?: string;
  readonly onReady: () => void;
  readonly onReport: (report: Report) => void;
  /** It ended unasked, and its legs with it. Another one is started at once. */
  readonly onDied: (how: string) => void;
  /** What it needs is not on this machine, such as WebRTC: it is not started again. */
  readonly onUnable: (detail: string) => void;
}

/** What it says of its work, not of itself. */
function isOfWork<Report extends { readonly type: string }>(report: Report | SelfReport): report is Report {
  return report.type !== 'ready' && report.type !== 'unable';
}

/** One shard, which is another process after each crash. A mixer is one as well, with words of its own. */
export class ShardProcess<
  Word extends object = ShardWord,
  Report extends { readonly type: string } = Exclude<ShardReport, SelfReport>,
> {
  readonly #options: ShardProcessOptions<Report>;
  #child: ChildProcess | undefined;
  #restartInMs = RESTART_MS_MIN;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  isReady = false;

  constructor(options: ShardProcessOptions<Report>) {
    this.#options = options;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  send(word: Word): void {
    if (this.#child?.connected === true) this.#child.send(word);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Its legs are over by now, and nothing in it is to be kept.
    child.kill('SIGKILL');
    await ended;
  }

  #start(): void {
    const startedMs = performance.now();
    const { program = path.join(import.meta.dirname, 'shard.ts') } = this.#options;
    const child = fork(program, [], {
      // Samples cross as they are.
      serialization: 'advanced',
      execArgv: [],
      // Strangers' packets are read there: it knows nothing that it does not need.
      env: { NODE_ENV: 'production' },
    });
    this.#child = child;
    child.on('message', (report: Report | SelfReport) => {
      if (isOfWork(report)) this.#options.onReport(report);
      else if (report.type === 'ready') {
        this.isReady = true;
        this.#options.onReady();
      } else {
        this.#isStopped = true;
        this.#options.onUnable(report.detail);
      }
    });
    let isOver = false;
    const end = (how: string): void => {
      if (isOver) return;
      isOver = true;
      this.isReady = false;
      if (this.#isStopped) return;
      if (performance.now() - startedMs > STEADY_MS) this.#restartInMs = RESTART_MS_MIN;
      this.#timer = setTimeout(() => this.#start(), this.#restartInMs);
      this.#restartInMs = Math.min(RESTART_MS_MAX, this.#restartInMs * 2);
      this.#options.onDied(how);
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  }
}
