import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Nano, nano, sum } from '../money.ts';
import { chainShares, type Link } from './chain.testing.ts';
import { collectDocument } from './collect.ts';
import {
  type InvoiceCollection,
  isRefunding,
  nextInvoiceStep,
  notAskedYet,
  voidAsked,
} from './invoice-collection.ts';
import { MemoryCollection } from './memory-collection.testing.ts';
import { keptOf, MemoryRail } from './memory-rail.testing.ts';
import {
  earnedOf,
  fundingOf,
  nextPayoutStep,
  type PayoutCollection,
  sendableOf,
  sentOf,
  setOffOf,
} from './payout-collection.ts';
import { setOffPayout } from './postings.ts';
import { RailError } from './rail.ts';

const CENT = 10_000_000n;
const nowMs = Date.UTC(2027, 1, 5);

/** One closed month: leaves below resellers, each of whom sells on, up to the platform. */
interface Month {
  readonly invoices: readonly InvoiceCollection[];
  readonly notes: readonly PayoutCollection[];
  /** In minor units, what others used of credit that the accounts of the notes gave, in turn. */
  readonly usedCredits?: readonly bigint[];
}

const invoiceOf = (accountId: string, of: Pick<InvoiceCollection, 'shares'> & { net: bigint; tax: bigint }) =>
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
    totalMinorUnits: of.net + of.tax,
    lines: [
      { key: 'use', text: 'Use', minorUnits: of.net },
      ...(of.tax > 0n ? [{ key: 'tax', text: 'Tax', minorUnits: of.tax }] : []),
    ],
    shares: of.shares,
    ...notAskedYet,
  }) satisfies InvoiceCollection;

const noteOf = (accountId: string, of: Pick<PayoutCollection, 'backing' | 'totalMinorUnits'>) =>
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
const markup: Month = (() => {
  const edges = [
    { buyerId: 'leaf', sellerId: 'parent', receivable: nano(2000n * CENT), cost: nano(1000n * CENT) },
    { buyerId: 'parent', sellerId: 'platform', receivable: nano(1000n * CENT), cost: nano(0n) },
  ];
  const shares = chainShares(nano(2000n * CENT), edges);
  return monthOf([{ accountId: 'leaf', net: 2000n, tax: 380n, shares }]);
})();

function monthOf(
  charged: readonly { accountId: string; net: bigint; tax: bigint; shares: InvoiceCollection['shares'] }[],
): Month {
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
  return { invoices, notes: notes.filter(({ totalMinorUnits }) => totalMinorUnits > 0n) };
}

function worldOf({ invoices, notes, usedCredits = [] }: Month) {
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
    collectionOf: (documentId: string) => store.rows.get(documentId)?.held.collection,
    noteOf(accountId: string): PayoutCollection {
      const note = store.rows.get(`doc_note_${accountId}`)?.held.collection;
      if (note?.kind !== 'payout') throw new Error(`${accountId} has no note.`);
      return note;
    },
  };
}

type World = ReturnType<typeof worldOf>;

