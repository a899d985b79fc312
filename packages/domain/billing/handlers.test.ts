import type { Actor } from '@patchbay/kit/definition';
import { platformError, ServiceError } from '@patchbay/kit/errors';
import { beforeEach, describe, expect, test } from 'vitest';
import { lineageAt } from '../metering/lineage.ts';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { modalities } from '../metering/usage-record.ts';
import { type ClosedMonth, keptOf } from './closed-statement.ts';
import { billing } from './definition.ts';
import { memoryDocuments } from './documents/memory-documents.testing.ts';
import { handlers } from './handlers.ts';
import { type MemoryWorld, memoryBilling } from './memory-billing.testing.ts';
import { nano } from './money.ts';
import { periodOf } from './period.ts';
import {
  emptyComparisons,
  emptyCustomers,
  emptyLedger,
  emptyReconciliation,
  emptyReminders,
  emptyTrail,
  emptyVerifier,
  memoryOwnCollecting,
  plainPrinting,
} from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';
import { PostingBudget } from './posting-budget.ts';

const now = Date.UTC(2026, 10, 22, 12, 0, 30);
const minute = now - 30_000;
const period = '2026-11';
const always = { currency: 'EUR', fromMs: -Infinity, toMs: Infinity };
const edges = [
  { sellerId: 'platform', buyerId: 'top', ...always },
  { sellerId: 'top', buyerId: 'leaf', ...always },
  { sellerId: 'top', buyerId: 'other', ...always },
];
const catalogue: MeterCatalogue = new Map(
  [
    ['bytes', true],
    ['checkBytes', false],
  ].map(([name, isPriced]) => [
    `relay.${name}`,
    {
      service: 'relay',
      name: String(name),
      unit: 'byte',
      dimensions: { direction: ['in', 'out'], region: 'open', modality: modalities },
      isPriced: isPriced === true,
    },
  ]),
);

let nowIs: number;
let world: MemoryWorld;
let ports: BillingPorts;
let closed: Map<string, ClosedMonth>;
let audited: unknown[];
let emitted: unknown[];

beforeEach(() => {
  nowIs = now;
  closed = new Map();
  world = { closed, edges, catalogue, currency: 'EUR', records: [], prices: [], nowMs: () => nowIs };
  ports = {
    billing: memoryBilling(world),
    posting: new PostingBudget(),
    documents: memoryDocuments(),
    railOf: async () => undefined,
    collectorOf: async () => undefined,
    isTest: async () => false,
    ledger: emptyLedger,
    printing: plainPrinting,
    trail: emptyTrail,
    verifier: emptyVerifier,
    customers: emptyCustomers,
    reminders: emptyReminders,
    ownCollecting: memoryOwnCollecting(),
    comparisons: emptyComparisons,
    reconciliation: emptyReconciliation,
    checkOwnRail: async () => 'usable',
    webhookUrlOf: (accountId) => `https://patchbay.test/api/stripe/${accountId}`,
    returnUrlOf: (accountId) => accountId,
    asked: () => undefined,
    catalogue,
  };
  [audited, emitted] = [[], []];
});

/** What dispatch gives a handler: here the request is about `accountId`. */
function contextOf(accountId: string, seenFrom = 'platform') {
  const chain = lineageAt(edges, accountId, now).reverse();
  const actor: Actor = { kind: 'platform' };
  return {
    actor,
    visibleIds: chain.slice(chain.indexOf(seenFrom)),
    requestId: 'req_1',
    nowMs: () => nowIs,
    signal: new AbortController().signal,
    entity: { accountId, chain },
    error: (code: string, publicDetail: string) => {
      const found = Object.entries(billing.errors).find(([reason]) => `billing.${reason}` === code);
      if (found === undefined) return platformError(code as 'resource.unknown', publicDetail);
      return new ServiceError({ ...found[1], code, publicDetail });
    },
    audit: (change: unknown) => void audited.push(change),
    emit: async (event: string, payload: unknown) => void emitted.push({ event, payload }),
  };
}

const price = (amount: string, per = '1') => ({
  service: 'relay',
  currency: 'EUR',
  prices: { bytes: { amount, per } },
});
const setDefault = (accountId: string, amount: string) =>
  handlers.prices.setForChildren(contextOf(accountId), price(amount), ports);
const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (refusal: unknown) => (refusal instanceof ServiceError ? refusal.fields.code : refusal),
  );

function use(accountId: string, quantity: number, { atMs = minute, region = 'eu' } = {}): void {
  world.records.push({
    id: { nodeId: 'nod_1', boot: 1, sequence: world.records.length },
    accountId,
    segment: 0,
    service: 'relay',
    region,
    modality: 'audio',
    fromMs: atMs,
    toMs: atMs,
    quantities: [
      { meter: 'bytes', quantity, dimensions: {} },
      { meter: 'checkBytes', quantity: 7, dimensions: {} },
    ],
  });
}

