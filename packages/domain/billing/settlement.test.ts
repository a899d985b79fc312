import { describe, expect, test } from 'vitest';
import type { MeterCatalogue } from '../metering/meter-catalogue.ts';
import { rollUp } from '../metering/roll-up.ts';
import { nextPayoutStep, type PayoutCollection } from './collection/payout-collection.ts';
import { taxLinesAt } from './documents/tax.ts';
import { minorUnitOf, nano, parseDecimal, settlementStepOf } from './money.ts';
import { periodOf } from './period.ts';
import { settle } from './settlement.ts';
import { statementOf } from './statement.ts';

const period = periodOf('2026-11');
const always = { currency: 'EUR', fromMs: -Infinity, toMs: Infinity };
const edges = [
  { sellerId: 'platform', buyerId: 'parent', ...always },
  { sellerId: 'parent', buyerId: 'child', ...always },
];
const minutes = { service: 'relay', name: 'minutes', unit: 'count', dimensions: {}, isPriced: true } as const;
const catalogue: MeterCatalogue = new Map([['relay.minutes', minutes]]);

/** 1000 minutes of the child at the platform's 0.01, and at what the parent's profile asks. */
function settlementsAt(parentPrice: string) {
  const prices = Object.entries({ platform: '0.01', parent: parentPrice }).map(([accountId, amount]) => ({
    id: `prc_${accountId}`,
    accountId,
    service: 'relay',
    meter: 'minutes',
    where: {},
    tariff: { kind: 'per-unit' as const, amount: parseDecimal(amount), per: 1n },
    ...always,
  }));
  const record = {
    id: { nodeId: 'nod_1', boot: 1, sequence: 1 },
    accountId: 'child',
    segment: 0,
    service: 'relay',
    region: 'eu',
    modality: 'audio' as const,
    fromMs: period.fromMs,
    toMs: period.fromMs,
    quantities: [{ meter: 'minutes', quantity: 1000, dimensions: {} }],
  };
  const { cells } = rollUp([record], edges);
  const of = (accountId: string) =>
    statementOf({ accountId, period, currency: 'EUR', cells, book: { edges, prices, catalogue } });
  return { platform: of('platform'), parent: of('parent'), child: of('child') };
}

describe('the worked examples of BIL-2', () => {
  test('profile 0.02: 20 from the child, 10 of it to the parent, 10 to the platform, and nothing asked of the parent', () => {
    const { platform, parent, child } = settlementsAt('0.02');
    expect([child.charge.minorUnits, child.payout.minorUnits]).toEqual([20_00n, 0n]);
    expect([parent.charge.minorUnits, parent.payout.minorUnits]).toEqual([0n, 10_00n]);
    expect(parent).toMatchObject({
      ownUse: 0n,
      passedThrough: parseDecimal('10'),
      margins: parseDecimal('10'),
      subsidies: 0n,
    });
    expect(platform.receivable).toBe(parseDecimal('10'));
  });

  test('profile 0.005: 5 from the child, 5 from the parent, 10 to the platform', () => {
    const { platform, parent, child } = settlementsAt('0.005');
    expect([child.charge.minorUnits, child.payout.minorUnits]).toEqual([5_00n, 0n]);
    expect([parent.charge.minorUnits, parent.payout.minorUnits]).toEqual([5_00n, 0n]);
    expect(parent).toMatchObject({ passedThrough: parseDecimal('10'), subsidies: parseDecimal('5') });
    expect(platform.receivable).toBe(parseDecimal('10'));
  });
});

