import type { Page } from './documents/document-store.ts';
import { type Nano, nano, subtract } from './money.ts';
import { sellerTag } from './parties.ts';
import type { Period } from './period.ts';
import type { EdgeLine } from './rating.ts';

/** A line of an account's statement, or of what a child of it owes. */
export interface LineAsked {
  readonly accountId: string;
  readonly period: Period;
  /** As `lineId` says it. */
  readonly line: string;
  readonly childId?: string | undefined;
}

/** A part of a line, and what of its amount falls on it. */
export interface TracedPart {
  readonly quantity: bigint;
  readonly amount: Nano;
}

export interface TracedDay extends TracedPart {
  /** A UTC day, such as 2026-11-30. */
  readonly day: string;
}

export interface TracedLine {
  readonly line: EdgeLine;
  /** In the order of time; they sum to the line. */
  readonly days: readonly TracedDay[];
}

export interface TracedSession extends TracedPart {
  /** Absent: use that no session had, such as requests. */
  readonly sessionId?: string;
  /** Whose use it is. */
  readonly accountId: string;
  readonly recordCount: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface TracedRecord {
  readonly nodeId: string;
  readonly boot: bigint;
  readonly sequence: bigint;
  readonly accountId: string;
  readonly segment: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly quantity: bigint;
}

interface Paged {
  readonly day: string;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** A line in which a session has a part. */
export interface SessionLine extends TracedPart {
  readonly period: string;
  readonly line: EdgeLine;
  readonly day: string;
}

/** Follows an amount down to the records that it was made of, and a session up to the lines that it is in. */
export interface LineTrail {
  days(asked: LineAsked): Promise<TracedLine | undefined>;
  /** Of one day, in the order of their ids: they sum to the day, as far as its records are still kept. */
  sessions(asked: LineAsked & Paged): Promise<Page<TracedSession> | undefined>;
  records(
    asked: LineAsked & Paged & { readonly sessionId?: string | undefined },
  ): Promise<Page<TracedRecord> | undefined>;
  /** Of the statement of the account: its own lines, in which the use of all below it is. */
  linesOfSession(accountId: string, sessionId: string): Promise<readonly SessionLine[]>;
}

/** Names a line of an account's statement: the same whenever it is rated again. It does not say who sells (PRD-2). */
export const lineId = (line: Pick<EdgeLine, 'sellerId' | 'buyerId' | 'key'>): string =>
  `${sellerTag(line)} ${line.key}`;

/**
 * What of a line's amount falls on some of its units, by where they stand in it: after the first `before` of them. Parts
 * that follow each other without a gap sum to the line exactly, however finely it is cut.
 */
export function partOf(
  { amount, quantity: whole }: Pick<EdgeLine, 'amount' | 'quantity'>,
  { before, quantity }: { readonly before: bigint; readonly quantity: bigint },
): Nano {
  if (whole === 0n) return nano(0n);
  const upTo = (units: bigint) => nano((amount * units) / whole);
  return subtract(upTo(before + quantity), upTo(before));
}
