import { ServiceError } from '@patchbay/kit/errors';
import { domainContext } from '@patchbay/testing/domain-context';
import { describe, expect, test } from 'vitest';
import type { billing } from './definition.ts';
import { billing as definition } from './definition.ts';
import { exportLedger, exportStatements } from './export-handlers.ts';
import { ledgerColumns, statementColumns } from './export-rows.ts';
import type { ExportedEntry, ExportQuery } from './ledger-reader.ts';
import { nano } from './money.ts';
import { periodOf } from './period.ts';
import type { BillingPorts } from './ports.ts';
import type { EdgeLine } from './rating.ts';
import type { PayableLine, ReceivableLine } from './statement.ts';

const entry: ExportedEntry = {
  transactionId: 'txn_1',
  atMs: 0,
  period: '2026-10',
  sourceRef: 'accrual/2026-10/EUR/acc_0/acc_1/relay.bytes {"direction":"in"} prc_1/1',
  accountId: 'acc_1',
  book: 'payable',
  counterpartyId: 'acc_0',
  currency: 'EUR',
  amount: nano(-1_250_000_001n),
};
const lineOf = (key: string, of: Partial<EdgeLine> = {}): EdgeLine => ({
  key,
  sellerId: 'acc_0',
  buyerId: 'acc_1',
  currency: 'EUR',
  meter: 'relay.bytes',
  dimensions: { region: 'eu', direction: 'in' },
  tariff: { kind: 'per-unit', amount: nano(400_000_000n), per: 1_000_000_000n },
  quantity: 9_007_199_254_740_993n,
  amount: nano(3_602_879_701_896_397n),
  ...of,
});
const own = (key: string): PayableLine => ({ ...lineOf(key), parts: [] });
const sold: ReceivableLine = {
  ...lineOf('c', { sellerId: 'acc_1', buyerId: 'acc_2', amount: nano(2n) }),
  cost: nano(3n),
  margin: nano(-1n),
};
const refusalOf = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => (error instanceof ServiceError ? error.fields.code : error));

/** The first is above whoever reads. */
const parties: BillingPorts['billing']['parties'] = async (_topId, ids) =>
  new Map(ids.map((id) => [id, { isSeen: id !== 'acc_0', name: id }]));

describe('ledger', () => {
  const { context } = domainContext<typeof billing, 'ledger', 'export'>(definition, { chain: ['acc_1'] });
  const asked: ExportQuery[] = [];
  const ledger = {
    entries: async (_accountId: string, query: ExportQuery) => {
      asked.push(query);
      return { entries: [entry], nextAfter: ['acc_1', '2026-10', 'txn_1', 'payable'] };
    },
  };
  const ports = { ledger, billing: { parties } } as unknown as BillingPorts;
  const range = { from: '2026-10', scope: 'own', limit: 1 } as const;

  test('export 200: each entry with its transaction and cause, in exact decimals; a part says where it goes on', async () => {
    const { rows, nextAfter } = await exportLedger(context, range, ports);
    // Who sold is above, and not in sight (PRD-2).
    expect(rows[0]).toMatchObject({
      counterpartyId: '',
      sourceRef: expect.stringContaining('/above/acc_1/'),
    });
    expect(Object.keys(rows[0] ?? {})).toEqual(ledgerColumns);
    expect(rows[0]).toMatchObject({
      amount: '-1.250000001',
      cause: 'use',
      service: 'relay',
      meter: 'bytes',
      documentId: '',
    });
    await exportLedger(context, { ...range, after: nextAfter }, ports);
    expect(asked.map(({ to, after }) => [to, after])).toEqual([
      ['2026-10', undefined],
      ['2026-10', ['acc_1', '2026-10', 'txn_1', 'payable']],
    ]);
    const paid = { ...entry, sourceRef: 'refund:re_1/doc_1' };
    const moved = await exportLedger(context, range, {
      ledger: { entries: async () => ({ entries: [paid] }) },
      billing: { parties },
    } as unknown as BillingPorts);
    expect(moved.rows[0]).toMatchObject({ cause: 'document:refund', documentId: 'doc_1', service: '' });
  });

  test('export 400: a place that no part gave is none', async () => {
    for (const after of ['nonsense', '[]', '["a","b","c",4]', '{"length":4}', '["a","b","c","\\u0000"]'])
      expect(await refusalOf(exportLedger(context, { ...range, after }, ports))).toBe('request.invalid');
  });
});

describe('statements', () => {
  const { context } = domainContext<typeof billing, 'statements', 'export'>(definition, { chain: ['acc_1'] });
  const months = ['2026-12', '2026-11', '2026-10', '2026-09'];
  const ports = {
    catalogue: new Map(),
    billing: {
      parties,
      listPeriods: async () => months.map(periodOf),
      readClosed: async () => undefined,
      readLines: async () => ({ lines: [own('b'), own('a')], children: [{ lines: [sold] }] }),
    },
  } as unknown as BillingPorts;
  const range = { from: '2026-10', to: '2026-11' };

  test('export 200: every line of the months, whole in whatever parts it is read, with exact quantities and decimals', async () => {
    const whole = await exportStatements(context, { ...range, limit: 10 }, ports);
    expect(whole.nextAfter).toBeUndefined();
    expect(whole.rows.map(({ period, side, key }) => `${period} ${side} ${key}`)).toEqual(
      ['2026-10', '2026-11'].flatMap((month) => [
        `${month} payable a`,
        `${month} payable b`,
        `${month} receivable c`,
      ]),
    );
    expect(Object.keys(whole.rows[0] ?? {})).toEqual(statementColumns);
    expect(whole.rows[0]).toMatchObject({
      quantity: '9007199254740993',
      price: '0.4',
      per: '1000000000',
      dimensions: '{"direction":"in","region":"eu"}',
      amount: '3602879.701896397',
      cost: '',
    });
    expect(whole.rows[2]).toMatchObject({
      amount: '0.000000002',
      cost: '0.000000003',
      margin: '-0.000000001',
    });
    for (const limit of [1, 2, 3, 4]) {
      const rows = [];
      for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
        const part = await exportStatements(context, { ...range, limit, after }, ports);
        expect(part.rows.length).toBeLessThanOrEqual(limit);
        rows.push(...part.rows);
        after = part.nextAfter;
      }
      expect(rows).toEqual(whole.rows);
    }
    expect((await exportStatements(context, { from: '2026-12', limit: 10 }, ports)).rows).toHaveLength(3);
  });

  test('export 400: a place that no part gave is none', async () => {
    expect(await refusalOf(exportStatements(context, { ...range, limit: 1, after: '["x"]' }, ports))).toBe(
      'request.invalid',
    );
  });
});
