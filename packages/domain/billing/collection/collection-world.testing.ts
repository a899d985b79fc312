import fc from 'fast-check';
import { expect } from 'vitest';
import { nano, sum } from '../money.ts';
import { chainShares } from './chain.testing.ts';
import { collectDocument } from './collect.ts';
import { type InvoiceCollection, notAskedYet } from './invoice-collection.ts';
import { MemoryCollection } from './memory-collection.testing.ts';
import { keptOf, MemoryRail } from './memory-rail.testing.ts';
import {
  earnedOf,
  fundingOf,
  noTaxHeld,
  type PayoutCollection,
  sendableOf,
  sentOf,
  setOffOf,
} from './payout-collection.ts';
import { setOffPayout } from './postings.ts';

export const CENT = 10_000_000n;
export const nowMs = Date.UTC(2027, 1, 5);

/** One closed month: leaves below resellers, each of whom sells on, up to the platform. */
export interface Month {
  readonly invoices: readonly InvoiceCollection[];
  readonly notes: readonly PayoutCollection[];
  /** In minor units, what others used of credit that the accounts of the notes gave, in turn. */
  readonly usedCredits?: readonly bigint[];
}

/** `taxes`: one by one, where whoever sells has several; else `tax` is the only one. */
type Charged = Pick<InvoiceCollection, 'shares' | 'taxSellerId'> & {
  readonly net: bigint;
  readonly tax: bigint;
  readonly taxes?: readonly bigint[];
};

export const invoiceOf = (accountId: string, of: Charged) =>
  ({
    kind: 'invoice',
    documentId: `doc_${accountId}`,
    accountId,
    period: '2027-01',
    currency: 'EUR',
    number: 'D-I00001',
    sellerName: 'Seller',
    dueAtMs: nowMs,
    taxMinorUnits: of.tax,
    ...(of.taxes === undefined ? {} : { taxes: of.taxes }),
    ...(of.taxSellerId === undefined ? {} : { taxSellerId: of.taxSellerId }),
    totalMinorUnits: of.net + of.tax,
    lines: [
      { key: 'use', text: 'Use', minorUnits: of.net },
      ...(of.tax > 0n ? [{ key: 'tax', text: 'Tax', minorUnits: of.tax }] : []),
    ],
    shares: of.shares,
    ...notAskedYet,
  }) satisfies InvoiceCollection;

export const noteOf = (accountId: string, of: Pick<PayoutCollection, 'backing' | 'totalMinorUnits'>) =>
  ({
    kind: 'payout',
    documentId: `doc_note_${accountId}`,
    accountId,
    period: '2027-01',
    currency: 'EUR',
    transfers: [],
    ...of,
  }) satisfies PayoutCollection;

/** The markup of the worked examples: 1000 minutes, platform 0.01, parent 0.02. */
export const markup: Month = (() => {
  const edges = [
    { buyerId: 'leaf', sellerId: 'parent', receivable: nano(2000n * CENT), cost: nano(1000n * CENT) },
    { buyerId: 'parent', sellerId: 'platform', receivable: nano(1000n * CENT), cost: nano(0n) },
  ];
  const shares = chainShares(nano(2000n * CENT), edges);
  return monthOf([{ accountId: 'leaf', net: 2000n, tax: 380n, shares }]);
})();

export function monthOf(charged: readonly ({ readonly accountId: string } & Charged)[]): Month {
  const invoices = charged.map(({ accountId, ...of }) => invoiceOf(accountId, of));
  const earned = Map.groupBy(
    invoices.flatMap(({ shares }) => shares),
    ({ accountId }) => accountId,
  );
  const notes = [...earned].map(([accountId, shares]) => {
    const weight = sum(shares.map((share) => share.weight));
    return noteOf(accountId, {
      totalMinorUnits: weight / CENT,
      backing: { weight, paid: nano(0n), lost: nano(0n) },
    });
  });
  const sellers = new Set(charged.flatMap(({ taxSellerId }) => taxSellerId ?? []));
  const held = [...sellers].map((sellerId) => noTaxHeld({ period: '2027-01', currency: 'EUR' }, sellerId));
  return { invoices, notes: [...notes.filter(({ totalMinorUnits }) => totalMinorUnits > 0n), ...held] };
}

