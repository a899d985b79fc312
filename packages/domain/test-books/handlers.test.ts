import { domainContext } from '@patchbay/testing/domain-context';
import { beforeEach, describe, expect, test } from 'vitest';
import { type InvoiceCollection, notAskedYet } from '../billing/collection/invoice-collection.ts';
import { AHEAD_DAYS_MAX, testBooks } from './definition.ts';
import { dueMonths } from './due-months.ts';
import { handlers } from './handlers.ts';
import type { TestBooksPorts, TestClosing } from './ports.ts';
import { afterTestPayment, type TestOutcome, testOutcomes } from './test-payment.ts';

const DAY_MS = 86_400_000;
const nowMs = Date.UTC(2026, 10, 30);
const accountId = 'acc_top';

let aheadMs: number | undefined;
let closings: TestClosing[];
let invoice: InvoiceCollection | undefined;
let wokenCount: number;
let changedIds: string[];

beforeEach(() => {
  aheadMs = 0;
  closings = [];
  invoice = openInvoice;
  wokenCount = 0;
  changedIds = [];
});

const openInvoice: InvoiceCollection = {
  kind: 'invoice',
  documentId: 'doc_1',
  accountId,
  period: '2026-11',
  currency: 'EUR',
  number: 'T-1',
  sellerName: 'Seller',
  dueAtMs: nowMs,
  taxMinorUnits: 0n,
  totalMinorUnits: 2_000n,
  lines: [],
  shares: [],
  ...notAskedYet,
};

const ports: TestBooksPorts = {
  clocks: {
    find: async (id) => {
      if (id !== accountId) return undefined;
      return aheadMs === undefined ? 'none' : { aheadMs, sinceMs: Date.UTC(2026, 10, 3), closings };
    },
    advance: async (_id, ms) => {
      if (ms < (aheadMs ?? 0)) return 'back';
      aheadMs = ms;
      return 'advanced';
    },
    reset: async (id) => (id === accountId ? 'acc_new' : undefined),
  },
  payments: {
    make: async ({ accountId: id, outcome }) => {
      if (id !== accountId) return undefined;
      if (invoice === undefined) return 'none';
      const after = afterTestPayment(invoice, { outcome, id: 'txn_1' });
      if (after === undefined) return 'impossible';
      invoice = after;
      return after;
    },
  },
  changed: async (id) => {
    changedIds.push(id);
  },
  advanced: () => {
    wokenCount += 1;
  },
  nowMs: () => nowMs,
};

const at = (id = accountId) =>
  domainContext<typeof testBooks, 'testClocks', 'get'>(testBooks, { chain: ['acc_platform', id] });
const clocks = handlers.testClocks;
const get = (id?: string) => clocks.get(at(id).context, {}, ports);
const advance = (to: number, id?: string) =>
  clocks.advance(at(id).context as never, { to: new Date(to).toISOString() }, ports);
const refusal = (status: number, code: string) => ({
  fields: expect.objectContaining({ status, code: `test-books.${code}` }),
});

