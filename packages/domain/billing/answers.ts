import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import type { AccruedStatement } from './billing-store.ts';
import type { ClosedMonth } from './closed-statement.ts';
import { lineId } from './line-trail.ts';
import type { MeterStatement } from './meter-lines.ts';
import { type Parties, sellerAnswer } from './parties.ts';
import { lateUsageUntilMs, type PeriodState, stateAt } from './period.ts';
import { type Price, splitMeter } from './price.ts';
import type { ListedPrice } from './price-list.ts';
import type { EdgeLine } from './rating.ts';
import type { Settled } from './settlement.ts';
import type { Spend } from './spend.ts';
import type { PayableLine, ReceivableLine, Statement } from './statement.ts';
import type { Band } from './tiers.ts';
import { tariffToWire, termsKey } from './wire-tariff.ts';

/** Looks a name up of an account at or below the reader's; one that is not found is called by its id. */
export type NameOf = (accountId: string) => string;

export const nameIn =
  (names: ReadonlyMap<string, string>): NameOf =>
  (accountId) =>
    names.get(accountId) ?? accountId;

export const priceAnswer = ({ price, origin, unit }: ListedPrice) => ({
  ...priceFields(price, unit),
  origin,
});

/**
 * How a price came about, as the buyer may know it: whether its seller passes on what it pays itself is the seller's to know, so
 * a price that was passed on is one for all children to whoever does not see the seller (PRD-2).
 */
export const toldOrigin = (origin: ListedPrice['origin'], isSellerSeen: boolean): ListedPrice['origin'] =>
  origin === 'inherited' && !isSellerSeen ? 'default' : origin;

/** A price in a profile, under whoever it was set for. */
export const profileAnswer = (price: Price, unit: string) => ({
  ...priceFields(price, unit),
  origin: price.childId === undefined ? ('default' as const) : ('child' as const),
  ...(price.childId === undefined ? {} : { childId: price.childId }),
});

const priceFields = (price: Price, unit: string) => ({
  service: price.service,
  meter: price.meter,
  unit,
  where: { ...price.where },
  ...tariffToWire(price.tariff),
  currency: price.currency,
  effectiveFrom: new Date(price.fromMs).toISOString(),
  setByAccountId: price.accountId,
});

const lineAnswer = (line: EdgeLine, catalogue: MeterCatalogue) => ({
  ...splitMeter(line.meter),
  unit: catalogue.get(line.meter)?.unit ?? 'count',
  dimensions: { ...line.dimensions },
  quantity: line.quantity.toString(),
  ...priceOf(line),
  amount: line.amount.toString(),
});

function priceOf({ tariff, pooled }: EdgeLine) {
  const amountPerUnit = tariffToWire(tariff);
  const terms = termsKey(amountPerUnit);
  return {
    amountPerUnit,
    ...(terms === '' ? {} : { terms }),
    ...(pooled === undefined
      ? {}
      : { bands: pooled.bands.map(bandAnswer), ...(pooled.topUp > 0n ? { topUp: `${pooled.topUp}` } : {}) }),
  };
}

const bandAnswer = ({ quantity, amount, per, cost }: Band) => ({
  quantity: quantity.toString(),
  ...rateAnswer({ amount, per }),
  cost: cost.toString(),
});

const rateAnswer = ({ amount, per }: Pick<Band, 'amount' | 'per'>) => ({
  amount: amount.toString(),
  per: per.toString(),
});

export const spendAnswer = ({ currency, amount, lines }: Spend, catalogue: MeterCatalogue) => ({
  currency,
  amount: amount.toString(),
  lines: lines.map((line) => ({
    ...lineAnswer(line, catalogue),
    ...(line.pooled === undefined ? {} : { next: rateAnswer(line.pooled.next) }),
  })),
});

interface Around {
  readonly parties: Parties;
  readonly nowMs: number;
  /** Undefined: its month is not. */
  readonly closed: ClosedMonth | undefined;
}

/** The accounts that a statement names. */
export const accountsOf = ({
  accountId,
  sellers,
  lines,
  children,
}: Pick<MeterStatement, 'accountId' | 'sellers'> & {
  readonly lines: readonly Pick<PayableLine, 'parts'>[];
  readonly children: readonly { readonly accountId: string }[];
}): readonly string[] => [
  ...new Set([
    accountId,
    ...sellers.map(({ sellerId }) => sellerId),
    ...lines.flatMap(({ parts }) => parts.map((part) => part.accountId)),
    ...children.map((child) => child.accountId),
  ]),
];

