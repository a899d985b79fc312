import { type InvoiceCollection, keptOfInvoice, sumsOf } from '../collection/invoice-collection.ts';
import {
  earnedOf,
  type PayoutCollection,
  returnedOf,
  sentOf,
  setOffOf,
} from '../collection/payout-collection.ts';
import { partsOf } from '../collection/postings.ts';
import { heldTaxOf } from '../collection/tax-held.ts';
import { minorUnitOf, type Nano, nano, ZERO } from '../money.ts';
import type { BillingDocument } from './document.ts';
import type { StoredDocument } from './document-store.ts';
import type { TaxRate } from './tax.ts';

/** What of one document in a seller's name a bookkeeper asks for. Of a credit note all sums are below zero. */
export interface CollectedDocument {
  readonly document: BillingDocument;
  readonly netMinorUnits: bigint;
  readonly taxMinorUnits: readonly bigint[];
  readonly totalMinorUnits: bigint;
  /** Of an invoice: what was paid and is neither given back nor held by a bank. */
  readonly paidMinorUnits: bigint;
  /** What of that is tax, and held for the seller, passed on to it, or with it where it collects itself. */
  readonly paidTaxMinorUnits: bigint;
  /** Of what was paid, exact: what the seller earned of it. */
  readonly earned: Nano;
  /** And what went on to those who supply it: what is left. */
  readonly passedThrough: Nano;
}

/** `isOfTop`: its seller is the top of the tree, which collects all that nobody else does. */
export function collectedDocument(
  { document, collection }: StoredDocument,
  isOfTop = false,
): CollectedDocument {
  const sign = document.kind === 'credit-note' ? -1n : 1n;
  const said = {
    document,
    netMinorUnits: sign * document.netMinorUnits,
    taxMinorUnits: document.taxLines.map(({ minorUnits }) => sign * minorUnits),
    totalMinorUnits: sign * document.totalMinorUnits,
  };
  if (collection?.kind !== 'invoice')
    return { ...said, paidMinorUnits: 0n, paidTaxMinorUnits: 0n, earned: ZERO, passedThrough: ZERO };
  const { sellerId } = document;
  const isWithSeller = isOfTop || collection.collectorId === sellerId;
  return { ...said, ...(isWithSeller ? paidTo(collection, sellerId) : paidOf(collection, sellerId)) };
}

/** Where it collects itself all of it is there: it buys what it sells by an invoice of its own. */
function paidTo(invoice: InvoiceCollection, sellerId: string) {
  const sums = sumsOf(invoice);
  const paidMinorUnits = keptOfInvoice(sums);
  const paidTaxMinorUnits = heldTaxOf({ ...invoice, taxSellerId: sellerId }, sums);
  const earned = nano((paidMinorUnits - paidTaxMinorUnits) * minorUnitOf(invoice.currency));
  return { paidMinorUnits, paidTaxMinorUnits, earned, passedThrough: ZERO };
}

function paidOf(invoice: InvoiceCollection, sellerId: string) {
  const sums = sumsOf(invoice);
  const weight = invoice.shares.find(({ accountId }) => accountId === sellerId)?.weight ?? ZERO;
  const paidMinorUnits = keptOfInvoice(sums);
  const paidTaxMinorUnits = heldTaxOf(invoice, sums);
  const earned = nano(partsOf(invoice, weight, sums).paid);
  const unit = minorUnitOf(invoice.currency);
  return {
    ...{ paidMinorUnits, paidTaxMinorUnits, earned },
    passedThrough: nano((paidMinorUnits - paidTaxMinorUnits) * unit - earned),
  };
}

/** The tax of documents, each rate of the same name once, in the order in which they are met. */
export interface RateSum extends TaxRate {
  readonly minorUnits: bigint;
}

/** What documents in one currency come to together. */
export interface CollectedSums {
  readonly netMinorUnits: bigint;
  readonly taxes: readonly RateSum[];
  readonly totalMinorUnits: bigint;
  readonly paidMinorUnits: bigint;
  readonly paidTaxMinorUnits: bigint;
  readonly earned: Nano;
  readonly passedThrough: Nano;
}

export const nothingCollected: CollectedSums = {
  ...{ netMinorUnits: 0n, taxes: [], totalMinorUnits: 0n, paidMinorUnits: 0n, paidTaxMinorUnits: 0n },
  ...{ earned: ZERO, passedThrough: ZERO },
};

export function withCollected(sums: CollectedSums, one: CollectedDocument): CollectedSums {
  const taxes = [...sums.taxes];
  for (const [index, { name, basisPoints, isReverseCharge }] of one.document.taxLines.entries()) {
    const place = taxes.findIndex(
      (each) =>
        each.name === name && each.basisPoints === basisPoints && each.isReverseCharge === isReverseCharge,
    );
    const known = taxes[place];
    const minorUnits = (known?.minorUnits ?? 0n) + (one.taxMinorUnits[index] ?? 0n);
    const rate = { name, basisPoints, ...(isReverseCharge === undefined ? {} : { isReverseCharge }) };
    taxes.splice(known === undefined ? taxes.length : place, 1, { ...rate, minorUnits });
  }
  return {
    taxes,
    netMinorUnits: sums.netMinorUnits + one.netMinorUnits,
    totalMinorUnits: sums.totalMinorUnits + one.totalMinorUnits,
    paidMinorUnits: sums.paidMinorUnits + one.paidMinorUnits,
    paidTaxMinorUnits: sums.paidTaxMinorUnits + one.paidTaxMinorUnits,
    earned: nano(sums.earned + one.earned),
    passedThrough: nano(sums.passedThrough + one.passedThrough),
  };
}

/** How what is held of tax for a seller stands, in minor units: what was paid is passed on, kept or held. */
export interface HeldTax {
  readonly paidMinorUnits: bigint;
  readonly passedOnMinorUnits: bigint;
  /** For credit that the seller gave and others used. */
  readonly setOffMinorUnits: bigint;
  readonly heldMinorUnits: bigint;
  /** Of what is held: what somebody took back at the rail by hand. It is not sent once more before somebody says so. */
  readonly returnedMinorUnits: bigint;
}

export const heldTax = (of: PayoutCollection): HeldTax => ({
  paidMinorUnits: of.totalMinorUnits,
  passedOnMinorUnits: sentOf(of),
  setOffMinorUnits: setOffOf(of),
  heldMinorUnits: earnedOf(of) - sentOf(of),
  returnedMinorUnits: returnedOf(of),
});
