import { type BillingDocument, givenCreditOf } from '../documents/document.ts';
import { minorUnitOf, type Nano, nano, subtract, ZERO } from '../money.ts';
import {
  givenBackOf,
  goneCreditOf,
  goneOf,
  type InvoiceCollection,
  type InvoiceSums,
  sumsOf,
  takenBeyondOf,
  toppedUp,
} from './invoice-collection.ts';
import {
  earnedOf,
  entitlementOf,
  type PayoutCollection,
  sentOf,
  setOffOf,
  withTaxHeld,
} from './payout-collection.ts';
import type { RailRefund } from './rail.ts';
import type { Backing } from './shares.ts';
import { heldTaxOf, taxWithin } from './tax-held.ts';

/**
 * The books of collecting, beside those of use. Each entry has its other side at the platform, and + is to the good of whose it
 * is. 'invoiced': what an account was asked for and has not paid. 'tax': what of that is the state's. 'owed': what it is to be
 * paid out. 'disputed': what a bank holds. 'clearing': what it paid in, below zero, and what it got; of the platform, what is
 * there. 'balance': what it has prepaid. 'drawn': what of that paid for use that is on no invoice yet. 'granted': what it gave
 * to others and bears, less what was kept of its payouts, or asked by an invoice, for that (BIL-5). 'written-off': what went
 * back to it beyond what it had paid, as when a bank takes all of a payment of which a part was given back: whoever collects
 * has lost that, and what is there is its clearing less it. 'tax-held': of a seller in whose name another collects, what was paid
 * as tax and is to be passed on to it; its 'tax' is below zero then, since it owes that to the state (decision 0023).
 */
export const collectionBooks = [
  'invoiced',
  'tax',
  'owed',
  'disputed',
  'clearing',
  'balance',
  'drawn',
  'granted',
  'written-off',
  'tax-held',
] as const;
export type CollectionBook = (typeof collectionBooks)[number];

export interface CollectionEntry {
  readonly accountId: string;
  readonly book: CollectionBook;
  readonly amount: Nano;
}

/** Its entries sum to zero. Posted once, whatever posts it again. */
export interface CollectionTransaction {
  readonly sourceRef: string;
  readonly period: string;
  readonly accountId: string;
  readonly currency: string;
  readonly entries: readonly CollectionEntry[];
}

type Posted = Pick<CollectionTransaction, 'period' | 'accountId' | 'currency'>;

/** What an account gets in a book, in minor units: the platform has it the other way round. */
interface Moved {
  readonly accountId: string;
  readonly book: CollectionBook;
  readonly minorUnits: bigint;
}

function transaction(
  { period, accountId, currency }: Posted,
  { sourceRef, platformId, moved }: { sourceRef: string; platformId: string; moved: readonly Moved[] },
): CollectionTransaction[] {
  const unit = minorUnitOf(currency);
  const totals = new Map<string, CollectionEntry>();
  const add = (entry: CollectionEntry) => {
    const key = `${entry.accountId} ${entry.book}`;
    totals.set(key, { ...entry, amount: nano((totals.get(key)?.amount ?? ZERO) + entry.amount) });
  };
  for (const each of moved) {
    const amount = nano(each.minorUnits * unit);
    add({ accountId: each.accountId, book: each.book, amount });
    add({ accountId: platformId, book: each.book, amount: subtract(ZERO, amount) });
  }
  const entries = [...totals.values()].filter(({ amount }) => amount !== 0n);
  return entries.length === 0 ? [] : [{ sourceRef, period, accountId, currency, entries }];
}

type IssuedDocument = Posted &
  Pick<BillingDocument, 'id' | 'kind' | 'lines' | 'totalMinorUnits' | 'netMinorUnits'>;