describe('prices', () => {
  test('set 200: the seller asks it of this child alone, from the running minute, and the change is on record', async () => {
    const { items } = await handlers.prices.set(contextOf('leaf'), price('20', '3'), ports);
    expect(items).toEqual([
      {
        service: 'relay',
        meter: 'bytes',
        unit: 'byte',
        where: {},
        amount: '20',
        per: '3',
        currency: 'EUR',
        effectiveFrom: '2026-11-22T12:00:00.000Z',
        origin: 'child',
        setByAccountId: 'top',
        setByName: 'TOP',
      },
    ]);
    expect(world.prices).toMatchObject([{ accountId: 'top', childId: 'leaf' }]);
    expect(emitted).toEqual([{ event: 'price.set', payload: { accountId: 'leaf', service: 'relay' } }]);
    expect(audited).toMatchObject([
      { target: 'leaf/prices/relay', before: [], after: [{ amount: '20', per: '3' }] },
    ]);
  });

  test('set 200: the audit log of a child tells nothing of what its seller pays', async () => {
    await setDefault('platform', '987654321');
    await handlers.prices.set(contextOf('leaf'), price('20'), ports);
    expect(JSON.stringify(audited.at(-1))).not.toContain('987654321');
  });

  test('set 200: a price set for later does not hold before', async () => {
    const later = { ...price('20'), effectiveFrom: '2026-12-01T00:00:30.000Z' };
    const { items } = await handlers.prices.set(contextOf('leaf'), later, ports);
    expect(items).toMatchObject([{ amount: '20', effectiveFrom: '2026-12-01T00:00:00.000Z' }]);
    expect((await handlers.prices.list(contextOf('leaf'), {}, ports)).items).toEqual([]);
  });

  const wrong = [
    [
      'a meter that the service does not have',
      'billing.meter_unknown',
      { prices: { smells: { amount: '1', per: '1' } } },
    ],
    [
      'a meter that is never priced (QUE-5)',
      'billing.meter_unknown',
      { prices: { checkBytes: { amount: '1', per: '1' } } },
    ],
    [
      'a dimension that the meter does not have',
      'billing.meter_unknown',
      { prices: { bytes: { amount: '1', per: '1', where: { colour: 'red' } } } },
    ],
    [
      'a modality that there is not',
      'billing.meter_unknown',
      { prices: { bytes: { amount: '1', per: '1', where: { modality: 'smell' } } } },
    ],
    [
      'a value that the dimension does not have',
      'billing.meter_unknown',
      { prices: { bytes: { amount: '1', per: '1', where: { direction: 'outgoing' } } } },
    ],
    [
      'the time of sessions for a meter that counts none (MET-3)',
      'billing.meter_unknown',
      { prices: { bytes: { amount: '1', per: '1', accounting: 'binary' } } },
    ],
    ['another service', 'billing.meter_unknown', { service: 'mixing' }],
    [
      'more for one unit than any month could be billed by',
      'billing.price_too_large',
      { prices: { bytes: { amount: '1000000000000001', per: '1' } } },
    ],
    ['another currency than that of the tree', 'billing.currency_mismatch', { currency: 'USD' }],
    ['a minute that is over', 'billing.effective_in_past', { effectiveFrom: '2026-11-22T11:59:59.999Z' }],
    ['a price below zero', 'request.invalid', { prices: { bytes: { amount: '-1', per: '1' } } }],
    [
      'two prices for the same usage',
      'request.invalid',
      {
        prices: {
          bytes: [
            { amount: '1', per: '1' },
            { amount: '2', per: '1', where: {} },
          ],
        },
      },
    ],
  ] as const;

  test.each(wrong)('set 422: %s changes nothing', async (_, code, change) => {
    const request = { ...price('1'), ...change } as ReturnType<typeof price>;
    expect(await refusalOf(handlers.prices.set(contextOf('leaf'), request, ports))).toBe(code);
    expect([world.prices, audited, emitted]).toEqual([[], [], []]);
  });

  test('setForChildren 422: what is no price for one child is none for all', async () => {
    for (const [, code, change] of wrong) {
      const request = { ...price('1'), ...change } as ReturnType<typeof price>;
      expect(await refusalOf(handlers.prices.setForChildren(contextOf('top'), request, ports))).toBe(code);
    }
    expect(world.prices).toEqual([]);
  });

  test('setForChildren 200: all children pay it, and the platform may ask any currency', async () => {
    expect((await setDefault('top', '5')).items).toMatchObject([{ origin: 'default', amount: '5' }]);
    expect((await handlers.prices.list(contextOf('other'), {}, ports)).items).toMatchObject([
      { amount: '5' },
    ]);
    const dollars = { ...price('1'), currency: 'USD' };
    expect(await refusalOf(handlers.prices.setForChildren(contextOf('platform'), dollars, ports))).toBe(
      'accepted',
    );
  });

  test('set 422: a price field that nobody declared, and a number past what the ledger holds, are refused', () => {
    const { request } = billing.resources.prices.operations.set;
    const isTaken = (bytes: object) => request.safeParse({ ...price('1'), prices: { bytes } }).success;
    expect(isTaken({ amount: '1', per: '1' })).toBe(true);
    expect(isTaken({ amount: '9'.repeat(18), per: '9'.repeat(18) })).toBe(true);
    for (const wrong of [
      { amount: '1', per: '1', freeUnits: '100' },
      { amount: '1', per: '1', tiers: [] },
      { amount: '1', per: '9223372036854775808' },
      { amount: '1'.repeat(40), per: '1' },
    ]) {
      expect([isTaken(wrong), isTaken([wrong])]).toEqual([false, false]);
    }
  });

  test('set 200: what is planned for later stays planned when another price is set for now', async () => {
    await handlers.prices.setForChildren(
      contextOf('top'),
      { ...price('9'), effectiveFrom: '2026-12-01T00:00:00.000Z' },
      ports,
    );
    const { items } = await handlers.prices.setForChildren(contextOf('top'), price('5'), ports);
    expect(items.map(({ amount, effectiveFrom }) => [amount, effectiveFrom])).toEqual([
      ['9', '2026-12-01T00:00:00.000Z'],
      ['5', '2026-11-22T12:00:00.000Z'],
    ]);
  });

  test('set 422: a code that is no currency is refused, of the platform too', () => {
    const { request } = billing.resources.prices.operations.setForChildren;
    expect(request.safeParse({ ...price('1'), currency: 'ZZZ' }).success).toBe(false);
    expect(request.safeParse({ ...price('1'), currency: 'JPY' }).success).toBe(true);
  });

  test('list 200: each price with whoever set it, passed through where the seller set none', async () => {
    await setDefault('platform', '3');
    const paidBy = async (accountId: string) =>
      (await handlers.prices.list(contextOf(accountId), {}, ports)).items.map(({ amount, origin }) => [
        amount,
        origin,
      ]);
    expect(await paidBy('leaf')).toEqual([['3', 'inherited']]);
    await setDefault('top', '4');
    await handlers.prices.set(contextOf('leaf'), price('5'), ports);
    expect([await paidBy('leaf'), await paidBy('other'), await paidBy('top')]).toEqual([
      [['5', 'child']],
      [['4', 'default']],
      [['3', 'default']],
    ]);
  });

  test('list 200: of a price that was passed through, nobody above the seller is named, but to who sees them', async () => {
    await setDefault('platform', '3');
    const setBy = async (visibleIds: readonly string[]) => {
      const context = { ...contextOf('leaf'), visibleIds };
      return (await handlers.prices.list(context, {}, ports)).items.map(
        ({ setByAccountId, setByName, origin }) => [setByAccountId, setByName, origin],
      );
    };
    const { chain } = contextOf('leaf').entity;
    expect(await setBy(['leaf'])).toEqual([[undefined, 'Brand', 'default']]);
    expect(await setBy(['top', 'leaf'])).toEqual([[undefined, 'TOP', 'inherited']]);
    expect(await setBy(chain)).toEqual([['platform', 'PLATFORM', 'inherited']]);
  });

  test('list 200: one row for each filter that holds', async () => {
    const video = { amount: '9', per: '1', where: { modality: 'video' } };
    const request = { ...price('1'), prices: { bytes: [{ amount: '1', per: '1' }, video] } };
    await handlers.prices.setForChildren(contextOf('top'), request, ports);
    const { items } = await handlers.prices.list(contextOf('leaf'), {}, ports);
    expect(items.map(({ where, amount }) => [where, amount])).toEqual([
      [{ modality: 'video' }, '9'],
      [{}, '1'],
    ]);
  });

  test('listForChildren 200: the own profile, for all and for single children, and nothing from above', async () => {
    await setDefault('platform', '3');
    await setDefault('top', '4');
    await handlers.prices.set(contextOf('leaf'), price('5'), ports);
    const { items } = await handlers.prices.listForChildren(contextOf('top'), {}, ports);
    expect(items.map(({ childId, amount }) => [childId, amount])).toEqual([
      [undefined, '4'],
      ['leaf', '5'],
    ]);
  });

  test('get 200: of one child and service, what it pays now and later, and nothing of what others do', async () => {
    await setDefault('top', '4');
    await handlers.prices.set(contextOf('leaf'), price('5'), ports);
    await handlers.prices.set(contextOf('other'), price('6'), ports);
    const later = { ...price('7'), effectiveFrom: new Date(now + 3_600_000).toISOString() };
    await handlers.prices.set(contextOf('leaf'), later, ports);
    const { items } = await handlers.prices.get(contextOf('leaf'), { service: 'relay' }, ports);
    expect(items.map(({ childId, amount }) => [childId, amount])).toEqual([
      ['leaf', '5'],
      ['leaf', '7'],
    ]);
    expect(await handlers.prices.get(contextOf('leaf'), { service: 'other' }, ports)).toEqual({ items: [] });
  });

  test('getForChildren 200: of one service, what all children pay, and nothing that one does alone', async () => {
    await setDefault('top', '4');
    await handlers.prices.set(contextOf('leaf'), price('5'), ports);
    const { items } = await handlers.prices.getForChildren(contextOf('top'), { service: 'relay' }, ports);
    expect(items.map(({ childId, amount }) => [childId, amount])).toEqual([[undefined, '4']]);
  });

  test('explain 200: who pays whom, up to where the caller may see', async () => {
    await setDefault('platform', '3');
    await setDefault('top', '4');
    const levelsFor = async (seenFrom: string) => {
      const { items } = await handlers.prices.explain(contextOf('leaf', seenFrom), {}, ports);
      return items.flatMap(({ levels }) =>
        levels.map(({ buyerName, sellerName, amount }) => [buyerName, sellerName, amount]),
      );
    };
    const leafPays = ['LEAF', 'TOP', '4'];
    const topPays = ['TOP', 'PLATFORM', '3'];
    // Who sells to the highest that is seen is a brand.
    expect(await levelsFor('leaf')).toEqual([['LEAF', 'Brand', '4']]);
    expect(await levelsFor('top')).toEqual([leafPays, ['TOP', 'Brand', '3']]);
    expect(await levelsFor('platform')).toEqual([leafPays, topPays]);
  });
});

