import { domainContext } from '@patchbay/testing/domain-context';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ComparedAccount, type ComparisonBook, differenceOf, readFigures } from './comparison.ts';
import { comparisonHandlers } from './comparison-handlers.ts';
import type { billing } from './definition.ts';
import { billing as definition } from './definition.ts';
import { comparisonOf } from './documents/document.ts';
import { nano } from './money.ts';
import { emptyComparisons, memoryOwnCollecting } from './plain-ports.testing.ts';

const nowMs = Date.UTC(2026, 10, 20);
const unit = 10_000_000n;
const customers = [
  { id: 'acc_a', externalId: 'crm_1', unit },
  { id: 'acc_b', externalId: 'crm_2', unit },
  { id: 'acc_c', externalId: 'crm_2', unit },
];
const { comparisons } = comparisonHandlers;

let kept: ComparedAccount[];
let outcome: 'started' | 'prepaid';
let figures: unknown;
beforeEach(() => {
  kept = [];
  outcome = 'started';
  figures = undefined;
});
const book: ComparisonBook = {
  ...emptyComparisons,
  accounts: async () => kept,
  customers: async () => customers,
  async start(_accountId, { childId, fromPeriod }) {
    if (outcome === 'started') kept = [{ childId, name: 'Child', currency: 'EUR', fromPeriod }];
    return outcome;
  },
  async end(_accountId, { childId, collectFrom }) {
    const found = kept.some((each) => each.childId === childId);
    kept = kept.map((each) => ({ ...each, toPeriod: collectFrom }));
    return found;
  },
  compare: async () => [
    { childId: 'acc_a', name: 'A', currency: 'EUR', oursMinorUnits: 1180n, theirsMinorUnits: 1200n },
    { childId: 'acc_b', name: 'B', currency: 'EUR', oursMinorUnits: 5n },
  ],
  async setFigures(_accountId, given) {
    figures = given;
  },
};
const at = (accountId = 'platform') =>
  domainContext<typeof billing, 'comparisons', 'start'>(definition, { chain: [accountId], nowMs });
const ports = (above: ReadonlyMap<string, string> = new Map()) =>
  ({
    comparisons: book,
    ownCollecting: memoryOwnCollecting(above),
    collectorOf: async () => 'platform',
    billing: {
      chainPrices: async (sellerId: string) => ({
        edges: [{ sellerId, buyerId: 'child', fromMs: 0, toMs: Infinity }],
      }),
    },
  }) as never;
const refusal = (status: number, code: string) => ({ fields: expect.objectContaining({ status, code }) });
const start = (request = { childId: 'child', fromPeriod: '2026-11' }, accountId?: string) =>
  comparisons.start(at(accountId).context, request, ports());

const collect = (changed: object = {}, accountId?: string) =>
  comparisons.collect(
    at(accountId).context as never,
    { childId: 'child', collectFrom: '2026-12', ...changed },
    ports(),
  );