/** What a document says is owed, by the account or to it. */
export function issued(document: IssuedDocument, platformId: string): readonly CollectionTransaction[] {
  const { kind, accountId, id, totalMinorUnits, netMinorUnits } = document;
  const tax = totalMinorUnits - netMinorUnits;
  const moved: readonly Moved[] =
    kind === 'invoice'
      ? [
          { accountId, book: 'invoiced', minorUnits: -totalMinorUnits },
          { accountId, book: 'tax', minorUnits: tax },
          // From here on it is owed by the invoice.
          { accountId, book: 'granted', minorUnits: givenCreditOf(document) },
        ]
      : kind === 'payout-note'
        ? [
            { accountId, book: 'owed', minorUnits: totalMinorUnits },
            // What comes back of credit that it gave.
            { accountId, book: 'granted', minorUnits: -givenCreditOf(document) },
          ]
        : [];
  return transaction(document, { sourceRef: `issued/${id}`, platformId, moved });
}

export interface SettledInvoice {
  /** Of the notes whose accounts earn of this invoice, those that changed. */
  readonly notes: readonly PayoutCollection[];
  readonly transactions: readonly CollectionTransaction[];
}

/**
 * What follows from what is known of an invoice now, beyond what was known before: what came in, what went back, and
 * what those above may be paid for it. What goes back is borne by whoever earned of it, up the chain, in the same
 * transaction (BIL-6).
 */
export function settleInvoice({
  before,
  after,
  notes,
  platformId,
}: {
  readonly before: InvoiceCollection;
  readonly after: InvoiceCollection;
  /** Of the accounts that its shares name, those that have one. */
  readonly notes: readonly PayoutCollection[];
  readonly platformId: string;
}): SettledInvoice {
  const { documentId, accountId } = after;
  let held = notes;
  let sums = sumsOf(before);
  const transactions: CollectionTransaction[] = [];
  const post = (what: string, next: InvoiceSums, moved: readonly Moved[]) => {
    const moving = held.map((note) => rebacked(note, { invoice: after, from: sums, to: next }));
    const owed = moving.flatMap((note, index) => owedBetween(held[index] ?? note, note));
    const taxBack = taxWithin(after, goneOf(next)) - taxWithin(after, goneOf(sums));
    const tax: Moved = { accountId, book: 'tax', minorUnits: -taxBack };
    const beyond = takenBeyondOf(next) - takenBeyondOf(sums);
    const lost = [own('clearing', -beyond), own('written-off', beyond)];
    const granted = own('granted', goneCreditOf(after, sums) - goneCreditOf(after, next));
    const sourceRef = `${what}/${documentId}`;
    transactions.push(
      ...transaction(after, { sourceRef, platformId, moved: [...moved, tax, granted, ...lost, ...owed] }),
    );
    held = moving;
    sums = next;
  };
  const own = (book: CollectionBook, minorUnits: bigint): Moved => ({ accountId, book, minorUnits });

  // Of a top-up, what money comes in for and goes back from is the balance, and no document. No more leaves the balance than
  // came in for it.
  const isTopUp = after.purpose === 'top-up';
  const isAsked = ({ refundId }: RailRefund) =>
    after.askedRefunds.some((asked) => asked.refundId === refundId);
  let out = givenBackOf(before);
  const worthOf = ({ paid, disputed, lost }: InvoiceSums, backMinorUnits: bigint): bigint =>
    toppedUp({ paid, back: backMinorUnits + disputed + lost });
  const ofBalance = (next: InvoiceSums, nextOut = out): readonly Moved[] => {
    if (!isTopUp) return [];
    const minorUnits = worthOf(next, nextOut) - worthOf(sums, out);
    out = nextOut;
    return [own('balance', minorUnits)];
  };
  const paid = after.paidMinorUnits - before.paidMinorUnits;
  const isCovered = after.isPaidFromBalance === true;
  if (paid > 0n || (paid < 0n && isCovered)) {
    const next = { ...sums, paid: after.paidMinorUnits };
    const { coveredCount = 0 } = after;
    post(coveredCount > 0 ? `covered:${coveredCount}` : `paid:${after.paidMinorUnits}`, next, [
      ...(isTopUp ? ofBalance(next) : [own('invoiced', paid)]),
      own(isCovered ? 'drawn' : 'clearing', -paid),
    ]);
  }
  for (const refund of after.refunds) {
    const was = before.refunds.find(({ id }) => id === refund.id)?.state;
    const { minorUnits } = refund;
    if (isTopUp && isAsked(refund) && refund.state === 'failed' && was !== 'failed')
      post(`refund-failed:${refund.id}`, sums, [
        own('owed', -minorUnits),
        ...ofBalance(sums, out - minorUnits),
      ]);
    if (refund.state !== 'succeeded' || was === 'succeeded') continue;
    const next = { ...sums, refunded: sums.refunded + minorUnits };
    // What we asked for left the balance when it was asked.
    const from =
      isTopUp && isAsked(refund) && was !== 'failed'
        ? [own('owed', -minorUnits)]
        : ofBalance(next, out + minorUnits);
    post(`refund:${refund.id}`, next, [own('clearing', minorUnits), ...from]);
  }
  for (const { id, minorUnits, state } of after.disputes) {
    const was = before.disputes.find((dispute) => dispute.id === id)?.state;
    if (was === undefined) {
      const next = { ...sums, disputed: sums.disputed + minorUnits };
      post(`disputed:${id}`, next, [own('disputed', minorUnits), ...ofBalance(next)]);
    }
    if (state === 'won' && was !== 'won') {
      const next = { ...sums, disputed: sums.disputed - minorUnits };
      post(`dispute-won:${id}`, next, [own('disputed', -minorUnits), ...ofBalance(next)]);
    }
    if (state === 'lost' && was !== 'lost')
      post(
        `dispute-lost:${id}`,
        { ...sums, disputed: sums.disputed - minorUnits, lost: sums.lost + minorUnits },
        [own('disputed', -minorUnits), own('clearing', minorUnits)],
      );
  }
  const { givenUp } = sumsOf(after);
  // What is not bought was never owed.
  if (givenUp > sums.givenUp && !isTopUp)
    post('void', { ...sums, givenUp }, [own('invoiced', givenUp - sums.givenUp)]);
  return { notes: held.filter((note, index) => note !== notes[index]), transactions };
}