describe('prices with terms (BIL-1)', () => {
  const tiered = { amount: '10', per: '1', free: '100', tiers: [{ after: '900', amount: '8' }] };
  const bytes = (given: Record<string, unknown>) => ({
    service: 'relay',
    currency: 'EUR',
    prices: { bytes: given as typeof tiered },
  });

  test('set 200: tiers are told by list, explain, the statement line and the spend, each at its place', async () => {
    await handlers.prices.set(contextOf('leaf'), bytes(tiered), ports);
    use('leaf', 1200);
    const { items } = await handlers.prices.list(contextOf('leaf'), {}, ports);
    expect(items).toMatchObject([tiered]);
    const explained = await handlers.prices.explain(contextOf('leaf'), {}, ports);
    expect(explained.items[0]?.levels[0]).toMatchObject(tiered);
    const { lines } = await handlers.statements.get(contextOf('leaf'), { period, detail: 'meters' }, ports);
    expect(lines).toMatchObject([
      {
        amount: '10600',
        bands: [
          { quantity: '100', amount: '0', cost: '0' },
          { quantity: '900', amount: '10', cost: '9000' },
          { quantity: '200', amount: '8', cost: '1600' },
        ],
      },
    ]);
    const page = { period, limit: 10, amount: '10', per: '1' };
    const found = async (terms: string) =>
      (await handlers.statements.listLines(contextOf('leaf'), { ...page, terms }, ports)).items.length;
    expect([await found(lines[0]?.terms ?? 'none'), await found('')]).toEqual([1, 0]);
    const range = { from: new Date(minute).toISOString(), to: new Date(now).toISOString() };
    const spent = () => handlers.spend.get(contextOf('leaf'), { ...range, detail: 'meters' }, ports);
    expect((await spent()).lines).toMatchObject([{ amount: '10600', next: { amount: '8', per: '1' } }]);
    for (const [index, one] of world.prices.entries()) world.prices[index] = { ...one, fromMs: -Infinity };
    use('leaf', 900, { atMs: minute - 600_000 });
    expect((await spent()).lines).toMatchObject([{ quantity: '1200', amount: '9800' }]);
  });

  test('set 422: terms that contradict each other are refused with a reason, and nothing is set', async () => {
    const wrong = { ...tiered, tiers: [{ after: '0', amount: '8' }] };
    expect(await refusalOf(handlers.prices.set(contextOf('leaf'), bytes(wrong), ports))).toBe(
      'request.invalid',
    );
    const fee = { amount: '1', per: '0', due: 'period', free: '1' };
    expect(await refusalOf(handlers.prices.set(contextOf('leaf'), bytes(fee), ports))).toBe(
      'request.invalid',
    );
    expect(world.prices).toEqual([]);
  });
});

