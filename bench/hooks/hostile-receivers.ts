import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { HostileKind } from '../../apps/media-node/src/jobs/testing/receivers.ts';

export type HostileWord =
  | { readonly type: 'slow'; readonly answerMs: number }
  | { readonly type: 'hostile'; readonly kind: HostileKind }
  /** How many requests the slow one holds or has answered. */
  | { readonly type: 'slowCount' }
  | { readonly type: 'close' };

export interface HostileAnswer {
  readonly number: number;
  readonly value: string | number;
}

/** The process of hostile receivers, as the bench speaks with it. */
export class HostileProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: string | number) => void>();
  #number = 0;

  constructor() {
    this.#child = fork(path.join(import.meta.dirname, 'hostile-process.ts'));
    this.#child.on('message', ({ number, value }: HostileAnswer) => {
      this.#waiting.get(number)?.(value);
      this.#waiting.delete(number);
    });
  }

  async url(word: Extract<HostileWord, { type: 'slow' | 'hostile' }>): Promise<string> {
    return String(await this.#ask(word));
  }

  async slowCount(): Promise<number> {
    return Number(await this.#ask({ type: 'slowCount' }));
  }

  async close(): Promise<void> {
    await this.#ask({ type: 'close' });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(word: HostileWord): Promise<string | number> {
    const number = ++this.#number;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#child.send({ number, word });
    });
  }
}
