import type { InvoiceCollection } from '../billing/collection/invoice-collection.ts';
import type { TestOutcome } from './test-payment.ts';

/** A month that the test accounts of a customer closed, or are closing. */
export interface TestClosing {
  readonly period: string;
  readonly isClosed: boolean;
  /** Accounts with something to close, and of how many the statement is kept. */
  readonly accountCount: number;
  readonly keptCount: number;
  readonly documentCount: number;
}

export interface TestClock {
  /** By how much it is ahead. */
  readonly aheadMs: number;
  /** When its account was made: no month before that closes. */
  readonly sinceMs: number;
  /** The newest first. */
  readonly closings: readonly TestClosing[];
}

/** What the operations of test books need from the world. */
export interface TestBooksPorts {
  readonly clocks: {
    /** 'none': it has none yet. Undefined: the account is not the highest of a customer's test accounts. */
    find(accountId: string): Promise<TestClock | 'none' | undefined>;
    /** Sets it, or makes it. 'back': it would go back. */
    advance(accountId: string, aheadMs: number): Promise<'advanced' | 'back' | 'unknown'>;
    /** Begins anew with empty books and the same keys, and answers the account that takes the place of the one. */
    reset(accountId: string): Promise<string | undefined>;
  };
  readonly payments: {
    /** 'none': no such invoice. 'impossible': it stands otherwise. Undefined: the account is no test account. */
    make(payment: {
      readonly accountId: string;
      readonly period: string;
      readonly outcome: TestOutcome;
      readonly nowMs: number;
    }): Promise<InvoiceCollection | 'none' | 'impossible' | undefined>;
  };
  /** Nodes ask anew what may go on, and whose a key is. */
  changed(accountId: string): Promise<void>;
  /** Months are closed soon: as soon as what was said is kept. */
  advanced(): void;
  /** The time that it is, for whoever has no clock. */
  nowMs(): number;
}