describe('simulations', () => {
  const asked = (services: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
    services: services as { relay: { bytes: { amount: string; per: string } } },
    currency: 'EUR',
    period,
    limit: 50,
    ...more,
  });
  const relay = (amount: string) => ({ relay: { bytes: { amount, per: '1' } } });

  test('simulate 200: who would pay whom for the real use, who falls below cost, and nothing is set', async () => {
    await setDefault('platform', '10');
    await setDefault('top', '20');
    use('leaf', 1000);
    use('other', 100);
    const before = structuredClone(world.prices);
    const answer = await handlers.prices.simulate(contextOf('top'), asked(relay('5')), ports);
    expect(answer).toEqual({
      period,
      currency: 'EUR',
      own: {
        before: { payable: '11000', receivable: '22000', margin: '11000' },
        after: { payable: '11000', receivable: '5500', margin: '-5500' },
        belowCostCount: 2,
      },
      items: [
        {
          buyerId: 'leaf',
          buyerName: 'LEAF',
          sellerId: 'top',
          sellerName: 'TOP',
          currency: 'EUR',
          before: { amount: '20000', cost: '10000', margin: '10000' },
          after: { amount: '5000', cost: '10000', margin: '-5000' },
          isBelowCost: true,
        },
        expect.objectContaining({ buyerId: 'other', isBelowCost: true }),
      ],
    });
    expect(world.prices).toEqual(before);
    expect(emitted).toHaveLength(2);
    const first = await handlers.prices.simulate(contextOf('top'), asked(relay('5'), { limit: 1 }), ports);
    const { nextCursor } = first;
    const rest = await handlers.prices.simulate(
      contextOf('top'),
      asked(relay('5'), { cursor: nextCursor }),
      ports,
    );
    expect([...first.items, ...rest.items]).toEqual(answer.items);
    const one = await handlers.prices.simulate(
      contextOf('top'),
      asked(relay('5'), { childId: 'other' }),
      ports,
    );
    expect(one.items.map(({ buyerId, after }) => [buyerId, after.amount])).toEqual([['other', '500']]);
  });

  test('simulate 404: prices for somebody who is no child', async () => {
    const request = asked(relay('5'), { childId: 'platform' });
    expect(await refusalOf(handlers.prices.simulate(contextOf('top'), request, ports))).toBe(
      'resource.unknown',
    );
  });

  test('simulate 422: a meter that there is not, or another currency', async () => {
    const refused = (request: ReturnType<typeof asked>) =>
      refusalOf(handlers.prices.simulate(contextOf('top'), request, ports));
    const unknown = { relay: { seconds: { amount: '1', per: '1' } } };
    expect(await refused(asked(unknown))).toBe('billing.meter_unknown');
    expect(await refused(asked(relay('1'), { currency: 'USD' }))).toBe('billing.currency_mismatch');
  });

  test('simulate 400: a cursor of something else, or terms that contradict each other', async () => {
    const refused = (request: ReturnType<typeof asked>) =>
      refusalOf(handlers.prices.simulate(contextOf('top'), request, ports));
    expect(await refused(asked(relay('1'), { cursor: '[1]' }))).toBe('request.invalid');
    const fee = { relay: { bytes: { amount: '1', per: '0', free: '1' } } };
    expect(await refused(asked(fee))).toBe('request.invalid');
  });
});

