import { type AccountAccrualRequest, accrueAccount, CARRY_IN } from './account-accrual.ts';
import type { LedgerTotals } from './billing-store.ts';
import { type LedgerPosition, positionKey } from './ledger.ts';
import { type Nano, ZERO } from './money.ts';
import { nextPeriod, type Period } from './period.ts';
import type { Statement } from './statement.ts';

/**
 * What is compared of an account and month. 'use': a line of what it owes its seller. 'charged' and 'paid-out': what of the
 * month became money. 'carried': a fraction that goes to the next. 'entries': what the entries of the ledger sum to, whatever
 * its lines say. 'closed': what the statement came to when the month was closed.
 */
export const verifiedKinds = ['use', 'charged', 'paid-out', 'carried', 'entries', 'closed'] as const;

/** 'corrected': of a closed statement, where the ledger has moved on since; a later document says the difference (BIL-7). */
export const verifiedStates = ['agrees', 'corrected', 'disagrees'] as const;

export interface VerifiedLine {
  readonly kind: (typeof verifiedKinds)[number];
  readonly state: (typeof verifiedStates)[number];
  readonly sellerId: string;
  readonly buyerId: string;
  readonly key: string;
  /** From what nodes reported. */
  readonly recomputed: Nano;
  /** As the ledger, or the closed statement, has it. */
  readonly booked: Nano;
}

/** 'gone': records of the month are not kept any more, so nothing can be recomputed from them. */
export const verifiedOutcomes = ['agrees', 'disagrees', 'gone'] as const;

export interface AccountVerification {
  readonly accountId: string;
  readonly period: string;
  readonly currency: string;
  readonly outcome: (typeof verifiedOutcomes)[number];
  /** Days whose records are gone. */
  readonly goneDayCount: number;
  readonly lines: readonly VerifiedLine[];
}

export interface VerificationRequest extends AccountAccrualRequest {
  readonly ledger: LedgerTotals;
  /** What the closed statement was exactly; absent where there was none. */
  readonly closed: { readonly charge: Nano; readonly payout: Nano } | undefined;
  /** Buyers below that are verified by themselves: of any other, their lines are looked at here. */
  readonly verifiedBuyers: ReadonlySet<string>;
}

/**
 * The books of an account and month against a statement from raw records, line by line: `cells` and `sessions` of the request
 * are of records alone. What the ledger would have to be posted is what differs.
 */
export function verifyAccount(request: VerificationRequest): readonly VerifiedLine[] {
  const { accountId, ledger, closed, verifiedBuyers } = request;
  const { statement, postings } = accrueAccount(request);
  const isLookedAt = ({ buyerId }: Pick<LedgerPosition, 'buyerId'>) =>
    buyerId === accountId || !verifiedBuyers.has(buyerId);
  const lines = [request.period, nextPeriod(request.period)].flatMap((period) =>
    comparedPositions(request, period, postings).filter(isLookedAt),
  );
  const whole = { sellerId: sellerOf(statement), buyerId: accountId };
  const entries = compared('entries', {
    ...whole,
    key: 'entries',
    recomputed: statement.payable,
    booked: ledger.payable,
  });
  const all = [...lines, entries];
  const isLedgerRight = all.every(({ state }) => state === 'agrees');
  const kept = (key: string, recomputed: Nano, booked: Nano): VerifiedLine => {
    const line = compared('closed', { ...whole, key, recomputed, booked });
    return line.state === 'disagrees' && isLedgerRight ? { ...line, state: 'corrected' } : line;
  };
  return closed === undefined
    ? all
    : [
        ...all,
        kept('charge', statement.charge.amount, closed.charge),
        kept('payout', statement.payout.amount, closed.payout),
      ];
}

const sellerOf = ({ sellers, accountId }: Statement): string => sellers.at(-1)?.sellerId ?? accountId;