/** By account and book, in minor units; what is zero is left out. */
function balancesOf({ store }: World): Record<string, bigint> {
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

const firstInvoice = ({ rail }: World) => {
  const invoice = [...rail.invoices.values()][0];
  if (invoice === undefined) throw new Error('There is no invoice.');
  return invoice;
};

describe('collecting', () => {
  it('asks, is paid, and pays out what was earned, out of what was paid alone (BIL-6)', async () => {
    const world = worldOf(markup);
    await world.settle();
    expect(firstInvoice(world)).toMatchObject({ state: 'open', minorUnits: 2380n });
    expect(world.rail.transfers.size).toBe(0);
    world.rail.pay(firstInvoice(world), 1190n);
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(500n);
    world.rail.pay(firstInvoice(world), 1190n);
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(1000n);
    expect(balancesOf(world)).toMatchObject({ 'leaf clearing': -2380n, 'parent clearing': 1000n });
    expect(world.rail.balance).toBe(1380n);
  });

  it('takes back up the chain what a refund gives back, and a dispute until it is won', async () => {
    const world = worldOf(markup);
    await world.settle();
    world.rail.pay(firstInvoice(world), 2380n);
    await world.settle();
    world.rail.refund(firstInvoice(world).id, 238n);
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(900n);
    expect(balancesOf(world)).toMatchObject({ 'leaf clearing': -2142n, 'leaf tax': -38n });
    world.rail.dispute(firstInvoice(world), 2142n);
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(0n);
    expect(balancesOf(world)).toMatchObject({ 'leaf disputed': 2142n });
    world.rail.closeDisputes(firstInvoice(world), 'won');
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(900n);
    expect(balancesOf(world)).not.toHaveProperty('leaf disputed');
    expect(world.rail.balance).toBe(2142n - 900n);
  });

  it('loses to whoever collects what a bank takes beyond what was left of a payment, and nobody gains by it (BIL-6)', async () => {
    const world = worldOf({ ...markup, usedCredits: [400n] });
    await world.settle();
    world.rail.pay(firstInvoice(world), 2380n);
    await world.settle();
    world.rail.refund(firstInvoice(world).id, 2300n);
    await world.settle();
    happen(world, { at: 0, what: 'bank', part: 1n });
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(0n);
    expect(balancesOf(world)).not.toHaveProperty('parent granted');
    expectSettled(world);
    world.rail.closeDisputes(firstInvoice(world), 'lost');
    await world.settle();
    expect(balancesOf(world)).toEqual({
      'leaf written-off': 2300n,
      'parent owed': -1000n,
      'platform owed': 1000n,
      'platform written-off': -2300n,
      'leaf invoiced': 2380n,
      'platform invoiced': -2380n,
      'leaf tax': -380n,
      'platform tax': 380n,
    });
    expectSettled(world);
  });

  it('takes of a top-up no more out of the balance than came in for it, whatever a bank takes after a part was given back', async () => {
    const topUp: InvoiceCollection = {
      ...invoiceOf('saver', { net: 1000n, tax: 0n, shares: [] }),
      purpose: 'top-up',
    };
    const askedRefunds = [{ refundId: 'tup_back', minorUnits: 500n }];
    for (const [end, left] of [
      ['lost', { 'saver written-off': 500n }],
      ['won', { 'saver balance': 500n, 'saver clearing': -500n }],
    ] as const) {
      const world = worldOf({ invoices: [topUp], notes: [] });
      const asked = [
        ...['saver', 'platform'].map((accountId, index) => ({
          accountId,
          book: 'balance' as const,
          amount: nano((index === 0 ? -500n : 500n) * CENT),
        })),
        ...['saver', 'platform'].map((accountId, index) => ({
          accountId,
          book: 'owed' as const,
          amount: nano((index === 0 ? 500n : -500n) * CENT),
        })),
      ];
      const { accountId, period, currency } = topUp;
      await world.settle();
      world.rail.pay(firstInvoice(world), 1000n);
      await world.settle();
      await world.store.change(topUp.documentId, ({ collection }) =>
        collection.kind === 'invoice'
          ? {
              collection: { ...collection, askedRefunds },
              transactions: [{ sourceRef: 'asked', accountId, period, currency, entries: asked }],
            }
          : undefined,
      );
      await world.settle();
      expect(balancesOf(world)).toMatchObject({ 'saver balance': 500n });
      happen(world, { at: 0, what: 'bank', part: 1n });
      await world.settle();
      expect(balancesOf(world)).not.toHaveProperty('saver balance');
      expect(balancesOf(world)).not.toHaveProperty('saver owed');
      world.rail.closeDisputes(firstInvoice(world), end);
      await world.settle();
      const ofSaver = Object.entries(balancesOf(world)).filter(([key]) => key.startsWith('saver'));
      expect(Object.fromEntries(ofSaver)).toEqual(left);
      expectSettled(world);
    }
  });

  it('keeps of a payout what others used of credit that its account gave, and no more than is left of it (BIL-5)', async () => {
    const world = worldOf({ ...markup, usedCredits: [400n] });
    await world.settle();
    world.rail.pay(firstInvoice(world), 1190n);
    await world.settle();
    // What came in first is kept.
    expect(sentOf(world.noteOf('parent'))).toBe(100n);
    world.rail.pay(firstInvoice(world), 1190n);
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(600n);
    expect(balancesOf(world)).toMatchObject({ 'parent granted': 400n, 'parent clearing': 600n });
    expect(world.rail.balance).toBe(1780n);
    // Of 10.00 two are left: nothing is sent any more, and what was kept beyond is the giver's to pay again.
    world.rail.refund(firstInvoice(world).id, 1904n);
    await world.settle();
    expect(sentOf(world.noteOf('parent'))).toBe(0n);
    expect(balancesOf(world)).toMatchObject({ 'parent granted': 200n });
    expectSettled(world);
  });

  it('keeps all of a payout that is less than what was used, and pays out what was kept for nothing', async () => {
    for (const [used, sent] of [
      [5_000n, 0n],
      [-300n, 1_300n],
    ] as const) {
      const world = worldOf({ ...markup, usedCredits: [used] });
      await world.settle();
      world.rail.pay(firstInvoice(world), 2380n);
      await world.settle();
      expect(sentOf(world.noteOf('parent'))).toBe(sent);
      expectSettled(world);
    }
  });

  it('asks for nothing any more once an invoice is void, and nobody earns of it', async () => {
    const world = worldOf(markup);
    const [asked] = markup.invoices;
    if (asked === undefined) throw new Error('There is no invoice.');
    await world.settle();
    await world.store.change(asked.documentId, ({ collection }) =>
      collection.kind === 'invoice' ? { collection: { ...collection, isVoidAsked: true } } : undefined,
    );
    await world.settle();
    expect(firstInvoice(world).state).toBe('void');
    expect(balancesOf(world)).toMatchObject({
      'leaf invoiced': 2380n,
      'leaf tax': -380n,
      'parent owed': -1000n,
    });
  });

  it('gives back what was paid before the rail heard that the invoice is void', async () => {
    const world = worldOf(markup);
    const [asked] = markup.invoices;
    if (asked === undefined) throw new Error('There is no invoice.');
    await world.settle();
    world.rail.pay(firstInvoice(world), 2380n);
    await world.store.change(asked.documentId, ({ collection }) =>
      collection.kind === 'invoice' ? { collection: voidAsked(collection, 'doc_note') } : undefined,
    );
    await world.settle();
    expect(firstInvoice(world)).toMatchObject({
      state: 'paid',
      refunds: [{ refundId: 'doc_note', minorUnits: 2380n }],
    });
    expect(world.rail.balance).toBe(0n);
    expect(balancesOf(world)).not.toHaveProperty('leaf clearing');
    expect(balancesOf(world)).toMatchObject({ 'parent owed': -1000n });
  });

  it('knows whether money is on its way back, by a refund or because it was paid before it was void', () => {
    const paid = {
      ...invoiceOf('leaf', { net: 100n, tax: 0n, shares: [] }),
      state: 'paid',
      paidMinorUnits: 100n,
    } as const;
    const asked: InvoiceCollection = { ...paid, askedRefunds: [{ refundId: 'doc_back', minorUnits: 5n }] };
    const back = (state: 'pending' | 'succeeded' | 'failed') => ({
      ...asked,
      refunds: [{ id: 're_1', refundId: 'doc_back', minorUnits: 5n, state }],
    });
    expect([paid, asked, back('pending'), back('succeeded'), back('failed')].map(isRefunding)).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(isRefunding(voidAsked(paid, 'doc_note'))).toBe(false);
    expect(isRefunding(voidAsked({ ...paid, invoiceId: 'in_1' }, 'doc_note'))).toBe(true);
  });

  it('names each step by account and month: one that is planned anew, of rows restored from a backup, is the same', () => {
    const [asked] = markup.invoices;
    const [note] = markup.notes;
    const drafted = asked && nextInvoiceStep(asked, { customerId: 'cus', nowMs });
    expect(drafted?.key).toBe('invoice:leaf:2027-01:1');
    const paid = note && { ...note, backing: { ...note.backing, paid: note.backing.weight } };
    expect(paid && nextPayoutStep(paid, { payeeId: 'payee' })?.key).toBe('payout:parent:2027-01:1:1');
  });

  it('goes on with all others where one has a fault that nobody foresaw, tries that one later and later, and says so', async () => {
    const world = worldOf(markup);
    const faults: unknown[] = [];
    const ports = { ...world.ports, onFault: (cause: unknown) => faults.push(cause) };
    const row = world.store.rows.get('doc_leaf');
    world.store.add({
      collection: invoiceOf('other', { net: 100n, tax: 0n, shares: [] }),
      refusedCount: 0,
      platformId: 'platform',
      name: 'other',
    });
    world.rail.around = (_, call) => {
      if ('documentId' in call && call.documentId === 'doc_leaf') throw new TypeError('What is this?');
    };
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      for (const documentId of world.store.rows.keys()) await collectDocument(documentId, ports);
      waits.push((row?.nextAtMs ?? 0) - nowMs);
    }
    expect([...world.rail.invoices.values()].map(({ documentId }) => documentId)).toEqual(['doc_other']);
    expect(row?.held.failure).toContain('by a fault of the platform');
    expect(faults).toHaveLength(12);
    const [minute, day] = [60_000, 86_400_000];
    expect(waits.slice(0, 3)).toEqual([5 * minute, 10 * minute, 20 * minute]);
    expect(waits.at(-1)).toBe(day);
    world.rail.around = undefined;
    await world.settle();
    expect(row?.held.failure).toBeUndefined();
    expect(row?.faultCount).toBe(0);
  });

  it('tries what was refused under another key, and finds what was begun long ago', async () => {
    const world = worldOf(markup);
    let isRefusing = true;
    world.rail.around = (when, { type }) => {
      if (isRefusing && when === 'before' && type === 'finalise-invoice')
        throw new RailError('refused', 'Not now.');
    };
    await world.collect();
    expect(world.store.rows.get('doc_leaf')?.held).toMatchObject({ failure: 'Not now.', refusedCount: 1 });
    isRefusing = false;
    await world.settle();
    expect(firstInvoice(world).state).toBe('open');

    const late = worldOf(markup);
    late.rail.around = (when, { type }) => {
      if (when === 'after' && type === 'draft-invoice') throw new RailError('unavailable', 'No answer.');
    };
    await late.collect();
    late.rail.around = undefined;
    late.rail.forgetKeys();
    late.pass(48 * 3_600_000);
    await late.settle();
    expect(late.rail.invoices.size).toBe(1);
  });
});