describe('testClocks', () => {
  test('get 200: the time that test accounts are told, and how far the closing of a month is', async () => {
    aheadMs = 5 * DAY_MS;
    closings = [{ period: '2026-11', isClosed: false, accountCount: 3, keptCount: 1, documentCount: 0 }];
    expect(await get()).toEqual({
      accountId,
      now: '2026-12-05T00:00:00.000Z',
      aheadMs,
      state: 'closing',
      months: [{ period: '2026-11', state: 'closing', accountCount: 3, doneCount: 1, documentCount: 0 }],
    });
    closings = [{ period: '2026-11', isClosed: true, accountCount: 3, keptCount: 3, documentCount: 2 }];
    expect(await get()).toMatchObject({ state: 'ready', months: [{ state: 'closed' }] });
  });

  test('get 409: an account that is not the highest of its test accounts, and one without a clock', async () => {
    await expect(get('acc_other')).rejects.toMatchObject(refusal(409, 'no_test_account'));
    aheadMs = undefined;
    await expect(get()).rejects.toMatchObject(refusal(409, 'no_clock'));
  });

  test('create 200: at the time that it is, and where there is one it stays as it is', async () => {
    aheadMs = undefined;
    const { context, events } = at();
    const create = () => clocks.create(context as never, {}, ports);
    expect(await create()).toMatchObject({ aheadMs: 0, state: 'ready' });
    aheadMs = DAY_MS;
    expect(await create()).toMatchObject({ aheadMs: DAY_MS });
    expect(events).toEqual([{ event: 'clock.created', payload: {} }]);
  });

  test('create 409: not for an account that is not the highest of its test accounts', async () => {
    await expect(clocks.create(at('acc_other').context as never, {}, ports)).rejects.toMatchObject(
      refusal(409, 'no_test_account'),
    );
  });

  test('advance 200: forward, and months are closed at once', async () => {
    const now = '2026-12-02T00:00:00.000Z';
    const { context, events } = at();
    expect(await clocks.advance(context as never, { to: now }, ports)).toMatchObject({
      now,
      state: 'closing',
    });
    expect(events).toEqual([{ event: 'clock.advanced', payload: { now } }]);
    expect([wokenCount, changedIds]).toEqual([1, [accountId]]);
  });

  test('advance 409: not without a clock, not of another account, and not while months are being closed', async () => {
    await expect(advance(nowMs + DAY_MS, 'acc_other')).rejects.toMatchObject(refusal(409, 'no_test_account'));
    await advance(Date.UTC(2026, 11, 2));
    await expect(advance(Date.UTC(2026, 11, 3))).rejects.toMatchObject(refusal(409, 'still_closing'));
    aheadMs = undefined;
    await expect(advance(nowMs + DAY_MS)).rejects.toMatchObject(refusal(409, 'no_clock'));
  });

  test('advance 422: neither back, nor more than two years ahead', async () => {
    await expect(advance(nowMs)).rejects.toMatchObject(refusal(422, 'goes_back'));
    await expect(advance(nowMs + (AHEAD_DAYS_MAX + 1) * DAY_MS)).rejects.toMatchObject(
      refusal(422, 'too_far'),
    );
    expect(wokenCount).toBe(0);
  });

  test('reset 200: another account takes the place of the one, and both say so in their logs', async () => {
    const { context, audited, events } = at();
    expect(await clocks.reset(context as never, {}, ports)).toEqual({ accountId: 'acc_new' });
    // Nodes hold its keys.
    expect(changedIds).toEqual([accountId]);
    expect(audited).toEqual([
      { target: `${accountId}/test-clock`, after: { replacedBy: 'acc_new' } },
      { accountId: 'acc_new', target: 'acc_new/test-clock', after: { replaces: accountId } },
    ]);
    expect(events).toEqual([
      { event: 'clock.reset', payload: { replacedId: accountId }, accountId: 'acc_new' },
    ]);
  });

  test('reset 409: not of an account that is not the highest of its test accounts', async () => {
    await expect(clocks.reset(at('acc_other').context as never, {}, ports)).rejects.toMatchObject(
      refusal(409, 'no_test_account'),
    );
  });
});

describe('testPayments', () => {
  const pay = (outcome: TestOutcome, id?: string) =>
    handlers.testPayments.create(at(id).context as never, { period: '2026-11', outcome }, ports);

  test('create 200: paid, then given back; or refused, and still open', async () => {
    expect(await pay('refused')).toMatchObject({ state: 'new', paidMinorUnits: '0' });
    expect(await pay('paid')).toMatchObject({ state: 'paid', paidMinorUnits: '2000' });
    expect(await pay('refunded')).toMatchObject({ refundedMinorUnits: '2000', disputedMinorUnits: '0' });
  });

  test('create 409: what is not paid is not given back, nothing is paid twice, and no live account pays so', async () => {
    for (const outcome of ['refunded', 'disputed'] as const)
      await expect(pay(outcome)).rejects.toMatchObject(refusal(409, 'not_possible'));
    await pay('paid');
    for (const outcome of ['paid', 'refused'] as const)
      await expect(pay(outcome)).rejects.toMatchObject(refusal(409, 'not_possible'));
    await pay('disputed');
    for (const outcome of testOutcomes)
      await expect(pay(outcome)).rejects.toMatchObject(refusal(409, 'not_possible'));
    await expect(pay('paid', 'acc_live')).rejects.toMatchObject(refusal(409, 'no_test_account'));
  });

  test('create 404: there is no invoice of that month', async () => {
    invoice = undefined;
    await expect(pay('paid')).rejects.toMatchObject(refusal(404, 'nothing_to_pay'));
  });
});

test('months are due without a gap, once they are over by the clock', () => {
  const due = (clockMs: number, closed: string[] = []) =>
    dueMonths({ sinceMs: Date.UTC(2026, 10, 3), clockMs, closed }).map(({ name }) => name);
  expect(due(Date.UTC(2026, 11, 1) - 1)).toEqual([]);
  expect(due(Date.UTC(2026, 11, 1))).toEqual(['2026-11']);
  expect(due(Date.UTC(2027, 1, 1), ['2026-12'])).toEqual(['2026-11', '2027-01']);
});
