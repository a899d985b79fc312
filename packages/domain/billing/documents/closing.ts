import { statementByMeter } from '../meter-lines.ts';
import { minorUnitOf, type Nano, nano, settlementStepOf, split, subtract, ZERO } from '../money.ts';
import type { Period } from '../period.ts';
import type { Statement } from '../statement.ts';
import { tariffToWire } from '../wire-tariff.ts';
import type { DocumentDraft, DocumentLine } from './document.ts';

/** What a period that was closed before comes to by now, less what documents said of it: in whole minor units. */
export interface Outstanding {
  readonly period: string;
  readonly charge: bigint;
  readonly payout: bigint;
}

export interface ClosingRequest {
  readonly statement: Statement;
  /** The account above, in whose name it is. */
  readonly sellerId: string;
  /** Of earlier periods, the oldest first; those without a difference are left out. */
  readonly outstanding: readonly Outstanding[];
  /**
   * In whole minor units, what others used by the end of the period of credit that the account gave, and that no payout was kept
   * for and no invoice has asked for yet. Default: nothing.
   */
  readonly usedCredit?: bigint;
}

/**
 * What a closed statement is documented by. A sum that is not above zero is no document: it stays outstanding, and the
 * next one has it as an adjustment that names the period (BIL-7). So over time documents say exactly what the ledger does.
 */
export function draftsOf(request: ClosingRequest): readonly DocumentDraft[] {
  const payoutNote = payoutNoteOf(request);
  return [
    withGivenCredit(invoiceOf(request), payoutNote, request),
    withReturnedCredit(payoutNote, request),
  ].filter(({ netMinorUnits }) => netMinorUnits > 0n);
}

/**
 * What was kept for credit before, or paid for it, and was not used in the end, goes with what the period earned. Where that is
 * nothing, the payout note is of that alone: who never earns again has it back all the same, and what the period comes to stays
 * outstanding.
 */
function withReturnedCredit(
  payoutNote: DocumentDraft,
  { usedCredit = 0n, statement: { period, currency } }: ClosingRequest,
): DocumentDraft {
  const minorUnits = wholeSteps(-usedCredit, currency);
  if (minorUnits <= 0n || payoutNote.netMinorUnits > 0n) return payoutNote;
  const line = givenCreditLine(period, { currency, minorUnits });
  return { ...payoutNote, lines: [line], carriedIn: ZERO, residue: ZERO, netMinorUnits: minorUnits };
}

const wholeSteps = (minorUnits: bigint, currency: string): bigint =>
  minorUnits - (minorUnits % settlementStepOf(currency));

const givenCreditLine = (
  period: Period,
  { currency, minorUnits }: { readonly currency: string; readonly minorUnits: bigint },
): DocumentLine => ({
  kind: 'given-credit',
  key: 'given-credit',
  period: period.name,
  amount: nano(minorUnits * minorUnitOf(currency)),
  minorUnits,
});

/**
 * Whoever gave credit pays for what others used of it: as far as this period's payout is there to be kept, out of that, and what
 * is beyond is asked for (BIL-5). Where nothing else is, the invoice is of that alone: what the period comes to stays outstanding.
 */
function withGivenCredit(
  invoice: DocumentDraft,
  payoutNote: DocumentDraft,
  { usedCredit = 0n, statement: { period, currency } }: ClosingRequest,
): DocumentDraft {
  const kept = payoutNote.netMinorUnits > 0n ? payoutNote.netMinorUnits : 0n;
  const minorUnits = wholeSteps(usedCredit - kept, currency);
  if (minorUnits <= 0n) return invoice;
  const line = givenCreditLine(period, { currency, minorUnits });
  return invoice.netMinorUnits > 0n
    ? { ...invoice, lines: [...invoice.lines, line], netMinorUnits: invoice.netMinorUnits + minorUnits }
    : { ...invoice, lines: [line], carriedIn: ZERO, residue: ZERO, netMinorUnits: minorUnits };
}

function invoiceOf({ statement, sellerId, outstanding }: ClosingRequest): DocumentDraft {
  const { accountId, period, currency, charge } = statement;
  const lines = chargeLines(statement);
  const step = settlementStepOf(currency);
  const shares = split(
    nano(charge.minorUnits / step),
    lines.map(({ amount }) => amount),
  );
  const adjustments = adjustmentsOf(outstanding, 'charge', minorUnitOf(currency));
  return {
    kind: 'invoice',
    accountId,
    sellerId,
    period: period.name,
    currency,
    lines: [
      ...lines.map((line, index) => ({ ...line, minorUnits: BigInt(shares[index] ?? ZERO) * step })),
      ...adjustments,
    ],
    carriedIn: charge.carriedIn,
    residue: charge.residue,
    netMinorUnits: sumOf(adjustments) + charge.minorUnits,
  };
}

/**
 * They sum to the exact charge. None of them is below zero. Who collects itself buys all that is used below it, and is asked
 * for it meter by meter.
 */
function chargeLines(statement: Statement): DocumentLine[] {
  const { accountId, period, charge, ownUse, passedThrough, isOwnCollector } = statement;
  const own = statementByMeter(statement).lines.flatMap((line): DocumentLine[] => {
    const part = isOwnCollector ? line : line.parts.find((each) => each.accountId === accountId);
    if (part === undefined || part.amount === 0n) return [];
    return [
      {
        kind: 'use',
        key: `${line.sellerId} ${line.key}`,
        period: period.name,
        meter: line.meter,
        quantity: part.quantity.toString(),
        price: tariffToWire(line.tariff),
        amount: part.amount,
      },
    ];
  });
  const subsidy = subtract(charge.amount, isOwnCollector ? nano(ownUse + passedThrough) : ownUse);
  // A line of nothing stands only where a fraction of earlier months has to stand somewhere.
  if (subsidy > 0n || (own.length === 0 && charge.minorUnits !== 0n))
    own.push({ kind: 'subsidy', key: 'subsidy', period: period.name, amount: subsidy });
  return own;
}

function payoutNoteOf({ statement, sellerId, outstanding }: ClosingRequest): DocumentDraft {
  const { accountId, period, currency, children, payout } = statement;
  const adjustments = adjustmentsOf(outstanding, 'payout', minorUnitOf(currency));
  return {
    kind: 'payout-note',
    accountId,
    sellerId,
    period: period.name,
    currency,
    lines: [
      ...children
        .filter((child) => child.currency === currency && child.margin !== 0n)
        .map((child) => ({
          kind: 'margin' as const,
          key: child.accountId,
          period: period.name,
          childId: child.accountId,
          amount: child.margin,
        })),
      ...adjustments,
    ],
    carriedIn: payout.carriedIn,
    residue: payout.residue,
    netMinorUnits: sumOf(adjustments) + payout.minorUnits,
  };
}

const adjustmentsOf = (
  outstanding: readonly Outstanding[],
  side: 'charge' | 'payout',
  unit: Nano,
): (DocumentLine & { readonly minorUnits: bigint })[] =>
  outstanding
    .filter((each) => each[side] !== 0n)
    .map((each) => ({
      kind: 'adjustment',
      key: `adjustment ${each.period}`,
      period: each.period,
      amount: nano(each[side] * unit),
      minorUnits: each[side],
    }));

const sumOf = (lines: readonly { readonly minorUnits: bigint }[]): bigint =>
  lines.reduce((total, { minorUnits }) => total + minorUnits, 0n);
