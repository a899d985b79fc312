import { setTimeout as wait } from 'node:timers/promises';
import { type InactiveCode, inactiveCodes, inactiveLevel } from '@patchbay/domain/tenancy/account-state';
import type { AccountSnapshot, KeySnapshot, Snapshots } from './snapshots.ts';

/** Questions under way at once: a node with thousands of keys is through within the 5 seconds of POL-5. */
const RUNNING_COUNT_MAX = 32;
/** How soon what could not be answered is asked again. */
const RETRY_MS = 500;

/** How a role is told of what may not go on. */
interface Ending {
  readonly revokeKey: (keyId: string) => void;
  readonly stopAccount: (accountId: string, code: InactiveCode) => void;
  /** Of an account that may go on, under what its configuration says by now. False when nobody could say what. */
  readonly reviewAccount: (accountId: string) => Promise<boolean>;
}

interface RecheckOptions {
  readonly snapshots: { readonly [Kind in 'keys' | 'accounts']: Pick<Snapshots[Kind], 'get'> };
  /** Undefined as long as no role serves. */
  readonly revoker: () => Ending | undefined;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Looks again at what is held and may have changed; what may not go on is ended, the rest is held to what it may by now. */
export class Recheck {
  readonly #options: RecheckOptions;
  /** What waits to be looked at. An id that is named again while it waits is looked at once. */
  readonly #waiting = new Map<string, () => Promise<boolean>>();
  readonly #stopping = new AbortController();
  #runningCount = 0;

  constructor(options: RecheckOptions) {
    this.#options = options;
  }

  look(keyIds: readonly string[], accountIds: readonly string[]): void {
    for (const id of keyIds) this.#waiting.set(`key ${id}`, () => this.#lookAtKey(id));
    for (const id of accountIds) this.#waiting.set(`account ${id}`, () => this.#lookAtAccount(id));
    while (this.#runningCount < Math.min(RUNNING_COUNT_MAX, this.#waiting.size)) void this.#run();
  }

  stop(): void {
    this.#waiting.clear();
    this.#stopping.abort();
  }

  /** Takes what waits, one after the other, until nothing is left. */
  async #run(): Promise<void> {
    this.#runningCount++;
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      const [name, look] = next;
      const isAnswered = await look().catch(() => false);
      if (isAnswered || this.#stopping.signal.aborted) continue;
      // It comes behind the others, unless it was named again meanwhile.
      await this.#pause().catch(() => undefined);
      if (!this.#stopping.signal.aborted && !this.#waiting.has(name)) this.#waiting.set(name, look);
    }
    this.#runningCount--;
  }

  #take(): [string, () => Promise<boolean>] | undefined {
    const [next] = this.#waiting;
    if (next !== undefined) this.#waiting.delete(next[0]);
    return next;
  }

  #pause(): Promise<unknown> {
    const { pause = (ms, signal) => wait(ms, undefined, { signal }) } = this.#options;
    return pause(RETRY_MS, this.#stopping.signal);
  }

  /** False when nobody could say: what is known to have changed admits nobody meanwhile, and has to be asked again. */
  async #lookAtKey(keyId: string): Promise<boolean> {
    const found = await this.#options.snapshots.keys.get(keyId);
    if (found.kind === 'away') return false;
    if (found.kind === 'unknown' || found.snapshot.isRevoked) this.#options.revoker()?.revokeKey(keyId);
    else this.#endIfInactive(found.snapshot);
    return true;
  }

  async #lookAtAccount(accountId: string): Promise<boolean> {
    const found = await this.#options.snapshots.accounts.get(accountId);
    if (found.kind === 'away') return false;
    const revoker = this.#options.revoker();
    if (found.kind === 'unknown') revoker?.stopAccount(accountId, inactiveCodes.closed);
    else if (!this.#endIfInactive(found.snapshot)) return (await revoker?.reviewAccount(accountId)) ?? true;
    return true;
  }

  #endIfInactive({ chain, accountId }: KeySnapshot | AccountSnapshot): boolean {
    const stopped = inactiveLevel(chain);
    if (stopped !== undefined) this.#options.revoker()?.stopAccount(accountId, stopped.code);
    return stopped !== undefined;
  }
}
