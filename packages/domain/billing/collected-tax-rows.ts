import type { CollectedDocument } from './documents/collected-tax.ts';
import { formatDecimal, minorUnitOf, nano } from './money.ts';

/**
 * The columns of what was collected in a seller's name, in their order: none is renamed or moved, and a new one comes last. A
 * document has a row for each of its taxes. What is of the whole document stands in its first row alone, so that each column
 * sums up.
 */
export const collectedTaxColumns = [
  'period',
  'kind',
  'number',
  'corrects',
  'issuedAt',
  'buyerId',
  'buyerName',
  'buyerCountry',
  'buyerTaxId',
  'currency',
  'net',
  'taxName',
  'taxPercent',
  'reverseCharge',
  'tax',
  'gross',
  'paid',
  'paidTax',
  'earned',
  'passedThrough',
] as const;
export type CollectedTaxRow = Readonly<Record<(typeof collectedTaxColumns)[number], string>>;

export function collectedTaxRows(one: CollectedDocument): readonly CollectedTaxRow[] {
  const { document, taxMinorUnits } = one;
  const { currency, buyer } = document;
  const decimal = (minorUnits: bigint) => formatDecimal(nano(minorUnits * minorUnitOf(currency)));
  const of = {
    ...{ period: document.period, kind: document.kind, number: document.number, currency },
    corrects: document.correctsNumber ?? '',
    issuedAt: new Date(document.issuedAtMs).toISOString(),
    ...{ buyerId: buyer.accountId, buyerName: buyer.legalName },
    ...{ buyerCountry: buyer.country ?? '', buyerTaxId: buyer.taxId ?? '' },
  };
  const isInvoice = document.kind === 'invoice';
  const paid = (text: string) => (isInvoice ? text : '');
  const whole = {
    ...{ net: decimal(one.netMinorUnits), gross: decimal(one.totalMinorUnits) },
    ...{ paid: paid(decimal(one.paidMinorUnits)), paidTax: paid(decimal(one.paidTaxMinorUnits)) },
    ...{ earned: paid(formatDecimal(one.earned)), passedThrough: paid(formatDecimal(one.passedThrough)) },
  };
  const none = { net: '', gross: '', paid: '', paidTax: '', earned: '', passedThrough: '' };
  const rates = document.taxLines.map(({ name, basisPoints, isReverseCharge }, index) => ({
    taxName: name,
    taxPercent: String(basisPoints / 100),
    reverseCharge: isReverseCharge === true ? 'yes' : '',
    tax: decimal(taxMinorUnits[index] ?? 0n),
  }));
  const untaxed = { taxName: '', taxPercent: '', reverseCharge: '', tax: '' };
  return (rates.length === 0 ? [untaxed] : rates).map((rate, index) => ({
    ...of,
    ...(index === 0 ? whole : none),
    ...rate,
  }));
}
