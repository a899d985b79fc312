import { type Nano, settlementStepOf } from '../money.ts';
import { type TaxedBuyer, type TaxLine, type TaxTerms, taxLinesAt, taxRates } from './tax.ts';

/**
 * 'invoice': what an account is asked for. 'credit-note': what of an invoice is given back. 'payout-note': what an account
 * is paid. 'comparison' and 'comparison-payout': what the two would be, of an account that is rated and not asked: nobody owes
 * anything of them.
 */
export const documentKinds = [
  'invoice',
  'credit-note',
  'payout-note',
  'comparison',
  'comparison-payout',
] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** A draft of a month in which its account is compared alone. */
export function comparisonOf(draft: DocumentDraft): DocumentDraft {
  switch (draft.kind) {
    case 'invoice':
      return { ...draft, kind: 'comparison' };
    case 'payout-note':
      return { ...draft, kind: 'comparison-payout' };
    case 'credit-note':
    case 'comparison':
    case 'comparison-payout':
      return draft;
  }
}

/** Who a document is from or to, as of the time when it was issued. */
export interface DocumentParty {
  readonly accountId: string;
  readonly legalName: string;
  readonly addressLines: readonly string[];
  /** ISO 3166, two letters. */
  readonly country?: string;
  readonly taxId?: string;
}

/** What a seller says of its documents. */
export interface SellerTerms extends TaxTerms {
  /** Before the number of each: letters, digits and dashes. */
  readonly numberPrefix: string;
  readonly paymentDays: number;
}

/** Of an account that has said nothing, but for its prefix: that is its own (`DocumentStore.prefixOf`). */
export const unsaidTerms: Omit<SellerTerms, 'numberPrefix'> = {
  paymentDays: 14,
  taxBasisPoints: 0,
  taxName: 'Tax',
};

/**
 * 'use': own use of one meter at one price. 'subsidy': what children paid less than their use cost. 'margin': of one
 * child. 'adjustment': what a period that was closed before comes to more, or less, than was documented (BIL-7). 'given-credit':
 * what others used of credit that the account gave, beyond what is kept of its payouts; in a payout note, what was kept of them, or
 * paid, and was not used in the end (BIL-5).
 * 'refund': of the invoice that a credit note corrects. 'cancelled': all of an invoice that is void.
 */
export const documentLineKinds = [
  'use',
  'subsidy',
  'margin',
  'adjustment',
  'given-credit',
  'refund',
  'cancelled',
] as const;

export interface DocumentLine {
  readonly kind: (typeof documentLineKinds)[number];
  /** Unique in the document. */
  readonly key: string;
  /** The UTC month that it is of. */
  readonly period: string;
  /** `service.meter`, of use. */
  readonly meter?: string;
  readonly quantity?: string;
  readonly price?: { readonly amount: string; readonly per: string };
  /** Of a margin. */
  readonly childId?: string;
  /** Exact. */
  readonly amount: Nano;
  /** Its part of the whole minor units that are asked for. Absent in a payout note, which rounds its sum alone. */
  readonly minorUnits?: bigint;
}

/** A document before it has a number and a time. */
export interface DocumentDraft {
  readonly kind: DocumentKind;
  readonly accountId: string;
  readonly sellerId: string;
  readonly period: string;
  readonly currency: string;
  readonly lines: readonly DocumentLine[];
  /** Fractions of minor units: from the period before, and to the next. */
  readonly carriedIn: Nano;
  readonly residue: Nano;
  readonly netMinorUnits: bigint;
  /** Of a credit note, which has the taxes of its invoice. Absent: those of its seller now. */
  readonly taxLines?: readonly TaxLine[];
}

/** Immutable. */
export interface BillingDocument extends DocumentDraft {
  readonly id: string;
  /** Without a gap, per seller and kind. */
  readonly number: string;
  readonly seller: DocumentParty;
  readonly buyer: DocumentParty;
  readonly issuedAtMs: number;
  /** Of an invoice. */
  readonly dueAtMs?: number;
  readonly taxLines: readonly TaxLine[];
  readonly totalMinorUnits: bigint;
  /** The invoice that a credit note is of. */
  readonly correctsId?: string;
  readonly correctsNumber?: string;
}

const SEQUENCE_DIGITS = 5;
const DAY_MS = 86_400_000;
const kindLetters = {
  invoice: 'I',
  'credit-note': 'C',
  'payout-note': 'P',
  comparison: 'R',
  'comparison-payout': 'RP',
} as const;

export const numberOf = (kind: DocumentKind, sequence: number, { numberPrefix }: SellerTerms): string =>
  `${numberPrefix}-${kindLetters[kind]}${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`;

/**
 * What of an invoice pays for credit that its account gave: money for what was sold to others, with the tax of that. Of a payout
 * note, what comes back of it.
 */
export const givenCreditOf = ({ lines }: Pick<DocumentDraft, 'lines'>): bigint =>
  lines
    .filter(({ kind }) => kind === 'given-credit')
    .reduce((total, { minorUnits = 0n }) => total + minorUnits, 0n);

/** What of a document is for what its seller sold, or bought, without tax. */
export const soldOf = (draft: Pick<DocumentDraft, 'lines' | 'netMinorUnits'>): bigint =>
  draft.netMinorUnits - givenCreditOf(draft);

/** Tax is on what is sold: a payout is income of whoever gets it, and taxed by them. */
export const taxLinesOf = (
  { kind, currency, ...draft }: Pick<DocumentDraft, 'kind' | 'netMinorUnits' | 'currency' | 'lines'>,
  terms: SellerTerms,
  buyer: TaxedBuyer,
): readonly TaxLine[] =>
  kind === 'invoice' || kind === 'comparison'
    ? taxLinesAt(taxRates(terms, buyer), soldOf(draft), settlementStepOf(currency))
    : [];

export interface Issue {
  readonly id: string;
  readonly sequence: number;
  readonly seller: DocumentParty;
  readonly buyer: DocumentParty;
  readonly terms: SellerTerms;
  /** Of the buyer, for its tax; default: nowhere, and no business. */
  readonly taxed?: TaxedBuyer;
  readonly nowMs: number;
}

/** Gives a draft its number, its parties, its time and its tax. From then on nothing of it changes. */
export function issue(
  draft: DocumentDraft,
  { id, sequence, seller, buyer, terms, taxed = {}, nowMs }: Issue,
): BillingDocument {
  const taxLines = draft.taxLines ?? taxLinesOf(draft, terms, taxed);
  return {
    ...draft,
    id,
    number: numberOf(draft.kind, sequence, terms),
    seller,
    buyer,
    issuedAtMs: nowMs,
    ...(draft.kind === 'invoice' ? { dueAtMs: nowMs + terms.paymentDays * DAY_MS } : {}),
    taxLines,
    totalMinorUnits: taxLines.reduce((total, { minorUnits }) => total + minorUnits, draft.netMinorUnits),
  };
}