describe('spend', () => {
  const iso = (ms: number) => new Date(ms).toISOString();
  const spent = (accountId: string, request: Partial<Parameters<typeof handlers.spend.get>[1]> = {}) =>
    handlers.spend.get(
      contextOf(accountId),
      { from: iso(minute - 600_000), to: iso(now), detail: 'dimensions', ...request },
      ports,
    );

  test('get 200: each minute costs what held in it, and a price that came later changes nothing before it', async () => {
    await setDefault('platform', '1');
    await setDefault('top', '2');
    use('leaf', 1000);
    // The price of the minute before: what was used then is not dearer because of what holds now.
    for (const [index, one] of world.prices.entries()) world.prices[index] = { ...one, toMs: minute };
    for (const one of [...world.prices]) {
      world.prices.push({ ...one, id: `${one.id}_before`, fromMs: minute - 60_000, toMs: minute });
      world.prices.push({
        ...one,
        id: `${one.id}_now`,
        fromMs: minute,
        toMs: Infinity,
        tariff: { kind: 'per-unit', amount: nano(7n), per: 1n },
      });
    }
    use('leaf', 10, { atMs: minute - 60_000 });
    const { currency, amount, lines } = await spent('leaf');
    expect({ currency, amount }).toEqual({ currency: 'EUR', amount: String(1000 * 7 + 10 * 2) });
    expect(lines.map((line) => [line.quantity, line.amountPerUnit.amount, line.amount])).toEqual([
      ['10', '2', '20'],
      ['1000', '7', '7000'],
    ]);
    expect((await spent('top')).amount).toBe(String(1000 * 7 + 10 * 1));
    expect((await spent('leaf', { to: iso(minute - 1) })).amount).toBe('20');
  });

  test('get 200: by meters, lines that differ in dimensions alone are one, and its amount is their sum', async () => {
    await handlers.prices.setForChildren(contextOf('top'), price('1', '3'), ports);
    use('leaf', 5);
    use('leaf', 5, { region: 'us' });
    expect((await spent('leaf')).lines).toHaveLength(2);
    // Each line was cut at the nano unit by itself: 1 + 1, and not 10 / 3.
    expect(await spent('leaf', { detail: 'meters' })).toMatchObject({
      amount: '2',
      lines: [{ dimensions: {}, quantity: '10', amount: '2' }],
    });
  });

  test('get 200: a flat price belongs to a period and is in no part of it', async () => {
    await handlers.prices.setForChildren(contextOf('top'), price('5', '0'), ports);
    use('leaf', 3);
    expect(await spent('leaf')).toMatchObject({ amount: '0', lines: [{ amount: '0', quantity: '3' }] });
  });

  test('get 200: of one session alone, and nothing of what lies beside the account', async () => {
    await setDefault('top', '2');
    use('leaf', 3);
    expect((await spent('leaf', { sessionId: 'ses_other' })).amount).toBe('0');
    expect((await spent('other')).lines).toEqual([]);
  });

  test('get 422: a range that ends before it begins, and one of more than 62 days', async () => {
    expect(await refusalOf(spent('leaf', { to: iso(minute - 700_000) }))).toBe('request.invalid');
    expect(await refusalOf(spent('leaf', { from: iso(now - 63 * 86_400_000) }))).toBe('request.invalid');
  });
});