/** What happens at the rail, in whichever order, to one of the invoices. */
const happenings = fc.array(
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

/** A chain of up to three resellers, with leaves at any height; each edge at a margin or a subsidy. */
const months: fc.Arbitrary<Month> = fc
  .record({
    rates: fc.array(fc.bigInt(0n, 150n), { minLength: 1, maxLength: 4 }),
    leaves: fc.array(fc.record({ height: fc.nat(), cents: fc.bigInt(1n, 100_000n), tax: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    }),
    usedCredits: fc.array(fc.bigInt(-500n, 100_000n), { maxLength: 4 }),
  })
  .map(({ rates, leaves, usedCredits }) => ({
    usedCredits,
    ...monthOf(
      leaves.map(({ height, cents, tax }, index) => {
        const above = rates.slice(height % rates.length);
        const edges: Link[] = above.map((rate, level) => ({
          buyerId: level === 0 ? `leaf${index}` : `r${rates.length - above.length + level - 1}`,
          sellerId: level === above.length - 1 ? 'platform' : `r${rates.length - above.length + level}`,
          receivable: nano(100n),
          cost: nano(rate),
        }));
        const shares = chainShares(nano(cents * CENT), edges);
        return { accountId: `leaf${index}`, net: cents, tax: tax ? cents / 5n : 0n, shares };
      }),
    ),
  }));

type Happening = { readonly at: number; readonly what: string; readonly part: bigint };

function happen(world: World, { at, what, part }: Happening): void {
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

/** As `statements.void` does, whose transaction is not among those that die. */
function askVoid({ store }: World): void {
  const row = store.rows.get('doc_leaf');
  if (row?.held.collection.kind !== 'invoice') throw new Error('There is no invoice.');
  row.held = { ...row.held, collection: voidAsked(row.held.collection, 'doc_note') };
}

class Died extends Error {}

/** What holds whenever nothing is left to do: the ledger is what the rail has, and what came in is what went out. */
function expectSettled(world: World): void {
  const balances = balancesOf(world);
  const ofBook = (book: string, isPlatform: boolean) =>
    Object.entries(balances)
      .filter(([key]) => key.endsWith(` ${book}`) && key.startsWith('platform') === isPlatform)
      .reduce((total, [, amount]) => total + amount, 0n);
  expect(ofBook('clearing', true) + ofBook('disputed', true) + ofBook('written-off', true)).toBe(
    world.rail.balance - world.paidIn,
  );
  expect(ofBook('clearing', true)).toBe(-ofBook('clearing', false));
  for (const { held } of world.store.rows.values()) {
    if (held.collection.kind !== 'payout') continue;
    const { accountId, totalMinorUnits } = held.collection;
    const funded = fundingOf(held.collection);
    const sendable = sendableOf(held.collection);
    const setOff = setOffOf(held.collection);
    expect(sentOf(held.collection)).toBe(sendable);
    expect(funded).toBeLessThanOrEqual(totalMinorUnits);
    // What came in for it is sent or kept, and what is kept is what the ledger says: of both, and of what is still owed.
    expect(sendable + (setOff > 0n ? setOff : 0n)).toBeGreaterThanOrEqual(funded);
    expect(earnedOf(held.collection)).toBeGreaterThanOrEqual(0n);
    // Nothing that is lost makes credit come back that nobody gave.
    const { setOffMinorUnits: asked = 0n } = held.collection;
    expect(setOff).toBeGreaterThanOrEqual(asked < 0n ? asked : 0n);
    expect(balances[`${accountId} granted`] ?? 0n).toBe(setOff);
    expect(balances[`${accountId} owed`] ?? 0n).toBe(earnedOf(held.collection) - totalMinorUnits - sendable);
    const atRail = [...world.rail.transfers.values()].filter(
      ({ documentId }) => documentId === held.collection.documentId,
    );
    expect(atRail.reduce((total, each) => total + each.minorUnits - each.reversedMinorUnits, 0n)).toBe(
      sendable,
    );
  }
  expect(new Set([...world.rail.invoices.values()].map(({ documentId }) => documentId)).size).toBe(
    world.rail.invoices.size,
  );
}

describe('for any month and whatever happens at the rail', () => {
  it('money in is money out and what is there, every transaction sums to zero, and late or stale reads change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(months, happenings, async (month, happened) => {
        const [world, watched] = [worldOf(month), worldOf(month)];
        for (const each of [world, watched]) await each.settle();
        const old = [...watched.rail.invoices.values()].map((invoice) => ({ ...invoice }));
        for (const each of happened) {
          happen(world, each);
          happen(watched, each);
          // One of the two looks at every turn, and sometimes sees what was long before.
          if (each.what === 'stale')
            watched.rail.staleRead = (now) => old.find(({ id }) => id === now.id) ?? now;
          await watched.collect();
          watched.rail.staleRead = undefined;
        }
        for (const each of [world, watched]) {
          await each.settle();
          expectSettled(each);
        }
        const cash = (of: World) =>
          Object.entries(balancesOf(of)).filter(([key]) =>
            /(clearing|disputed|invoiced|written-off)$/.test(key),
          );
        expect(cash(watched)).toEqual(cash(world));
      }),
      { numRuns: 150 },
    );
  });

  const paidAndDisputed: readonly Happening[] = [
    { at: 0, what: 'pay-all', part: 1n },
    { at: 0, what: 'refund', part: 30n },
    { at: 0, what: 'dispute', part: 50n },
    { at: 0, what: 'won', part: 1n },
  ];
  const voidAskedFor: Happening = { at: 0, what: 'void', part: 1n };
  const paidMeanwhile: readonly Happening[] = [{ at: 0, what: 'pay-unseen', part: 1n }, voidAskedFor];
  it.each([
    ['paid, disputed and won', paidAndDisputed, 50],
    ['asked to be void', [voidAskedFor], 20],
    ['paid and then asked to be void', paidMeanwhile, 20],
  ] as const)(
    'a death before or after the n-th call of rail or store, for every n, leads to the same: %s',
    async (_, script, callCountMin) => {
      const run = async (dieAt: number) => {
        const world = worldOf(markup);
        let count = 0;
        let isDead = false;
        const tick = () => {
          isDead ||= ++count === dieAt;
          if (isDead) throw new Died();
        };
        world.rail.around = tick;
        world.store.around = tick;
        const settle = async () => {
          try {
            await world.settle();
          } catch (cause) {
            if (!(cause instanceof Died)) throw cause;
            isDead = false;
            await world.settle();
          }
        };
        await settle();
        for (const each of script) {
          happen(world, each);
          if (each.what === 'void') askVoid(world);
          if (each.what !== 'pay-unseen') await settle();
        }
        expectSettled(world);
        return { balances: balancesOf(world), count };
      };
      const whole = await run(0);
      for (let dieAt = 1; dieAt <= whole.count; dieAt++)
        expect((await run(dieAt)).balances).toEqual(whole.balances);
      expect(whole.count).toBeGreaterThan(callCountMin);
    },
  );
});
