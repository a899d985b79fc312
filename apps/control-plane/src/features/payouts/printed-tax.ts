import type { CollectedMonth } from '@patchbay/domain/billing/collected-tax-operations';
import { showExactMoney } from '../../formats/money.ts';
import { showPeriod } from '../../formats/time.ts';
import {
  type PrintedDocument,
  type PrintedRow,
  type PrintedSum,
  showMinorUnits,
  showUtcDay,
} from '../documents/printed-document.ts';

export interface PrintedTax extends PrintedDocument {
  readonly figureHeads: readonly [string, string];
}

/** What was collected in a seller's name in a month, as texts in the order in which they stand. */
export function printedTax(month: CollectedMonth): PrintedTax {
  const { period, currency, sellerName, documents, documentCount } = month;
  const left = documentCount - documents.length;
  return {
    title: 'Collected in your name',
    number: period,
    facts: [
      ['Period', showPeriod(period)],
      ['Currency', currency],
      ['Documents', documentCount.toString()],
    ],
    parties: [{ role: 'Seller', lines: [sellerName] }],
    figureHeads: ['Net and tax', 'Invoiced'],
    amountHead: `Paid, ${currency}`,
    rows: documents.map((document) => rowOf(document, currency)),
    sums: sumsOf(month),
    notes: [
      ...(left === 0 ? [] : [`${left} further documents are in its sums, and in the export alone.`]),
      'Tax that was paid in your name is yours to declare. What is shown as paid is less what was given back, or is held by a bank.',
      'It says how everything stood when it was made.',
    ],
  };
}

function rowOf(document: CollectedMonth['documents'][number], currency: string): PrintedRow {
  const money = (minorUnits: string) => showMinorUnits(minorUnits, currency);
  const { number, buyerName, issuedAt, correctsNumber, netMinorUnits, taxMinorUnits } = document;
  return {
    text: `${number} · ${buyerName}`,
    note: `${showUtcDay(issuedAt)}${correctsNumber === undefined ? '' : `, corrects ${correctsNumber}`}`,
    quantity: `${money(netMinorUnits)} + ${money(taxMinorUnits)}`,
    price: money(document.totalMinorUnits),
    // What went back is less in the row of the invoice.
    amount: correctsNumber === undefined ? money(document.paidMinorUnits) : '',
  };
}

export function sumsOf(month: CollectedMonth): readonly PrintedSum[] {
  const money = (minorUnits: string) => showMinorUnits(minorUnits, month.currency);
  const some = (text: string, minorUnits: string): readonly PrintedSum[] =>
    minorUnits === '0' ? [] : [{ text, amount: money(minorUnits) }];
  return [
    { text: 'Invoiced, without tax', amount: money(month.netMinorUnits) },
    ...month.taxes.map(({ name, basisPoints, minorUnits, isReverseCharge }) => ({
      text: isReverseCharge
        ? `${name}: reverse charge, owed by the buyers`
        : `${name} ${basisPoints / 100} %`,
      amount: money(minorUnits),
    })),
    { text: 'Invoiced', amount: money(month.totalMinorUnits) },
    { text: 'Paid', amount: money(month.paidMinorUnits) },
    { text: 'of it tax, which is yours', amount: money(month.paidTaxMinorUnits) },
    { text: 'of it earned by you', amount: showExactMoney(month.earned) },
    { text: 'of it passed through to whoever supplies you', amount: showExactMoney(month.passedThrough) },
    ...some('Tax kept for credit that you gave and others used', month.setOffMinorUnits),
    ...some('Tax held until it is sent', month.heldMinorUnits),
    {
      text: 'Tax passed on to you',
      amount: `${money(month.passedOnMinorUnits)} ${month.currency}`,
      isTotal: true,
    },
  ];
}
