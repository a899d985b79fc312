import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import type { Dimensions } from '../metering/usage-record.ts';
import type { Correction } from './closed-statement.ts';
import { causeOf } from './ledger-cause.ts';
import type { ExportedEntry } from './ledger-reader.ts';
import { formatDecimal, minorUnitOf, nano } from './money.ts';
import type { Parties } from './parties.ts';
import { splitMeter } from './price.ts';
import type { PayableLine, ReceivableLine } from './statement.ts';
import { tariffToWire, termsKey } from './wire-tariff.ts';

/**
 * The columns of an exported ledger, in their order. Whoever reads a file relies on them: none is renamed or moved, and a new
 * one comes last. Amounts are exact decimals of the major unit; what a row does not have is empty, as is the id of whom above
 * its reader does not see (PRD-2).
 */
export const ledgerColumns = [
  'at',
  'period',
  'transactionId',
  'accountId',
  'book',
  'counterpartyId',
  'currency',
  'amount',
  'cause',
  'service',
  'meter',
  'documentId',
  'sourceRef',
] as const;
export type LedgerRow = Readonly<Record<(typeof ledgerColumns)[number], string>>;

/** The columns of exported statements, of which the same holds. */
export const statementColumns = [
  'period',
  'accountId',
  'side',
  'buyerId',
  'sellerId',
  'currency',
  'service',
  'meter',
  'unit',
  'dimensions',
  'quantity',
  'price',
  'per',
  'terms',
  'amount',
  'cost',
  'margin',
  'key',
] as const;
export type StatementRow = Readonly<Record<(typeof statementColumns)[number], string>>;

export function ledgerRow(entry: ExportedEntry, { idOf, textOf }: Parties): LedgerRow {
  const cause = causeOf(entry.sourceRef);
  return {
    at: new Date(entry.atMs).toISOString(),
    period: entry.period,
    transactionId: entry.transactionId,
    accountId: entry.accountId,
    book: entry.book,
    counterpartyId: idOf(entry.counterpartyId) ?? '',
    currency: entry.currency,
    amount: formatDecimal(entry.amount),
    cause: 'what' in cause ? `${cause.kind}:${cause.what}` : cause.kind,
    service: cause.kind === 'use' ? cause.service : '',
    meter: cause.kind === 'use' ? cause.meter : '',
    documentId: cause.kind === 'document' ? cause.documentId : '',
    sourceRef: textOf(entry.sourceRef),
  };
}

interface RowOf {
  readonly accountId: string;
  readonly period: string;
  readonly catalogue: MeterCatalogue;
  readonly parties: Parties;
}

/**
 * What a closed month comes to more or less by now, so that the rows of a month sum to what its documents ask for in the end. Its
 * key names the document that has it.
 */
export function correctionRow(
  { side, minorUnits, document }: Correction,
  { accountId, period, currency }: Omit<RowOf, 'catalogue' | 'parties'> & { readonly currency: string },
): StatementRow {
  const none = { sellerId: '', service: '', meter: '', unit: '', dimensions: '{}', quantity: '' };
  return {
    ...{ period, accountId, side: `${side}-correction`, buyerId: accountId, currency, ...none },
    ...{ price: '', per: '', terms: '', cost: '', margin: '' },
    amount: formatDecimal(nano(minorUnits * minorUnitOf(currency))),
    key: `correction ${side} ${document?.number ?? 'in the next document'}`,
  };
}

/** A line that the account owes, or that a child owes it: then with what that use costs the account itself. */
export function statementRow(
  line: PayableLine | ReceivableLine,
  { accountId, period, catalogue, parties }: RowOf,
): StatementRow {
  const { amount: price, per, ...terms } = tariffToWire(line.tariff);
  const sold = 'cost' in line ? line : undefined;
  return {
    period,
    accountId,
    side: sold === undefined ? 'payable' : 'receivable',
    buyerId: line.buyerId,
    sellerId: parties.idOf(line.sellerId) ?? '',
    currency: line.currency,
    ...splitMeter(line.meter),
    unit: catalogue.get(line.meter)?.unit ?? 'count',
    dimensions: dimensionsText(line.dimensions),
    quantity: line.quantity.toString(),
    price: formatDecimal(nano(BigInt(price))),
    per,
    terms: termsKey(terms),
    amount: formatDecimal(line.amount),
    cost: sold === undefined ? '' : formatDecimal(sold.cost),
    margin: sold === undefined ? '' : formatDecimal(sold.margin),
    key: line.key,
  };
}

/** As a JSON object whose names are in order: the same text for the same dimensions. */
const dimensionsText = (dimensions: Dimensions): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1))),
  );
