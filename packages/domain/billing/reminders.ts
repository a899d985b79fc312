/**
 * What follows on the last reminder. 'mark': the account is overdue, and nothing else. 'refuse': services that it pays a fee
 * a month for are refused. 'suspend': all is (POL-4). Each until it has paid.
 */
export const overdueActions = ['mark', 'refuse', 'suspend'] as const;
export type OverdueAction = (typeof overdueActions)[number];

/** When the customers of a seller are reminded of an invoice, counted from the day on which it is due. */
export interface ReminderTerms {
  /** So many days before. Absent: not before. */
  readonly beforeDays?: number | undefined;
  /** So many days after, rising. None: nobody is reminded, and nobody overdue. */
  readonly afterDays: readonly number[];
  readonly lastAction: OverdueAction;
}

/** Of a seller that has said nothing. */
export const defaultReminders: ReminderTerms = { beforeDays: 3, afterDays: [3, 10, 20], lastAction: 'mark' };

export interface DueReminder {
  /** Days from when the invoice is due: below zero before. */
  readonly offsetDays: number;
  readonly isLast: boolean;
}

const DAY_MS = 86_400_000;

/**
 * The reminder that is due now: the latest whose time has come, and none where that one, or a later one, was sent. So whoever
 * was away for a week sends one mail and not three.
 */
export function dueReminder(
  { beforeDays, afterDays, lastAction: _action }: ReminderTerms,
  {
    dueAtMs,
    nowMs,
    sentDays,
  }: { readonly dueAtMs: number; readonly nowMs: number; readonly sentDays: readonly number[] },
): DueReminder | undefined {
  const offsets = [...(beforeDays === undefined ? [] : [0 - beforeDays]), ...afterDays];
  const come = offsets.filter((days) => dueAtMs + days * DAY_MS <= nowMs);
  if (come.length === 0) return undefined;
  const offsetDays = Math.max(...come);
  if (sentDays.some((days) => days >= offsetDays)) return undefined;
  return { offsetDays, isLast: afterDays.length > 0 && offsetDays === Math.max(...afterDays) };
}

/** An invoice that somebody is asked for, with what was said of it so far. */
export interface AskedInvoice {
  readonly documentId: string;
  readonly accountId: string;
  readonly sellerId: string;
  readonly sellerName: string;
  readonly number: string;
  readonly period: string;
  readonly currency: string;
  readonly leftMinorUnits: bigint;
  readonly dueAtMs: number;
  /** Where invoices of the buyer are sent. */
  readonly email?: string | undefined;
  readonly sentDays: readonly number[];
  readonly terms: ReminderTerms;
}

export interface SentReminder extends DueReminder {
  readonly documentId: string;
  readonly accountId: string;
  readonly number: string;
  readonly sentAtMs: number;
}

export interface OverdueAccount {
  readonly accountId: string;
  readonly name: string;
  readonly documentId: string;
  readonly number: string;
  readonly action: OverdueAction;
  readonly sinceMs: number;
}

/** Terms as they are kept: for all customers, or for the child that is named. */
export interface KeptTerms extends ReminderTerms {
  readonly childId?: string | undefined;
}

/** Reminders of an account and of those below it. */
export interface ReminderBook {
  /** What the account says to its customers, that to all of them first. */
  terms(accountId: string): Promise<readonly KeptTerms[]>;
  /** Undefined `terms`: a child has those of all again. */
  setTerms(accountId: string, childId: string | undefined, terms: ReminderTerms | undefined): Promise<void>;
  /** The newest first. */
  sent(
    accountId: string,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly SentReminder[]; readonly nextCursor?: string }>;
  /** The account itself and those below it that are overdue, the longest first. */
  overdue(accountId: string): Promise<readonly OverdueAccount[]>;
}