export function worldOf({ invoices, notes, usedCredits = [] }: Month) {
  const rail = new MemoryRail();
  const store = new MemoryCollection();
  // What was kept of payouts before, for what nobody used in the end, is there still.
  const keptBefore = usedCredits.reduce((total, used) => (used < 0n ? total - used : total), 0n);
  rail.balance = keptBefore;
  const kept = notes.map((note, index) => {
    const usedMinorUnits = usedCredits[index];
    if (usedMinorUnits === undefined) return note;
    const setOff = setOffPayout(note, { usedMinorUnits, platformId: 'platform' });
    for (const each of setOff.transactions) store.transactions.set(each.sourceRef, each);
    return setOff.note;
  });
  for (const collection of [...invoices, ...kept])
    store.add({
      collection,
      refusedCount: 0,
      platformId: 'platform',
      payeeId: `payee_${collection.accountId}`,
      name: collection.accountId,
    });
  let clockMs = nowMs;
  const ports = { store, rail, nowMs: () => clockMs };
  return {
    rail,
    store,
    /** What whoever collects has put in itself. */
    paidIn: keptBefore,
    ports,
    pass: (ms: number) => {
      clockMs += ms;
    },
    async collect() {
      for (const documentId of store.rows.keys()) await collectDocument(documentId, ports);
    },
    /** Until nothing changes any more, however often something is refused on the way. */
    async settle() {
      for (let before = ''; ; ) {
        for (const documentId of store.rows.keys()) await collectDocument(documentId, ports);
        const now = JSON.stringify(
          [...store.rows.values()].map(({ held }) => [
            held.collection,
            held.refusedCount > 0 && rail.balance,
          ]),
          (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
        );
        if (now === before) return;
        before = now;
      }
    },
    payouts: (): readonly PayoutCollection[] =>
      [...store.rows.values()].flatMap(({ held }) =>
        held.collection.kind === 'payout' ? [held.collection] : [],
      ),
    noteOf(accountId: string): PayoutCollection {
      const note = store.rows.get(`doc_note_${accountId}`)?.held.collection;
      if (note?.kind !== 'payout') throw new Error(`${accountId} has no note.`);
      return note;
    },
  };
}

export type World = ReturnType<typeof worldOf>;

/** By account and book, in minor units; what is zero is left out. */
export function balancesOf({ store }: World): Record<string, bigint> {
  const balances = new Map<string, bigint>();
  for (const { entries } of store.transactions.values()) {
    expect(sum(entries.map(({ amount }) => amount))).toBe(0n);
    for (const { accountId, book, amount } of entries) {
      const key = `${accountId} ${book}`;
      balances.set(key, (balances.get(key) ?? 0n) + amount);
    }
  }
  return Object.fromEntries(
    [...balances]
      .filter(([, amount]) => amount !== 0n)
      .map(([key, amount]): [string, bigint] => [key, amount / CENT])
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

export const firstInvoice = ({ rail }: World) => {
  const invoice = [...rail.invoices.values()][0];
  if (invoice === undefined) throw new Error('There is no invoice.');
  return invoice;
};

export type Happening = { readonly at: number; readonly what: string; readonly part: bigint };

export function happen(world: World, { at, what, part }: Happening): void {
  const { rail } = world;
  const invoices = [...rail.invoices.values()];
  const invoice = invoices[at % invoices.length];
  if (invoice === undefined) return;
  const partOf = (whole: bigint) => (whole * part) / 100n;
  if (what === 'pay' && invoice.state === 'open') rail.pay(invoice, partOf(invoice.minorUnits) + 1n);
  if ((what === 'pay-all' || what === 'pay-unseen') && invoice.state === 'open')
    rail.pay(invoice, invoice.minorUnits);
  if (what === 'refund' && partOf(keptOf(invoice)) > 0n) rail.refund(invoice.id, partOf(keptOf(invoice)));
  if (what === 'dispute') rail.dispute(invoice, partOf(keptOf(invoice)));
  if (what === 'bank') {
    // Whatever was given back of it before: whoever collects has to make it good.
    const before = rail.balance;
    const kept = keptOf(invoice);
    rail.dispute(invoice, invoice.paidMinorUnits);
    const beyond = before - rail.balance - (kept > 0n ? kept : 0n);
    if (beyond > 0n) rail.balance += beyond;
    if (beyond > 0n) world.paidIn += beyond;
  }
  if (what === 'won' || what === 'lost') rail.closeDisputes(invoice, what);
}

/** What holds whenever nothing is left to do: the ledger is what the rail has, and what came in is what went out. */
export function expectSettled(world: World): void {
  const balances = balancesOf(world);
  const ofBook = (book: string, isPlatform: boolean) =>
    Object.entries(balances)
      .filter(([key]) => key.endsWith(` ${book}`) && key.startsWith('platform') === isPlatform)
      .reduce((total, [, amount]) => total + amount, 0n);
  expect(ofBook('clearing', true) + ofBook('disputed', true) + ofBook('written-off', true)).toBe(
    world.rail.balance - world.paidIn,
  );
  expect(ofBook('clearing', true)).toBe(-ofBook('clearing', false));
  const moved: { accountId: string; granted: bigint; owed: bigint }[] = [];
  for (const { held } of world.store.rows.values()) {
    if (held.collection.kind !== 'payout') continue;
    const { documentId, accountId, totalMinorUnits, purpose } = held.collection;
    const others = world.payouts().filter((each) => each.documentId !== documentId);
    const funded = fundingOf(held.collection, others);
    const sendable = sendableOf(held.collection, others);
    const setOff = setOffOf(held.collection);
    expect(sentOf(held.collection)).toBe(sendable);
    expect(funded).toBeLessThanOrEqual(totalMinorUnits);
    // What came in for it is sent or kept, and what is kept is what the ledger says: of both, and of what is still owed.
    expect(sendable + (setOff > 0n ? setOff : 0n)).toBeGreaterThanOrEqual(funded);
    expect(earnedOf(held.collection)).toBeGreaterThanOrEqual(0n);
    // Nothing that is lost makes credit come back that nobody gave.
    const { setOffMinorUnits: asked = 0n } = held.collection;
    expect(setOff).toBeGreaterThanOrEqual(asked < 0n ? asked : 0n);
    // Of tax nothing is owed before it is paid, and what it is then its seller owes to the state.
    if (purpose === 'tax') {
      expect(balances[`${accountId} tax-held`] ?? 0n).toBe(earnedOf(held.collection) - sendable);
      expect(balances[`${accountId} tax`] ?? 0n).toBe(-totalMinorUnits);
    }
    const owed = purpose === 'tax' ? 0n : earnedOf(held.collection) - totalMinorUnits - sendable;
    moved.push({ accountId, granted: setOff, owed });
    const atRail = [...world.rail.transfers.values()].filter(
      ({ documentId }) => documentId === held.collection.documentId,
    );
    expect(atRail.reduce((total, each) => total + each.minorUnits - each.reversedMinorUnits, 0n)).toBe(
      sendable,
    );
  }
  for (const [accountId, of] of Map.groupBy(moved, (each) => each.accountId)) {
    const total = (book: 'granted' | 'owed') => of.reduce((all, each) => all + each[book], 0n);
    expect(balances[`${accountId} granted`] ?? 0n).toBe(total('granted'));
    expect(balances[`${accountId} owed`] ?? 0n).toBe(total('owed'));
  }
  expect(new Set([...world.rail.invoices.values()].map(({ documentId }) => documentId)).size).toBe(
    world.rail.invoices.size,
  );
}

/** What happens at the rail, in whichever order, to one of the invoices. */
export const happenings = fc.array(
  fc.record({
    at: fc.nat(),
    what: fc.constantFrom(
      'pay',
      'pay',
      'pay-all',
      'refund',
      'dispute',
      'bank',
      'won',
      'lost',
      'look',
      'stale',
    ),
    part: fc.bigInt(1n, 100n),
  }),
  { maxLength: 14 },
);