describe('comparisons', () => {
  test('start 200: a customer is rated alone, and that is on record', async () => {
    const { context, audited, events } = at();
    const started = await comparisons.start(context, { childId: 'child', fromPeriod: '2026-11' }, ports());
    expect(started.items).toMatchObject([{ childId: 'child', fromPeriod: '2026-11' }]);
    expect(events).toEqual([{ event: 'comparison.changed', payload: { childId: 'child' } }]);
    expect(audited).toMatchObject([
      { target: 'platform/comparisons/child', before: undefined, after: { fromPeriod: '2026-11' } },
    ]);
  });

  test('listAccounts 200: who is compared', async () => {
    expect((await comparisons.listAccounts(at().context as never, {}, ports())).items).toEqual([]);
    await start();
    expect((await comparisons.listAccounts(at().context as never, {}, ports())).items).toHaveLength(1);
  });

  test('start 403: nobody gives away what another collects, neither a reseller nor the platform of a seller that does so itself', async () => {
    await expect(start(undefined, 'reseller')).rejects.toMatchObject(refusal(403, 'billing.collector_only'));
    const own = ports(new Map([['child', 'seller']]));
    await expect(
      comparisons.start(at().context, { childId: 'child', fromPeriod: '2026-11' }, own),
    ).rejects.toMatchObject(refusal(403, 'billing.collector_only'));
  });

  test('start 404: no child of the account', async () => {
    const of = { childId: 'other', fromPeriod: '2026-11' };
    await expect(start(of)).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('start 409: an account whose money is here already', async () => {
    outcome = 'prepaid';
    await expect(start()).rejects.toMatchObject(refusal(409, 'billing.prepaid_below'));
  });

  test('start 422: a month that is over', async () => {
    const of = { childId: 'child', fromPeriod: '2026-10' };
    await expect(start(of)).rejects.toMatchObject(refusal(422, 'billing.period_past'));
  });

  test('collect 200: it is asked from a month on, and that is on record', async () => {
    await start();
    const { context, audited } = at();
    await comparisons.collect(context as never, { childId: 'child', collectFrom: '2026-12' }, ports());
    expect(audited).toMatchObject([
      {
        target: 'platform/comparisons/child',
        before: { fromPeriod: '2026-11' },
        after: { toPeriod: '2026-12' },
      },
    ]);
  });

  test('collect 403: only who collects from it says so', async () => {
    await expect(collect({}, 'reseller')).rejects.toMatchObject(refusal(403, 'billing.collector_only'));
  });

  test('collect 404: no child of the account', async () => {
    await expect(collect({ childId: 'other' })).rejects.toMatchObject(refusal(404, 'resource.unknown'));
  });

  test('collect 409: who is asked already', async () => {
    await expect(collect()).rejects.toMatchObject(refusal(409, 'billing.not_compared'));
  });

  test('collect 422: a month that is over', async () => {
    await expect(collect({ collectFrom: '2026-10' })).rejects.toMatchObject(
      refusal(422, 'billing.period_past'),
    );
  });

  test('list 200: what the two differ by, where both are known', async () => {
    const { items } = await comparisons.list(at().context as never, { period: '2026-10' }, ports());
    expect(items).toEqual([
      {
        ...{ childId: 'acc_a', name: 'A', currency: 'EUR' },
        ...{ oursMinorUnits: '1180', theirsMinorUnits: '1200', differenceMinorUnits: '-20' },
      },
      { childId: 'acc_b', name: 'B', currency: 'EUR', oursMinorUnits: '5' },
    ]);
    expect(differenceOf({ childId: 'acc_a', name: 'A', currency: 'EUR' })).toBeUndefined();
  });

  const keep = (csv: string) => comparisons.importFigures(at().context as never, { csv }, ports());
  test('importFigures 200: what a file says is kept', async () => {
    expect(await keep('account,period,total\nacc_a,2026-10,12.5\n')).toEqual({ figureCount: 1 });
    expect(figures).toEqual([{ accountId: 'acc_a', period: '2026-10', minorUnits: 1250n }]);
  });

  test('importFigures 422: all lines of a file, or none', async () => {
    await expect(keep('account,period,total\nacc_a,2026-10,1\nnobody,2026-10,1\n')).rejects.toMatchObject(
      refusal(422, 'billing.figures_refused'),
    );
    expect(figures).toBeUndefined();
  });
});

test('a file says of each line what is wrong with it, in whichever order its columns stand', () => {
  const read = (csv: string) => readFigures(csv, customers);
  expect(read('period,total,account\n2026-10,-3.10,crm_1\n').figures).toEqual([
    { accountId: 'acc_a', period: '2026-10', minorUnits: -310n },
  ]);
  expect(read('account,total\n').problems).toMatchObject([{ line: 1 }]);
  const { figures: none, problems } = read(
    [
      'account,period,total',
      ...['crm_2,2026-10,1', 'acc_a,2026-13,1', 'acc_a,2026-10,1.005', 'acc_a,2026-10,x'],
      ...['acc_b,2026-10,1', 'acc_b,2026-10,2'],
    ].join('\n'),
  );
  expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5, 7]);
  expect(problems.at(-1)?.detail).toBe('Line 6 has this month already.');
  expect(none).toEqual([{ accountId: 'acc_b', period: '2026-10', minorUnits: 100n }]);
});

test('only what would be asked or paid out becomes a comparison', () => {
  const draft = {
    ...{ accountId: 'a', sellerId: 's', period: '2026-10', currency: 'EUR', lines: [] },
    ...{ carriedIn: nano(0n), residue: nano(0n), netMinorUnits: 1n },
  };
  const kinds = (['invoice', 'payout-note', 'credit-note'] as const).map(
    (kind) => comparisonOf({ ...draft, kind }).kind,
  );
  expect(kinds).toEqual(['comparison', 'comparison-payout', 'credit-note']);
});
