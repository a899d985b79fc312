import { applicationPool } from '@patchbay/adapters/metering/tenants.testing';
import type { FakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import type pg from 'pg';

/** Nothing that a process would do after its end happens: whatever it had begun and not committed is rolled back. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** What a process asks of the world outside. */
export interface OutsideCall {
  readonly to: 'database' | 'stripe';
  /** The statement, or the method and path. */
  readonly text: string;
  /** 1 is its first. */
  readonly ordinal: number;
}

export interface Fate {
  /** Asked before each call: whether it is the end. */
  isEnd(call: OutsideCall): boolean | Promise<boolean>;
  /** Where the end is a request of Stripe: it still has its effect, and only its answer is lost. */
  readonly isRequestMade?: boolean;
}

export const immortal: Fate = { isEnd: () => false };

/** It ends at its n-th call. */
export const endsAt = (ordinal: number, isRequestMade = false): Fate => ({
  isEnd: (call) => call.ordinal === ordinal,
  isRequestMade,
});

/** Which of its calls may last: commits of what it wrote, what it writes without one, and requests that change something. */
function effects(): (call: OutsideCall) => boolean {
  let isInTransaction = false;
  let hasWritten = false;
  return ({ to, text }) => {
    if (to === 'stripe') return text.startsWith('POST');
    if (text.startsWith('BEGIN')) [isInTransaction, hasWritten] = [true, false];
    if (text === 'COMMIT' || text === 'ROLLBACK') isInTransaction = false;
    if (text === 'COMMIT') return hasWritten;
    const isWrite = /^\s*(INSERT|UPDATE|DELETE|WITH|SELECT ledger_)/.test(text) && !/\bjob_run\b/.test(text);
    hasWritten ||= isWrite;
    return isWrite && !isInTransaction;
  };
}

/**
 * The fates of processes one after the other, until nothing is left to do: each second one ends just after the first thing that
 * lasts and was not so before, and the one after it just before what comes next, with all that it had written there. So of
 * whatever lasts there is a process that ends before it and one that ends after it.
 */
export function* endingAroundEachEffect(print: () => Promise<string>): Generator<Fate> {
  // What is there already a process may write again, to no effect: so many come before the one that counts.
  let passedCount = 0;
  for (;;) {
    const [isEffect, untilCount] = [effects(), passedCount];
    let count = 0;
    yield { isEnd: (call) => isEffect(call) && count++ === untilCount };
    const mayLast = effects();
    let begun: string | undefined;
    let mayDiffer = false;
    passedCount = 0;
    yield {
      async isEnd(call) {
        begun ??= await print();
        if (mayDiffer && (await print()) !== begun) return true;
        mayDiffer = mayLast(call);
        if (mayDiffer) passedCount += 1;
        return false;
      },
    };
  }
}

/** A process whose fate is known. */
export class MortalProcess {
  readonly calls: OutsideCall[] = [];
  readonly #fate: Fate;
  #isDead = false;

  constructor(fate: Fate = immortal) {
    this.#fate = fate;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Connections that end with the process. */
  pool(url: string): pg.Pool {
    const statementOf = (given: unknown): string => {
      if (typeof given === 'string') return given;
      return typeof given === 'object' && given !== null && 'text' in given ? String(given.text) : '';
    };
    const mortal = <Of extends object>(of: Of): Of =>
      new Proxy(of, {
        get: (target, field) => {
          const held: unknown = Reflect.get(target, field, target);
          if (typeof held !== 'function') return held;
          if (field === 'query')
            return async (...given: unknown[]) => {
              if (await this.#ends('database', statementOf(given[0]))) throw new Died();
              return await held.apply(target, given);
            };
          if (field === 'connect')
            return async () => {
              if (this.#isDead) throw new Died();
              return mortal((await held.apply(target, [])) as object);
            };
          return held.bind(target);
        },
      });
    const pool = applicationPool(url, 2);
    // What is closed after a death may be closed only when its database goes: nobody is left whom that would trouble.
    pool.on('connect', (client) => client.on('error', () => undefined));
    return mortal(pool);
  }

  /** Whatever Stripe is asked from now on is asked by this process. */
  asks(stripe: FakeStripe): void {
    stripe.onRequest = async (request) => {
      const wasDead = this.#isDead;
      if (!(await this.#ends('stripe', request))) return;
      const isMade = !wasDead && this.#fate.isRequestMade === true;
      stripe.faults.unshift({ path: /./, kind: isMade ? 'lost' : 'unreached' });
    };
  }

  async #ends(to: OutsideCall['to'], text: string): Promise<boolean> {
    if (this.#isDead) return true;
    const call = { to, text, ordinal: this.calls.length + 1 };
    this.calls.push(call);
    this.#isDead = await this.#fate.isEnd(call);
    return this.#isDead;
  }
}
