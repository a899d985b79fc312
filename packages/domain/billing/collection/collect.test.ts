import { describe, expect, it } from 'vitest';
import { nano } from '../money.ts';
import { collectDocument } from './collect.ts';
import {
  balancesOf,
  CENT,
  expectSettled,
  firstInvoice,
  happen,
  invoiceOf,
  markup,
  noteOf,
  nowMs,
  worldOf,
} from './collection-world.testing.ts';
import { coveredBy } from './covering.ts';
import { type InvoiceCollection, isRefunding, nextInvoiceStep, voidAsked } from './invoice-collection.ts';
import { fundingOf, nextPayoutStep, sentOf } from './payout-collection.ts';
import { RailError } from './rail.ts';

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

  it('follows what a bank holds to its end, however late that is, and nothing else after half a year (BIL-6)', async () => {
    const world = worldOf(markup);
    const nextLook = () => (world.store.rows.get('doc_leaf')?.nextAtMs ?? 0) - world.ports.nowMs();
    await world.settle();
    const invoice = firstInvoice(world);
    world.rail.pay(invoice, invoice.minorUnits);
    await world.settle();
    world.rail.dispute(invoice, 500n);
    await world.settle();
    world.pass(400 * 86_400_000);
    await world.collect();
    expect(nextLook()).toBe(86_400_000);
    world.rail.closeDisputes(invoice, 'won');
    await world.settle();
    expect(balancesOf(world)).not.toHaveProperty('leaf disputed');
    expect(nextLook()).toBe(Number.POSITIVE_INFINITY);
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

describe('what invoices pay beyond the payout of their month', () => {
  const note = (
    period: string,
    cents: bigint,
    { weight, paid = weight }: { weight: bigint; paid?: bigint },
  ) => ({
    ...noteOf('reseller', {
      totalMinorUnits: cents,
      backing: { weight: nano(weight), paid: nano(paid), lost: nano(0n) },
    }),
    documentId: `doc_${period}`,
    period,
  });

  it('is behind the payouts of the same account that lack it, the oldest first and once, and of no other payer', () => {
    // Earned in a month without a payout, and carried into two that lack a cent and a half each.
    const none = note('2027-01', 0n, { weight: (CENT * 16n) / 10n });
    const lacking = { weight: (CENT * 3n) / 2n };
    const [older, newer] = [note('2027-02', 3n, lacking), note('2027-03', 3n, lacking)];
    expect(fundingOf(older, [none, newer])).toBe(3n);
    expect(fundingOf(newer, [none, older])).toBe(1n);
    const unpaid = note('2027-01', 0n, { weight: (CENT * 16n) / 10n, paid: 0n });
    expect(fundingOf(older, [unpaid, newer])).toBe(1n);
    expect(fundingOf(older, [{ ...none, collectorId: 'seller' }])).toBe(1n);
    expect(fundingOf(older, [{ ...none, accountId: 'another' }])).toBe(1n);
  });

  it('is not waited for where less than a cent is missing: what an invoice was rounded down by is asked for with a later one', () => {
    const [half, whole] = [(CENT * 5n) / 2n, CENT * 2n];
    expect(fundingOf(note('2027-01', 3n, { weight: half }))).toBe(3n);
    expect(fundingOf(note('2027-01', 3n, { weight: half, paid: 0n }))).toBe(0n);
    expect(fundingOf(note('2027-01', 3n, { weight: whole }))).toBe(2n);
  });
});

describe('what a balance has paid of its invoices', () => {
  const invoices = [500n, 300n].map((net, index) => ({
    ...invoiceOf(`month${index}`, { net, tax: 0n, shares: [] }),
    isPaidFromBalance: true as const,
    state: 'open' as const,
  }));
  const paid = (owed: bigint, of: readonly InvoiceCollection[] = invoices) =>
    coveredBy(of, owed).map(({ paidMinorUnits, state }) => [paidMinorUnits, state]);

  it('is all but what it owes, the oldest first, and is open again where it owes more (BIL-5)', () => {
    expect(paid(1_000n)).toEqual([
      [0n, 'open'],
      [0n, 'open'],
    ]);
    expect(paid(400n)).toEqual([
      [400n, 'open'],
      [0n, 'open'],
    ]);
    const all = coveredBy(invoices, 0n);
    expect(paid(0n)).toEqual([
      [500n, 'paid'],
      [300n, 'paid'],
    ]);
    expect(paid(100n, all)).toEqual([
      [500n, 'paid'],
      [200n, 'open'],
    ]);
    // Each change is one of its own, so that the ledger hears of each.
    expect(coveredBy(coveredBy(all, 100n), 0n).map(({ coveredCount }) => coveredCount)).toEqual([0, 2]);
  });
});
