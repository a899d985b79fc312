import type { Period } from '@patchbay/domain/billing/period';

/** What is wrong with one account's closing. */
export class ClosingFault extends Error {
  constructor(accountId: string, period: Period, cause: unknown) {
    super(`Account ${accountId} could not be closed for ${period.name}.`, { cause });
    this.name = 'ClosingFault';
  }
}

/** After so many in a row it is not the accounts that something is wrong with. */
const FAULTS_IN_A_ROW_MAX = 10;

/**
 * Accounts of a tree that a closing could not bring on, and those below them: their months wait for the next, and a later
 * month of theirs for the one before, or it would ask again for what that will ask for.
 */
export class LateAccounts {
  readonly faults: ClosingFault[] = [];
  readonly #late = new Set<string>();
  #inARow = 0;

  has(accountId: string): boolean {
    return this.#late.has(accountId);
  }

  isAny(): boolean {
    return this.#late.size > 0;
  }

  add(accountId: string): void {
    this.#late.add(accountId);
  }

  /** Does one account's step. What fails in it is this account's alone. */
  async holding(accountId: string, period: Period, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#inARow = 0;
    } catch (cause) {
      const fault = new ClosingFault(accountId, period, cause);
      if (++this.#inARow >= FAULTS_IN_A_ROW_MAX) throw fault;
      this.faults.push(fault);
      this.#late.add(accountId);
    }
  }
}