export const headAnswer = (
  statement: Omit<Statement, 'lines' | 'children'>,
  { parties, nowMs, closed }: Around,
) => {
  // The platform buys from nobody, and is named as its own seller.
  const sellerId = statement.sellers.at(-1)?.sellerId ?? statement.accountId;
  return {
    period: statement.period.name,
    accountId: statement.accountId,
    ...sellerAnswer(sellerId, parties),
    sellers: statement.sellers.map((seller) => ({
      ...sellerAnswer(seller.sellerId, parties),
      from: new Date(seller.fromMs).toISOString(),
      to: new Date(seller.toMs).toISOString(),
    })),
    currency: statement.currency,
    ...closedAnswer(closed, stateAt(statement.period, nowMs)),
    lateUsageUntil: new Date(lateUsageUntilMs(statement.period)).toISOString(),
    ownUse: statement.ownUse.toString(),
    passedThrough: statement.passedThrough.toString(),
    payable: statement.payable.toString(),
    receivable: statement.receivable.toString(),
    margins: statement.margins.toString(),
    subsidies: statement.subsidies.toString(),
    margin: statement.margin.toString(),
    totals: statement.totals.map(({ currency, receivable, margin }) => ({
      currency,
      receivable: receivable.toString(),
      margin: margin.toString(),
    })),
    ...(sellerId === statement.accountId
      ? {}
      : { charge: settledAnswer(statement.charge), payout: settledAnswer(statement.payout) }),
  };
};

const closedAnswer = (closed: ClosedMonth | undefined, state: PeriodState) =>
  closed === undefined
    ? { state }
    : {
        state: 'closed' as const,
        closedAt: new Date(closed.closedAtMs).toISOString(),
        documents: closed.documents.map(({ side, id, number, totalMinorUnits }) => ({
          ...{ side, documentId: id, documentNumber: number },
          totalMinorUnits: totalMinorUnits.toString(),
        })),
        corrections: closed.corrections.map(({ side, minorUnits, document }) => ({
          side,
          minorUnits: minorUnits.toString(),
          ...(document === undefined ? {} : { documentId: document.id, documentNumber: document.number }),
        })),
      };

const settledAnswer = ({ amount, carriedIn, minorUnits, residue }: Settled) => ({
  amount: amount.toString(),
  carriedIn: carriedIn.toString(),
  minorUnits: minorUnits.toString(),
  residue: residue.toString(),
});

interface Printed extends Around {
  readonly catalogue: MeterCatalogue;
}

/** A line of a statement, or several of one meter and price as one. */
type Printable<Line extends EdgeLine> = Line & { readonly lineCount?: number };

const payableAnswer = (line: Printable<PayableLine>, { catalogue, parties: { nameOf } }: Printed) => ({
  ...lineAnswer(line, catalogue),
  key: lineId(line),
  lineCount: line.lineCount ?? 1,
  parts: line.parts.map(({ accountId, quantity, amount }) => ({
    accountId,
    name: nameOf(accountId),
    quantity: quantity.toString(),
    amount: amount.toString(),
  })),
});

const receivableAnswer = (line: Printable<ReceivableLine>, { catalogue }: Printed) => ({
  ...lineAnswer(line, catalogue),
  key: lineId(line),
  lineCount: line.lineCount ?? 1,
  cost: line.cost.toString(),
  margin: line.margin.toString(),
});

/** A line by itself: of what the account owes, or of what a child of it does. */
export const statementLineAnswer = (line: PayableLine | ReceivableLine, printed: Printed) =>
  'parts' in line ? payableAnswer(line, printed) : receivableAnswer(line, printed);

interface Read extends Omit<AccruedStatement, 'statement'> {
  readonly statement: Statement | MeterStatement;
}

export const statementAnswer = ({ statement, ledger, isBehind }: Read, printed: Printed) => ({
  ...headAnswer(statement, printed),
  accountName: printed.parties.nameOf(statement.accountId),
  lines: statement.lines.map((line) => payableAnswer(line, printed)),
  children: statement.children.map(({ accountId, currency, receivable, cost, margin, lines }) => ({
    accountId,
    name: printed.parties.nameOf(accountId),
    currency,
    receivable: receivable.toString(),
    cost: cost.toString(),
    margin: margin.toString(),
    lines: lines.map((line) => receivableAnswer(line, printed)),
  })),
  ledger: {
    isBehind,
    payable: ledger.payable.toString(),
    receivable: ledger.receivable.toString(),
    charged: ledger.charged.toString(),
    paidOut: ledger.paidOut.toString(),
    entryCount: ledger.entryCount,
    totals: ledger.totals.map(({ currency, receivable }) => ({
      currency,
      receivable: receivable.toString(),
    })),
  },
});