describe('margins and subsidies of one account', () => {
  const child = (cost: string, margin: string) => ({
    cost: parseDecimal(cost),
    margin: parseDecimal(margin),
  });
  const unit = minorUnitOf('EUR');
  const nothing = { charge: nano(0n), payout: nano(0n) };

  test('one covers the other, so that money is not paid out that is asked for in the same month (decision 0006)', () => {
    const children = [child('20', '10'), child('10', '-4')];
    const earning = settle({ ownUse: parseDecimal('3'), children, carried: nothing, unit });
    expect(earning).toMatchObject({
      passedThrough: parseDecimal('30'),
      margins: parseDecimal('10'),
      subsidies: parseDecimal('4'),
      charge: { minorUnits: 3_00n },
      payout: { minorUnits: 6_00n },
    });
    const losing = settle({
      ownUse: parseDecimal('3'),
      children: [...children, child('9', '-9')],
      carried: nothing,
      unit,
    });
    expect([losing.charge.minorUnits, losing.payout.minorUnits]).toEqual([6_00n, 0n]);
  });

  test('a nano unit that cutting a line leaves below a margin is asked of nobody', () => {
    const children = [child('1', '0.5'), child('1', '-0.000000001')];
    const settlement = settle({ ownUse: nano(0n), children, carried: nothing, unit });
    expect([settlement.charge.amount, settlement.payout.amount]).toEqual([0n, parseDecimal('0.499999999')]);
  });

  test('what is asked rounds half to even, what is paid out is cut off, and both carry their fraction', () => {
    const asked = (ownUse: string, carried = '0') =>
      settle({
        ownUse: parseDecimal(ownUse),
        children: [],
        carried: { ...nothing, charge: parseDecimal(carried) },
        unit,
      }).charge;
    expect(asked('0.005')).toMatchObject({ minorUnits: 0n, residue: parseDecimal('0.005') });
    expect(asked('0.015')).toMatchObject({ minorUnits: 2n, residue: parseDecimal('-0.005') });
    expect(asked('0.001', '0.005')).toMatchObject({ minorUnits: 1n, residue: parseDecimal('-0.004') });
    const earned = settle({
      ownUse: nano(0n),
      children: [child('1', '0.019')],
      carried: { ...nothing, payout: parseDecimal('0.0005') },
      unit,
    }).payout;
    expect(earned).toMatchObject({ minorUnits: 1n, residue: parseDecimal('0.0095') });
  });

  test('a month of subsidies leaves what is carried of a payout as it was', () => {
    const carried = { ...nothing, payout: parseDecimal('0.009') };
    const { payout } = settle({ ownUse: nano(0n), children: [child('2', '-1')], carried, unit });
    expect(payout).toMatchObject({ amount: 0n, minorUnits: 0n, residue: parseDecimal('0.009') });
  });
});

describe('a currency of thousandths', () => {
  test('is asked for and paid out in whole tens, and what is left is carried to the last nano unit', () => {
    expect(['EUR', 'JPY', 'KWD', 'BHD'].map(settlementStepOf)).toEqual([1n, 1n, 10n, 10n]);
    const unit = minorUnitOf('KWD');
    let carried = { charge: nano(0n), payout: nano(0n) };
    let [asked, paidOut] = [0n, 0n];
    for (let month = 0; month < 10; month++) {
      const { charge, payout } = settle({
        ownUse: parseDecimal('1.2346'),
        children: [{ cost: parseDecimal('1'), margin: parseDecimal('0.0155') }],
        carried,
        unit,
        step: settlementStepOf('KWD'),
      });
      expect([charge.minorUnits % 10n, payout.minorUnits % 10n]).toEqual([0n, 0n]);
      asked += charge.minorUnits;
      paidOut += payout.minorUnits;
      carried = { charge: charge.residue, payout: payout.residue };
    }
    expect([asked * unit + carried.charge, paidOut * unit + carried.payout]).toEqual([
      parseDecimal('12.346'),
      parseDecimal('0.155'),
    ]);
    expect(carried.payout).toBeGreaterThanOrEqual(0n);
  });

  test('is taxed, split over lines, and paid out in parts by whole tens as well', () => {
    expect(taxLinesAt([{ name: 'VAT', basisPoints: 1000 }], 1_230n, 10n)).toMatchObject([
      { minorUnits: 120n },
    ]);
    const payout: PayoutCollection = {
      ...{ kind: 'payout', documentId: 'doc_1', accountId: 'top', period: '2026-11', currency: 'KWD' },
      ...{ totalMinorUnits: 500n, transfers: [] },
      backing: { weight: parseDecimal('0.5'), paid: parseDecimal('0.166666667'), lost: nano(0n) },
    };
    expect(nextPayoutStep(payout, { payeeId: 'acct_1' })?.call).toMatchObject({ minorUnits: 160n });
  });
});
