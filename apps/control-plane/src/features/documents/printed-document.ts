import type { DocumentAnswer } from '@patchbay/domain/billing/documents/printing';
import { minorUnitOf, nano } from '@patchbay/domain/billing/money';
import { perLabel, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import { showExactMoney, showMoney, signOf } from '../../formats/money.ts';
import { showExact, textOf } from '../../formats/quantity.ts';
import { showPeriod } from '../../formats/time.ts';
import { meterOf, serviceTitle, unitOf } from '../usage/meters.ts';

export interface PrintedParty {
  readonly role: string;
  readonly lines: readonly string[];
}

export interface PrintedRow {
  readonly text: string;
  /** Below the text: the service, or the month that is corrected. */
  readonly note?: string;
  readonly quantity?: string;
  readonly price?: string;
  readonly amount: string;
}

export interface PrintedSum {
  readonly text: string;
  readonly amount: string;
  readonly isTotal?: boolean;
}

/** A document as texts, in the order in which they stand: the page and the PDF have the same. */
export interface PrintedDocument {
  readonly title: string;
  readonly number: string;
  readonly facts: readonly (readonly [term: string, value: string])[];
  readonly parties: readonly PrintedParty[];
  readonly amountHead: string;
  readonly rows: readonly PrintedRow[];
  readonly sums: readonly PrintedSum[];
  readonly notes: readonly string[];
  /** Across the page, of what nobody is to pay in earnest. */
  readonly stamp?: string;
}

export const kindTitles = {
  invoice: 'Invoice',
  'credit-note': 'Credit note',
  'payout-note': 'Payout note',
  comparison: 'Comparison',
  'comparison-payout': 'Comparison of a payout',
} as const;

type Line = DocumentAnswer['lines'][number];

/** The day by UTC, by which documents count as all else of money does. */
export const showUtcDay = (at: string): string => at.slice(0, 10);

export const showMinorUnits = (minorUnits: string, currency: string): string =>
  showMoney(BigInt(minorUnits) * minorUnitOf(currency), currency);

export function printedDocument(document: DocumentAnswer): PrintedDocument {
  const { kind, number, currency, period, issuedAt, dueAt, totalMinorUnits, correctsNumber } = document;
  const money = (minorUnits: string) => showMinorUnits(minorUnits, currency);
  const isPayout = kind === 'payout-note' || kind === 'comparison-payout';
  return {
    title: kindTitles[kind],
    number,
    facts: [
      ['Number', number],
      ['Issued', showUtcDay(issuedAt)],
      ['Period', showPeriod(period)],
      ...(dueAt === undefined ? [] : [['Due', showUtcDay(dueAt)] as const]),
      ...(correctsNumber === undefined ? [] : [['Corrects', correctsNumber] as const]),
    ],
    parties: [
      { role: isPayout ? 'Paid by' : 'From', lines: partyLines(document.seller) },
      { role: isPayout ? 'Paid to' : 'To', lines: partyLines(document.buyer) },
    ],
    amountHead: currency,
    rows: document.lines.map((line) => rowOf(line, { currency, isPayout })),
    sums: [
      ...carriedSums(document),
      ...(isTaxed(document)
        ? [
            { text: 'Net', amount: money(document.netMinorUnits) },
            ...document.taxLines.map(({ name, basisPoints, minorUnits, isReverseCharge }) => ({
              text: isReverseCharge
                ? `${name}: reverse charge, owed by the buyer`
                : `${name} ${basisPoints / 100} %`,
              amount: money(minorUnits),
            })),
          ]
        : []),
      { text: totalTexts[kind], amount: `${money(totalMinorUnits)} ${currency}`, isTotal: true },
    ],
    notes: notesOf(document),
    ...stampOf(document),
  };
}

/** Nobody owes anything of a comparison, nor of what is on the books of tests. */
function stampOf({ kind, isTest }: DocumentAnswer): Pick<PrintedDocument, 'stamp'> {
  if (isTest) return { stamp: 'Test' };
  return kind === 'comparison' || kind === 'comparison-payout' ? { stamp: 'Comparison' } : {};
}

const totalTexts = {
  invoice: 'To be paid',
  'credit-note': 'Credited',
  'payout-note': 'To be paid out',
  comparison: 'Would be asked for',
  'comparison-payout': 'Would be paid out',
} as const;

/** Older credit notes have their tax in their sum. */
const isTaxed = ({ kind, taxLines }: DocumentAnswer): boolean =>
  kind === 'invoice' || kind === 'comparison' || (kind === 'credit-note' && taxLines.length > 0);

const countries = new Intl.DisplayNames('en', { type: 'region' });

/** An address often ends with it already. */
function countryLines(country: string | undefined, addressLines: readonly string[]): readonly string[] {
  if (country === undefined) return [];
  const name = countries.of(country) ?? country;
  const said = new Set(addressLines.map((line) => line.trim().toLowerCase()));
  return said.has(name.toLowerCase()) ? [] : [name];
}

const partyLines = ({
  legalName,
  addressLines,
  country,
  taxId,
}: DocumentAnswer['seller']): readonly string[] => [
  legalName,
  ...addressLines,
  ...countryLines(country, addressLines),
  ...(taxId === undefined ? [] : [`Tax id ${taxId}`]),
];

function rowOf(
  line: Line,
  { currency, isPayout }: { readonly currency: string; readonly isPayout: boolean },
): PrintedRow {
  const { kind, minorUnits, service, meter, quantity, amountPerUnit } = line;
  // A payout note rounds its sum alone: its lines are exact.
  const amount =
    minorUnits === undefined ? showExactMoney(line.amount) : showMinorUnits(minorUnits, currency);
  if (kind !== 'use' || service === undefined || meter === undefined)
    return { text: rowText(line, isPayout), amount };
  const name = `${service}.${meter}`;
  return {
    text: meterOf(name)?.label ?? meter,
    note: serviceTitle(service),
    ...(quantity === undefined ? {} : { quantity: textOf(showExact(quantity, unitOf(name))) }),
    ...(amountPerUnit === undefined ? {} : { price: priceText(amountPerUnit, name) }),
    amount,
  };
}

function priceText(price: NonNullable<Line['amountPerUnit']>, metered: string): string {
  const unit = unitOf(metered);
  return `${writeHumanPrice(price, unit)} ${perLabel(price, unit)}`;
}

function rowText({ kind, period, childName }: Line, isPayout: boolean): string {
  switch (kind) {
    case 'subsidy':
      return 'What your customers paid less than their use costs';
    case 'margin':
      return `Earned on ${childName ?? 'a customer'}`;
    case 'adjustment':
      return `Correction of ${showPeriod(period)}, which was closed before`;
    case 'given-credit':
      return isPayout
        ? 'Credit that you gave and had paid for, and nobody used'
        : 'Credit that you gave, as others used it';
    case 'refund':
      return 'Given back of the invoice';
    case 'cancelled':
      return 'The invoice is void';
    case 'use':
      return 'Use';
  }
}

/** What the rounding of a month leaves, which the next month has. */
function carriedSums({ carriedIn, residue }: DocumentAnswer): readonly PrintedSum[] {
  return [
    ...(signOf(carriedIn) === 0
      ? []
      : [{ text: 'Fraction from the month before', amount: showExactMoney(carriedIn) }]),
    ...(signOf(residue) === 0
      ? []
      : [{ text: 'Fraction left to the next month', amount: showExactMoney(nano(-BigInt(residue))) }]),
  ];
}

function notesOf({
  kind,
  currency,
  dueAt,
  correctsId,
  correctsNumber = correctsId,
  standing,
}: DocumentAnswer): readonly string[] {
  const payUrl = standing !== undefined && 'payUrl' in standing ? standing.payUrl : undefined;
  const setOff = standing !== undefined && 'setOffMinorUnits' in standing ? standing.setOffMinorUnits : '0';
  return [
    ...(kind === 'invoice' && dueAt !== undefined && payUrl !== undefined
      ? [`Please pay by ${showUtcDay(dueAt)}: ${payUrl}`]
      : []),
    ...(correctsNumber === undefined ? [] : [`It corrects the invoice ${correctsNumber}.`]),
    ...(kind === 'comparison' || kind === 'comparison-payout'
      ? ['Another bills this month: nothing of this document is owed.']
      : []),
    ...(kind === 'payout-note' ? ['It is sent as far as it was paid by those that it was earned of.'] : []),
    ...setOffNotes(BigInt(setOff), currency),
  ];
}

/** What of a payout is kept because its account gave credit that others used (BIL-5). */
function setOffNotes(setOff: bigint, currency: string): readonly string[] {
  if (setOff === 0n) return [];
  const shown = `${showMinorUnits((setOff < 0n ? -setOff : setOff).toString(), currency)} ${currency}`;
  return setOff > 0n
    ? [`${shown} of it are not sent: they pay for credit that you gave and others used.`]
    : [`${shown} more are sent: they were kept before for credit that nobody used in the end.`];
}