function comparedPositions(
  { period: of, positions, nextPositions, accountId }: AccountAccrualRequest,
  period: Period,
  postings: ReturnType<typeof accrueAccount>['postings'],
): readonly VerifiedLine[] {
  const isNext = period.name !== of.name;
  const booked = new Map(
    (isNext ? nextPositions : positions)
      // What the month before carried in is of its own recomputation.
      .filter(({ book, lineKey, buyerId }) =>
        isNext
          ? lineKey === CARRY_IN && buyerId === accountId
          : lineKey !== CARRY_IN && (book === 'receivable' || buyerId === accountId),
      )
      .map((position) => [positionKey(position), position]),
  );
  const changed = postings
    .filter((posting) => posting.period === period.name)
    .flatMap((posting) => posting.positions);
  const wanted = new Map([...booked, ...changed.map((each) => [positionKey(each), each] as const)]);
  return [...wanted].map(([key, { book, buyerId, sellerId, lineKey, posted }]) =>
    compared(kindOf(book, lineKey), {
      sellerId,
      buyerId,
      key: lineKey,
      recomputed: posted,
      booked: booked.get(key)?.posted ?? ZERO,
    }),
  );
}

function kindOf(book: LedgerPosition['book'], lineKey: string): VerifiedLine['kind'] {
  if (lineKey.startsWith('carry/')) return 'carried';
  return book === 'charged' || book === 'paid-out' ? book : 'use';
}

const compared = (kind: VerifiedLine['kind'], line: Omit<VerifiedLine, 'kind' | 'state'>): VerifiedLine => ({
  kind,
  state: line.recomputed === line.booked ? 'agrees' : 'disagrees',
  ...line,
});

export const outcomeOf = (lines: readonly VerifiedLine[]): 'agrees' | 'disagrees' =>
  lines.some(({ state }) => state === 'disagrees') ? 'disagrees' : 'agrees';

/** How one round over all accounts of a closed month went. */
export interface VerificationRun {
  readonly period: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly accountCount: number;
  readonly lineCount: number;
  readonly differingCount: number;
  /** Accounts whose records are not kept any more. */
  readonly goneCount: number;
  /** The first of those that differ. */
  readonly differences: readonly VerifiedLine[];
}

export interface VerifiedPage {
  readonly scope: 'own' | 'descendants';
  /** The account behind which it goes on. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Recomputes closed months from raw records. Every call sees one account and what lies below it. */
export interface BookVerifier {
  /** Those with a closed statement of the month, in the order of their ids. */
  closedAccounts(accountId: string, period: Period, page: VerifiedPage): Promise<readonly string[]>;
  verify(accountId: string, period: Period): Promise<AccountVerification>;
  /** The last run of each month, the newest month first. */
  runs(platformId: string): Promise<readonly VerificationRun[]>;
}

/** How far the recomputation of a whole month is. */
export interface RecountProgress {
  /** Days whose records were read, of how many. */
  readonly readDayCount: number;
  readonly dayCount: number;
  /** What was compared so far. */
  readonly run: VerificationRun;
}

/** Recomputes a whole closed month, for the platform alone: every raw record of it is read once, for all accounts together. */
export interface MonthRecount {
  /**
   * Undefined: it was stopped on the way. Asked again within half a day, it goes on from there, in whichever process. What does
   * not agree is recomputed once more by itself, in one snapshot of records and books, before it is said: use may have come
   * after its day was read.
   */
  recount(platformId: string, period: Period, watch: RecountWatch): Promise<VerificationRun | undefined>;
  /** Takes away what was read for it. Whoever recomputes the month meanwhile compares account by account from there. */
  forget(platformId: string, period: Period): Promise<void>;
}

export interface RecountWatch {
  readonly isStopped: () => boolean;
  readonly onProgress?: (progress: RecountProgress) => void;
  /** Hears of each account that was compared, with all of its lines. */
  readonly onVerified?: (account: AccountVerification) => void;
}

/** A run with one account more. */
export function withVerified(run: VerificationRun, { outcome, lines }: AccountVerification): VerificationRun {
  const differing = lines.filter(({ state }) => state === 'disagrees');
  return {
    ...run,
    accountCount: run.accountCount + 1,
    lineCount: run.lineCount + lines.length,
    differingCount: run.differingCount + differing.length,
    goneCount: run.goneCount + (outcome === 'gone' ? 1 : 0),
    differences: [...run.differences, ...differing].slice(0, DIFFERENCE_COUNT_MAX),
  };
}

/** Kept of a run; all of them are shown by verifying the account. */
const DIFFERENCE_COUNT_MAX = 20;

export const emptyRun = (period: string, startedAtMs: number): VerificationRun => ({
  ...{ period, startedAtMs, finishedAtMs: startedAtMs },
  ...{ accountCount: 0, lineCount: 0, differingCount: 0, goneCount: 0, differences: [] },
});
