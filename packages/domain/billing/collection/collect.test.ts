import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Nano, nano, sum } from '../money.ts';
import { collectDocument } from './collect.ts';
import { type InvoiceCollection, nextInvoiceStep, notAskedYet, voidAsked } from './invoice-collection.ts';
import { MemoryCollection } from './memory-collection.testing.ts';
import { keptOf, MemoryRail } from './memory-rail.testing.ts';
import {
  earnedOf,
  nextPayoutStep,
  type PayoutCollection,
  sendableOf,
  sentOf,
  setOffOf,
} from './payout-collection.ts';
import { setOffPayout } from './postings.ts';
import { RailError } from './rail.ts';
import { type ClosedEdge, fundedOf, sharesOf } from './shares.ts';

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
  const shares = sharesOf(nano(2000n * CENT), edges);
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
    keptBefore,
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

  it('names each step by account and month: one that is planned anew, of rows restored from a backup, is the same', () => {
    const [asked] = markup.invoices;
    const [note] = markup.notes;
    const drafted = asked && nextInvoiceStep(asked, { customerId: 'cus', nowMs });
    expect(drafted?.key).toBe('invoice:leaf:2027-01:1');
    const paid = note && { ...note, backing: { ...note.backing, paid: note.backing.weight } };
    expect(paid && nextPayoutStep(paid, { payeeId: 'payee' })?.key).toBe('payout:parent:2027-01:1:1');
  });

  it('drafts no invoice of more than the rail takes, says so, and pays out in parts what is more', async () => {
    const world = worldOf(markup);
    world.rail.amountLimit = 2379n;
    await world.settle();
    expect(world.rail.invoices.size).toBe(0);
    const held = world.store.rows.get('doc_leaf')?.held;
    expect(held?.failure).toContain('no invoice of more than 2379');
    expect(held?.collection.differences).toMatchObject([
      { kind: 'too-large', expected: '2380', found: '2379' },
    ]);
    world.rail.amountLimit = 2380n;
    await world.settle();
    world.rail.pay(firstInvoice(world), 2380n);
    world.rail.amountLimit = 600n;
    await world.settle();
    expect([...world.rail.transfers.values()].map(({ minorUnits }) => minorUnits)).toEqual([600n, 400n]);
  });

  it('reads again what was paid out: what came back at the rail is owed once more, and not sent', async () => {
    const world = worldOf(markup);
    await world.settle();
    world.rail.pay(firstInvoice(world), 2380n);
    await world.settle();
    const [transfer] = world.rail.transfers.values();
    if (transfer === undefined) throw new Error('Nothing was paid out.');
    expect(balancesOf(world)).toMatchObject({ 'parent owed': -1000n, 'parent clearing': 1000n });
    world.rail.balance += 1000n;
    transfer.reversedMinorUnits = 1000n;
    await world.settle();
    expect(world.rail.transfers.size).toBe(1);
    // What a payout note says is owed is posted as it is issued, and here by nobody: nothing is left of its payout.
    for (let round = 0; round < 2; round++) {
      expect(balancesOf(world)).not.toHaveProperty('parent owed');
      expect(balancesOf(world)).not.toHaveProperty('parent clearing');
      await world.settle();
    }
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
    what: fc.constantFrom('pay', 'pay', 'pay-all', 'refund', 'dispute', 'won', 'lost', 'look', 'stale'),
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
        const edges: ClosedEdge[] = above.map((rate, level) => ({
          buyerId: `r${level}`,
          sellerId: level === above.length - 1 ? 'platform' : `r${rates.length - above.length + level}`,
          receivable: nano(100n),
          cost: nano(rate),
        }));
        const shares = sharesOf(nano(cents * CENT), edges);
        return { accountId: `leaf${index}`, net: cents, tax: tax ? cents / 5n : 0n, shares };
      }),
    ),
  }));

type Happening = { readonly at: number; readonly what: string; readonly part: bigint };

function happen({ rail }: World, { at, what, part }: Happening): void {
  const invoices = [...rail.invoices.values()];
  const invoice = invoices[at % invoices.length];
  if (invoice === undefined) return;
  const partOf = (whole: bigint) => (whole * part) / 100n;
  if (what === 'pay' && invoice.state === 'open') rail.pay(invoice, partOf(invoice.minorUnits) + 1n);
  if ((what === 'pay-all' || what === 'pay-unseen') && invoice.state === 'open')
    rail.pay(invoice, invoice.minorUnits);
  if (what === 'refund' && partOf(keptOf(invoice)) > 0n) rail.refund(invoice.id, partOf(keptOf(invoice)));
  if (what === 'dispute') rail.dispute(invoice, partOf(keptOf(invoice)));
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
  expect(ofBook('clearing', true) + ofBook('disputed', true)).toBe(world.rail.balance - world.keptBefore);
  expect(ofBook('clearing', true)).toBe(-ofBook('clearing', false));
  for (const { held } of world.store.rows.values()) {
    if (held.collection.kind !== 'payout') continue;
    const { accountId, totalMinorUnits, backing } = held.collection;
    const sendable = sendableOf(held.collection);
    const setOff = setOffOf(held.collection);
    expect(sentOf(held.collection)).toBe(sendable);
    expect(fundedOf(totalMinorUnits, backing)).toBeLessThanOrEqual(totalMinorUnits);
    // What came in for it is sent or kept, and what is kept is what the ledger says: of both, and of what is still owed.
    expect(sendable + (setOff > 0n ? setOff : 0n)).toBeGreaterThanOrEqual(fundedOf(totalMinorUnits, backing));
    expect(earnedOf(held.collection)).toBeGreaterThanOrEqual(0n);
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
          Object.entries(balancesOf(of)).filter(([key]) => /(clearing|disputed|invoiced)$/.test(key));
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
        const tick = () => {
          if (++count === dieAt) throw new Died();
        };
        world.rail.around = tick;
        world.store.around = tick;
        const settle = async () => {
          try {
            await world.settle();
          } catch (cause) {
            if (!(cause instanceof Died)) throw cause;
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