/**
 * What follows from a document that compares alone: it is an invoice that is void as it is issued. Nobody was asked for
 * anything, so all that moves is what those above would have earned of it, and are not owed.
 */
export function compared(
  document: BillingDocument,
  {
    invoice,
    notes,
    platformId,
  }: { readonly invoice: InvoiceCollection; readonly notes: readonly PayoutCollection[]; platformId: string },
): SettledInvoice {
  const after: InvoiceCollection = { ...invoice, isVoidAsked: true, state: 'void' };
  const settled = settleInvoice({ before: invoice, after, notes, platformId });
  const both = [...issued({ ...document, kind: 'invoice' }, platformId), ...settled.transactions];
  const totals = new Map<string, CollectionEntry>();
  for (const entry of both.flatMap(({ entries }) => entries)) {
    const key = `${entry.accountId} ${entry.book}`;
    totals.set(key, { ...entry, amount: nano((totals.get(key)?.amount ?? ZERO) + entry.amount) });
  }
  const entries = [...totals.values()].filter(({ amount }) => amount !== 0n);
  const { period, accountId, currency } = invoice;
  const sourceRef = `compared/${document.id}`;
  return {
    notes: settled.notes,
    transactions: entries.length === 0 ? [] : [{ sourceRef, period, accountId, currency, entries }],
  };
}

/**
 * What its account is owed more or less by it, and how much less or more of the credit that it gave is paid by it. What of that is
 * tax that was paid in its name, the account owes to the state.
 */
const owedBetween = (was: PayoutCollection, is: PayoutCollection): readonly Moved[] => [
  { accountId: is.accountId, book: bookOf(is), minorUnits: earnedOf(is) - earnedOf(was) },
  { accountId: is.accountId, book: 'granted', minorUnits: setOffOf(is) - setOffOf(was) },
  ...(is.purpose === 'tax'
    ? [
        {
          accountId: is.accountId,
          book: 'tax' as const,
          minorUnits: was.totalMinorUnits - is.totalMinorUnits,
        },
      ]
    : []),
];

