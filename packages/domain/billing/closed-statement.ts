import { type MeterStatement, statementByMeter } from './meter-lines.ts';
import { type Nano, ZERO } from './money.ts';
import type { Statement } from './statement.ts';

/** Of a longer statement its lines are kept by meter and price. Those of its children count. */
const KEPT_LINE_COUNT_MAX = 1_000;

/** A statement as it was when its month was closed: nothing that comes late changes it (BIL-7). */
export type KeptStatement =
  | { readonly isByLine: true; readonly statement: Statement }
  /** Its lines are summed by meter and price. */
  | { readonly isByLine: false; readonly statement: MeterStatement };

/** What a closed month comes to more, or less, by now. */
export interface Correction {
  readonly side: 'charge' | 'payout';
  readonly minorUnits: bigint;
  /** The later document that asks for it, or pays it out. Absent: the next one will. */
  readonly document?: { readonly id: string; readonly number: string };
}

/** A document of a month: what it asks for, or pays out, with tax and with what it has of months before. */
export interface MonthDocument {
  readonly side: 'charge' | 'payout';
  readonly id: string;
  readonly number: string;
  readonly totalMinorUnits: bigint;
}

export interface ClosedMonth {
  readonly closedAtMs: number;
  /** The account's. */
  readonly currency: string;
  /** Absent: its account had none when the month was closed, or it was closed before statements were kept as a whole. */
  readonly kept?: KeptStatement;
  /** Whether the account had a statement to close. */
  readonly hadStatement: boolean;
  /** At most one of each side. */
  readonly documents: readonly MonthDocument[];
  /** The oldest first. */
  readonly corrections: readonly Correction[];
}

export const lineCountOf = ({ lines, children }: Statement): number =>
  children.reduce((count, child) => count + child.lines.length, lines.length);

export function keptOf(statement: Statement): KeptStatement {
  return lineCountOf(statement) <= KEPT_LINE_COUNT_MAX
    ? { isByLine: true, statement }
    : { isByLine: false, statement: statementByMeter(statement) };
}

/**
 * What is read of a month: as it comes to now, and once it is closed as it was then; of an account that had nothing then,
 * nothing. Of a long closed one there are no lines but those by meter.
 */
export function readStatement(
  closed: ClosedMonth | undefined,
  { now, detail }: { readonly now: Statement; readonly detail: 'lines' | 'meters' },
): Statement | MeterStatement {
  const read = closed === undefined ? ({ isByLine: true, statement: now } as const) : closedAs(closed, now);
  return read.isByLine && detail === 'meters' ? statementByMeter(read.statement) : read.statement;
}

const closedAs = ({ kept, hadStatement }: ClosedMonth, now: Statement): KeptStatement =>
  kept ?? { isByLine: true, statement: hadStatement ? now : nothingOf(now) };

function nothingOf(statement: Statement): Statement {
  const none = (carriedIn: Nano) => ({ amount: ZERO, carriedIn, minorUnits: 0n, residue: carriedIn });
  return {
    ...statement,
    ...{ ownUse: ZERO, passedThrough: ZERO, payable: ZERO, receivable: ZERO, margins: ZERO },
    ...{ subsidies: ZERO, margin: ZERO, lines: [], children: [] },
    totals: [{ currency: statement.currency, receivable: ZERO, margin: ZERO }],
    charge: none(statement.charge.carriedIn),
    payout: none(statement.payout.carriedIn),
  };
}