describe('statements', () => {
  beforeEach(async () => {
    await setDefault('platform', '10000000');
    await setDefault('top', '20000000');
    use('leaf', 1000);
  });

  test('get 200: 1000 units at 0.02 with 0.01 below: 20 from the child, 10 of it earned, and the ledger says so (BIL-2)', async () => {
    const statement = await handlers.statements.get(contextOf('top'), { period, detail: 'lines' }, ports);
    expect(statement).toMatchObject({
      accountName: 'TOP',
      sellerId: 'platform',
      sellerName: 'PLATFORM',
      payable: '10000000000',
      receivable: '20000000000',
      margin: '10000000000',
      ownUse: '0',
      passedThrough: '10000000000',
      margins: '10000000000',
      subsidies: '0',
      charge: { amount: '0', minorUnits: '0', residue: '0' },
      payout: { amount: '10000000000', minorUnits: '1000', residue: '0' },
      ledger: { payable: '10000000000', receivable: '20000000000', charged: '0', paidOut: '0' },
    });
    // Once the month is over, what is asked and what is paid out stand in the ledger too.
    nowIs = Date.UTC(2026, 11, 1, 0, 1);
    const of = (accountId: string) =>
      handlers.statements.get(contextOf(accountId), { period, detail: 'lines' }, ports);
    expect((await of('top')).ledger).toMatchObject({ charged: '0', paidOut: '10000000000' });
    expect((await of('leaf')).ledger).toMatchObject({ charged: '20000000000', paidOut: '0' });
    expect(statement.lines).toMatchObject([
      {
        service: 'relay',
        meter: 'bytes',
        unit: 'byte',
        quantity: '1000',
        parts: [{ accountId: 'leaf', name: 'LEAF', amount: '10000000000' }],
      },
    ]);
    expect(statement.children).toMatchObject([
      { name: 'LEAF', lines: [{ cost: '10000000000', margin: '10000000000' }] },
    ]);
  });

  test('get 200: every answer fits its own schema, a period without use too', async () => {
    for (const name of [period, '2020-01']) {
      const answer = await handlers.statements.get(
        contextOf('leaf'),
        { period: name, detail: 'lines' },
        ports,
      );
      const { response } = billing.resources.statements.operations.get;
      expect(response.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
    }
  });

  test('list 200: the periods with use, newest first', async () => {
    const { items } = await handlers.statements.list(contextOf('leaf'), {}, ports);
    expect(items).toMatchObject([{ period, state: 'open', payable: '20000000000', sellerId: 'top' }]);
    expect((await handlers.statements.list(contextOf('other'), {}, ports)).items).toEqual([]);
    const from = async (first: string) =>
      (await handlers.statements.list(contextOf('leaf'), { from: first }, ports)).items.map(
        (item) => item.period,
      );
    expect([await from('2026-11'), await from('2026-12')]).toEqual([[period], []]);
  });

  test('get 200: a fraction that rounding leaves is due in the next period, and so is the rest of a payout (BIL-3, BIL-4)', async () => {
    use('leaf', 1);
    world.prices.push(
      ...['top', 'platform'].map((accountId) => ({
        id: `prc_third_${accountId}`,
        accountId,
        service: 'relay',
        meter: 'bytes',
        where: { modality: 'audio' },
        tariff: {
          kind: 'per-unit' as const,
          amount: nano(accountId === 'top' ? 15_009_000n : 10_000_000n),
          per: 1n,
        },
        currency: 'EUR',
        fromMs: 0,
        toMs: Infinity,
      })),
    );
    const of = async (accountId: string, name: string) =>
      handlers.statements.get(contextOf(accountId), { period: name, detail: 'lines' }, ports);
    // 1001 × 0.015009 = 15.024009: 1502 cents, and a fraction is left. Margin 5.014009: 501 cents.
    expect(await of('leaf', '2026-11')).toMatchObject({
      state: 'open',
      lateUsageUntil: '2027-02-01T00:00:00.000Z',
      charge: { minorUnits: '1502', residue: '4009000' },
    });
    expect(await of('leaf', '2026-12')).toMatchObject({ charge: { carriedIn: '0' } });
    nowIs = Date.UTC(2026, 11, 1, 0, 1);
    expect(await of('leaf', '2026-11')).toMatchObject({
      state: 'settling',
      charge: { residue: '4009000', carriedIn: '0' },
    });
    expect(await of('leaf', '2026-12')).toMatchObject({
      state: 'open',
      payable: '0',
      charge: { amount: '0', carriedIn: '4009000', minorUnits: '0', residue: '4009000' },
    });
    expect((await of('top', '2026-11')).payout).toEqual({
      amount: '5014009000',
      carriedIn: '0',
      minorUnits: '501',
      residue: '4009000',
    });
    expect((await of('top', '2026-12')).payout).toMatchObject({ carriedIn: '4009000', minorUnits: '0' });
    const { charge, payout } = await of('platform', '2026-11');
    expect([charge, payout]).toEqual([undefined, undefined]);
    const books = (
      await handlers.statements.listEntries(contextOf('leaf'), { period: '2026-12', limit: 9 }, ports)
    ).items;
    expect(books).toMatchObject([{ book: 'carry', amount: '-4009000' }]);
    nowIs = Date.UTC(2027, 1, 1);
    expect(await of('leaf', '2026-11')).toMatchObject({ state: 'closed' });
  });

  test('get 200: a month that was closed stays as it was then, and says apart what came later and where that is asked for (BIL-7)', async () => {
    const { statement } = await ports.billing.read('leaf', periodOf(period));
    closed.set(`leaf ${period}`, {
      closedAtMs: Date.UTC(2026, 11, 2),
      currency: 'EUR',
      hadStatement: true,
      kept: keptOf(statement),
      documents: [{ side: 'charge', id: 'doc_0', number: 'D-I00001', totalMinorUnits: 1190n }],
      corrections: [
        { side: 'charge', minorUnits: 20n, document: { id: 'doc_1', number: 'D-I00002' } },
        { side: 'charge', minorUnits: 3n },
      ],
    });
    const before = statement.payable.toString();
    use('leaf', 1000);
    nowIs = Date.UTC(2026, 11, 3);
    for (const detail of ['lines', 'meters'] as const) {
      const read = await handlers.statements.get(contextOf('leaf'), { period, detail }, ports);
      expect(read).toMatchObject({
        state: 'closed',
        closedAt: '2026-12-02T00:00:00.000Z',
        payable: before,
        documents: [
          { side: 'charge', documentId: 'doc_0', documentNumber: 'D-I00001', totalMinorUnits: '1190' },
        ],
        corrections: [
          { side: 'charge', minorUnits: '20', documentId: 'doc_1', documentNumber: 'D-I00002' },
          { side: 'charge', minorUnits: '3' },
        ],
      });
      expect(read.lines.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(BigInt(before));
    }
    const { items } = await handlers.statements.list(contextOf('leaf'), {}, ports);
    expect(items).toMatchObject([{ state: 'closed', payable: before }]);
    const lines = await handlers.statements.listLines(contextOf('leaf'), { period, limit: 100 }, ports);
    expect(lines.items.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(BigInt(before));
    const { rows } = await handlers.statements.export(contextOf('leaf'), { from: period, limit: 100 }, ports);
    const corrections = rows.filter(({ side }) => side === 'charge-correction');
    expect(corrections.map(({ amount, key }) => [amount, key])).toEqual([
      ['0.2', 'correction charge D-I00002'],
      ['0.03', 'correction charge in the next document'],
    ]);
    // Whose use came after the closing had nothing to close.
    closed.set(`leaf ${period}`, {
      closedAtMs: 0,
      currency: 'EUR',
      hadStatement: false,
      documents: [],
      corrections: [],
    });
    expect(
      await handlers.statements.get(contextOf('leaf'), { period, detail: 'lines' }, ports),
    ).toMatchObject({ payable: '0', lines: [], charge: { minorUnits: '0' } });
  });

  test('get 200: whoever looks again and again while a call runs posts five times in five minutes, and is told', async () => {
    const look = async () =>
      (await handlers.statements.get(contextOf('leaf'), { period, detail: 'lines' }, ports)).ledger;
    for (let count = 0; count < 20; count++) {
      use('leaf', 1);
      const { isBehind, payable } = await look();
      const isPosted = count < 5;
      expect([isBehind, payable === String((1001 + count) * 20_000_000)]).toEqual([!isPosted, isPosted]);
    }
    nowIs += 5 * 60_000;
    expect(await look()).toMatchObject({ isBehind: false, payable: String(1020 * 20_000_000) });
  });

  test('get 200: by meters, the same sums with one line for each meter and price, of parts and of children too', async () => {
    await handlers.prices.setForChildren(contextOf('platform'), price('10', '3'), ports);
    for (const [index, region] of ['eu', 'us', 'asia'].entries())
      use('leaf', 10 ** index + index, { region });
    use('other', 5, { region: 'us' });
    const [whole, brief] = await Promise.all(
      (['lines', 'meters'] as const).map((detail) =>
        handlers.statements.get(contextOf('top'), { period, detail }, ports),
      ),
    );
    if (whole === undefined || brief === undefined) throw new Error('Nothing was answered.');
    const { lines: _, children: __, ledger: ___, ...head } = whole;
    expect(brief).toMatchObject(head);
    const total = (amounts: readonly { readonly amount: string }[]) =>
      amounts.reduce((sum, { amount }) => sum + BigInt(amount), 0n).toString();
    expect(brief.lines).toMatchObject([
      { dimensions: {}, lineCount: whole.lines.length, amount: total(whole.lines) },
    ]);
    const parts = (of: typeof whole, accountId: string) =>
      total(of.lines.flatMap((line) => line.parts).filter((part) => part.accountId === accountId));
    for (const accountId of ['leaf', 'other']) expect(parts(brief, accountId)).toBe(parts(whole, accountId));
    for (const [index, child] of brief.children.entries()) {
      const lines = whole.children[index]?.lines ?? [];
      expect(child.lines).toMatchObject([{ lineCount: lines.length, amount: total(lines) }]);
      expect(child.lines[0]?.margin).toBe(total(lines.map(({ margin }) => ({ amount: margin }))));
    }
  });

  test('listLines 200: page after page, the dearest first, every line of the statement once', async () => {
    for (let index = 0; index < 25; index++) use('leaf', 1 + (index % 7), { region: `r${index}` });
    const { lines } = await handlers.statements.get(contextOf('leaf'), { period, detail: 'lines' }, ports);
    const read: { amount: string; dimensions: Record<string, string> }[] = [];
    let cursor: string | undefined;
    do {
      const page = await handlers.statements.listLines(
        contextOf('leaf'),
        { period, limit: 4, ...(cursor === undefined ? {} : { cursor }) },
        ports,
      );
      const listed = billing.resources.statements.operations.listLines.response.parse(page);
      read.push(...listed.items);
      cursor = listed.nextCursor;
    } while (cursor !== undefined);
    expect(read).toHaveLength(lines.length);
    expect(new Set(read.map((line) => line.dimensions.region)).size).toBe(lines.length);
    const amounts = read.map(({ amount }) => BigInt(amount));
    expect(amounts).toEqual(amounts.toSorted((left, right) => Number(right - left)));
  });

  test('listLines 200: of one meter, of one price, and of one child alone', async () => {
    use('other', 5);
    const list = (asked: object) =>
      handlers.statements.listLines(contextOf('top'), { period, limit: 100, ...asked }, ports);
    const ofLeaf = await list({ childId: 'leaf', service: 'relay', meter: 'bytes' });
    expect(ofLeaf.items).toMatchObject([
      { amount: '20000000000', cost: '10000000000', margin: '10000000000' },
    ]);
    expect((await list({ amount: '10000000', per: '1' })).items).toMatchObject([
      { quantity: '1005', parts: [{ accountId: 'leaf' }, { accountId: 'other' }] },
    ]);
    for (const asked of [{ meter: 'checkBytes' }, { amount: '1', per: '1' }, { childId: 'platform' }])
      expect((await list(asked)).items).toEqual([]);
  });

  test('listLines 422: a cursor that no list gave', async () => {
    for (const cursor of ['', '[]', '["1"]', '["1.5","a","b"]', '{"amount":"1"}']) {
      const list = handlers.statements.listLines(contextOf('leaf'), { period, limit: 4, cursor }, ports);
      expect(await refusalOf(list), cursor).toBe('request.invalid');
    }
  });

  test('get 200: a long statement is read and not posted: whoever reads it does not wait for the ledger', async () => {
    for (let index = 0; index < 1_001; index++) use('leaf', 1, { region: `r${index}` });
    const { ledger } = await handlers.statements.get(contextOf('leaf'), { period, detail: 'meters' }, ports);
    expect(ledger).toMatchObject({ isBehind: true, payable: '0' });
  });

  test('listEntries 200: what was posted for an account, and only for it', async () => {
    await handlers.statements.get(contextOf('leaf'), { period, detail: 'lines' }, ports);
    const { items } = await handlers.statements.listEntries(contextOf('leaf'), { period, limit: 9 }, ports);
    expect(items).toMatchObject([{ book: 'payable', counterpartyId: 'top', amount: '-20000000000' }]);
    const other = await handlers.statements.listEntries(contextOf('other'), { period, limit: 9 }, ports);
    expect(other).toEqual({ items: [] });
  });
});