/** Where it stands that its account is to get something. */
const bookOf = ({ purpose }: PayoutCollection) => (purpose === 'tax' ? 'tax-held' : 'owed');

/**
 * Whoever gives credit pays for what others used of it, out of what it earned (BIL-5): at most all of that, and the rest out of
 * the next payout. Below zero, what was kept before and was not used in the end is paid out with this one.
 */
export function setOffPayout(
  note: PayoutCollection,
  { usedMinorUnits, platformId }: { readonly usedMinorUnits: bigint; readonly platformId: string },
): { readonly note: PayoutCollection; readonly transactions: readonly CollectionTransaction[] } {
  const entitled = entitlementOf(note);
  const after = { ...note, setOffMinorUnits: usedMinorUnits < entitled ? usedMinorUnits : entitled };
  const moved = owedBetween(note, after);
  return {
    note: after,
    transactions: transaction(note, { sourceRef: `set-off/${note.documentId}`, platformId, moved }),
  };
}

function rebacked(
  note: PayoutCollection,
  { invoice, from, to }: { readonly invoice: InvoiceCollection; from: InvoiceSums; to: InvoiceSums },
): PayoutCollection {
  if (note.purpose === 'tax')
    return note.accountId === invoice.taxSellerId
      ? withTaxHeld(note, heldTaxOf(invoice, to) - heldTaxOf(invoice, from))
      : note;
  const weight = invoice.shares.find(({ accountId }) => accountId === note.accountId)?.weight ?? ZERO;
  const [was, is] = [partsOf(invoice, weight, from), partsOf(invoice, weight, to)];
  if (was.paid === is.paid && was.lost === is.lost) return note;
  const backing: Backing = {
    ...note.backing,
    paid: nano(note.backing.paid + is.paid - was.paid),
    lost: nano(note.backing.lost + is.lost - was.lost),
  };
  return { ...note, backing };
}

/**
 * A share of what was paid and kept, and one of what is gone. What is not paid is rounded up: so no more is paid out than
 * came in, and of an invoice with nothing left to pay the two come to the whole weight. Shares are of what is no tax: of a part
 * that was paid, or went back, of what its taxes leave of it to the minor unit.
 */
export function partsOf(
  invoice: InvoiceCollection,
  weight: Nano,
  sums: InvoiceSums,
): { readonly paid: bigint; readonly lost: bigint } {
  // Of what was issued before taxes were kept one by one: as it was shared so far.
  const shared = (minorUnits: bigint) =>
    invoice.taxes === undefined ? minorUnits : minorUnits - taxWithin(invoice, minorUnits);
  const whole = shared(invoice.totalMinorUnits);
  if (whole === 0n) return { paid: 0n, lost: 0n };
  // Several taxes are cut off each: the part before the last cent may have less of them than the whole, and so more of the rest.
  const withoutTax = (minorUnits: bigint) => {
    const part = shared(minorUnits);
    return part < whole ? part : whole;
  };
  const lost = (weight * withoutTax(goneOf(sums))) / whole;
  const unpaid = whole - withoutTax(sums.paid + sums.givenUp);
  const waiting = (weight * unpaid + whole - 1n) / whole;
  const paid = weight - lost - waiting;
  return { paid: paid < 0n ? 0n : paid, lost };
}

/** What a payout note got, or gave back, since it was known last. */
export function settlePayout(
  before: PayoutCollection,
  after: PayoutCollection,
  platformId: string,
): readonly CollectionTransaction[] {
  const sent = sentOf(after) - sentOf(before);
  const { accountId, documentId, transfers } = after;
  const changes = transfers
    .map(({ ordinal, reversalCount, returnedMinorUnits }) =>
      [ordinal, reversalCount, ...(returnedMinorUnits === undefined ? [] : [returnedMinorUnits])].join('.'),
    )
    .join(',');
  return transaction(after, {
    sourceRef: `${after.purpose ?? 'payout'}:${changes}/${documentId}`,
    platformId,
    moved: [
      { accountId, book: bookOf(after), minorUnits: -sent },
      { accountId, book: 'clearing', minorUnits: sent },
    ],
  });
}
