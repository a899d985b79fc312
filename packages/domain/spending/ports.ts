import type { Actor } from '@patchbay/kit/definition';
import type { Nano } from '../billing/money.ts';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import type { Caller } from '../tenancy/caller.ts';
import type { CreditLineWord, StandingCreditLine } from './credit-line.ts';
import type { PrepaidSaid } from './prepaid-word.ts';
import type { LimitSpan, SpendingLimit, SpentSoFar } from './spending-limit.ts';

/** A limit, with how it stands in the window that runs. */
export interface StandingLimit {
  readonly limit: SpendingLimit;
  readonly spent: Nano;
  readonly reachedAtMs?: number | undefined;
}

/** What one account spent since the month began, by the end of a day, with all below it. */
export interface SpentDay {
  readonly day: string;
  readonly amount: Nano;
}

export interface LimitStore {
  /** Rates what is watched anew, and reads how limits stand. */
  standing(accountId: string): Promise<{
    readonly currency: string;
    readonly spent: SpentSoFar;
    readonly limits: readonly StandingLimit[];
  }>;
  /** Of the month that runs, up to today. */
  days(accountId: string): Promise<{ readonly currency: string; readonly days: readonly SpentDay[] }>;
  /** Replaces those that one account has set for another. */
  set(limits: {
    readonly accountId: string;
    readonly setById: string;
    readonly limits: readonly Omit<SpendingLimit, 'accountId' | 'setById' | 'sinceMs'>[];
    readonly nowMs: number;
  }): Promise<readonly SpendingLimit[]>;
}

export interface PrepaidTerms {
  readonly isPrepaid: boolean;
  /** The month from which on its use is paid out of the balance, where it is prepaid. */
  readonly sincePeriod?: string | undefined;
  /** So far below zero may the balance come. */
  readonly overdraft: Nano;
  /** Below this, money is asked for by itself: so many minor units. */
  readonly topUp?: { readonly below: Nano; readonly minorUnits: bigint } | undefined;
}

export interface CreditRecord {
  readonly id: string;
  readonly origin: 'given' | 'bought';
  readonly givenById?: string | undefined;
  readonly amount: Nano;
  readonly left: Nano;
  readonly priority: number;
  readonly services?: readonly string[] | undefined;
  readonly reason: string;
  readonly expiresAtMs?: number | undefined;
  readonly createdAtMs: number;
}

export interface HoldRecord {
  readonly holdId: string;
  readonly services: readonly string[];
  readonly amount: Nano;
  readonly expiresAtMs: number;
}

export interface StandingBalance {
  readonly currency: string;
  readonly terms: PrepaidTerms;
  readonly balance: Nano;
  readonly held: Nano;
  readonly holds: readonly HoldRecord[];
}

export interface TopUpRecord {
  readonly id: string;
  readonly minorUnits: bigint;
  readonly isAutomatic: boolean;
  readonly askedAtMs: number;
  readonly state: 'asked' | 'open' | 'paid' | 'void';
  readonly payUrl?: string | undefined;
  readonly failure?: string | undefined;
  /** What of it is there: less what went back, or a bank holds. */
  readonly keptMinorUnits: bigint;
}

export interface CreditGift {
  readonly accountId: string;
  readonly givenById: string;
  readonly amount: Nano;
  readonly priority: number;
  readonly services?: readonly string[] | undefined;
  readonly reason: string;
  readonly expiresAtMs?: number | undefined;
  readonly nowMs: number;
}

export interface RecordPage {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface BalanceStore {
  standing(accountId: string): Promise<StandingBalance>;
  /** What held before, by the word of whoever says it and of all, and holds now; nothing is changed where somebody above whoever says it keeps the account prepaid. */
  setTerms(
    accountId: string,
    said: PrepaidSaid,
  ): Promise<
    | {
        readonly before: PrepaidTerms;
        readonly saidBefore: Pick<PrepaidSaid, 'isPrepaid' | 'overdraft'>;
        readonly after: PrepaidTerms;
      }
    | 'prepaid_above'
  >;
  setTopUp(accountId: string, topUp: PrepaidTerms['topUp']): Promise<PrepaidTerms>;
  credits(
    accountId: string,
    page: RecordPage,
  ): Promise<{ readonly items: readonly CreditRecord[]; readonly nextCursor?: string }>;
  /** 'uncovered': the credit line of whoever gives has less left, and nothing was given. */
  give(gift: CreditGift): Promise<CreditRecord | { readonly uncovered: StandingCreditLine }>;
  /** Takes back what is left of a credit that `givenById` gave. Undefined: there is none. */
  takeBack(credit: {
    readonly accountId: string;
    readonly givenById: string;
    readonly creditId: string;
    readonly nowMs: number;
  }): Promise<{ readonly before: CreditRecord; readonly after: CreditRecord } | undefined>;
  topUps(
    accountId: string,
    page: RecordPage,
  ): Promise<{ readonly items: readonly TopUpRecord[]; readonly nextCursor?: string }>;
  /** Asks for money. It is credited once, when it was paid. */
  askTopUp(topUp: {
    readonly accountId: string;
    readonly minorUnits: bigint;
    readonly isAutomatic: boolean;
    readonly nowMs: number;
  }): Promise<TopUpRecord>;
  /** Asks to give back what was bought and is left, newest first: how many minor units. */
  refundBought(accountId: string, nowMs: number): Promise<bigint>;
}

export interface CreditLineStore {
  standing(accountId: string): Promise<StandingCreditLine>;
  /** Says, or takes back, what one account above says: how it stood before. */
  say(
    accountId: string,
    word: Pick<CreditLineWord, 'byId'> & { readonly amount: CreditLineWord['amount'] | undefined },
  ): Promise<StandingCreditLine>;
}

export interface SpendingPorts {
  readonly limits: LimitStore;
  readonly balances: BalanceStore;
  readonly creditLines: CreditLineStore;
  /** Every service that a credit can be for. */
  readonly serviceNames: readonly string[];
  readonly catalogue: MeterCatalogue;
  /** Whether anything collects from an account: money can be bought then. */
  isCollecting(accountId: string): Promise<boolean>;
  /** Whether it collects itself, or a seller above does, this month or the next: prepaid money is with the platform alone. */
  hasOwnCollector(accountId: string): Promise<boolean>;
  /** What the caller sees and may do along a chain. */
  caller(chain: readonly string[], actor: Actor): Promise<Caller>;
  /** Nodes ask anew what may go on. */
  changed(accountId: string): Promise<void>;
}
