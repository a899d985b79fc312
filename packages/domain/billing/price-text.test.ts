import { expect, test } from 'vitest';
import { billing } from './definition.ts';
import {
  exactPrice,
  perLabel,
  priceDifference,
  priceProblem,
  readHumanPrice,
  writeHumanPrice,
} from './price-text.ts';

test('a price per GB or per minute becomes an exact rational of nano units (BIL-3)', () => {
  expect(readHumanPrice('0.40', 'byte')).toEqual({ amount: '400000000', per: '1000000000' });
  expect(readHumanPrice('0.02', 'millisecond')).toEqual({ amount: '20000000', per: '60000' });
});

test('a price finer than a nano unit is kept exactly by making the quantity larger', () => {
  const tariff = readHumanPrice('0.00000000012', 'count');
  expect(tariff).toEqual({ amount: '12', per: '100' });
  expect(tariff && writeHumanPrice(tariff, 'count')).toBe('0.00000000012');
});

test('what is read is written back as it was, for every unit', () => {
  for (const unit of ['byte', 'millisecond', 'packet', 'character', 'count'] as const) {
    for (const text of ['0.00', '0.01', '12.3456789', '1000.5', '0.000000001']) {
      const tariff = readHumanPrice(text, unit);
      expect(tariff).toBeDefined();
      expect(tariff && Number(writeHumanPrice(tariff, unit))).toBe(Number(text));
    }
  }
});

test('what is no price is refused, not guessed', () => {
  for (const text of ['', '-1', '1,5', '1e3', '.5', 'free', '0.1234567890123456789']) {
    expect(readHumanPrice(text, 'byte'), text).toBeUndefined();
  }
});

test('what is no price is answered with what to write instead', () => {
  const problemOf = (text: string) => priceProblem(text, 'byte');
  expect(problemOf('0.40')).toBeUndefined();
  expect(problemOf('0,40')).toBe('With a point: 0.40');
  expect(problemOf('-1')).toContain('subsidy');
  for (const text of ['free', '.5', '1e3']) expect(problemOf(text)).toContain('0.40');
});

test('the field takes what the API takes, and says at once what it does not', () => {
  const { request } = billing.resources.prices.operations.setForChildren;
  const isTaken = (bytes: object) =>
    request.safeParse({ service: 'network-discovery', currency: 'EUR', prices: { bytes } }).success;
  for (const unit of ['byte', 'millisecond', 'packet', 'count'] as const) {
    for (const major of ['0', '7', '999999999', '1000000000', '2000000000', '0000000001']) {
      for (let decimals = 0; decimals <= 20; decimals++) {
        const text = decimals === 0 ? major : `${major}.${'0'.repeat(decimals - 1)}1`;
        const tariff = readHumanPrice(text, unit);
        if (tariff === undefined) expect(priceProblem(text, unit), text).toMatch(/Below|decimals|digits/);
        else expect([text, isTaken(tariff)]).toEqual([text, true]);
      }
    }
  }
  expect(priceProblem('0.000000000000000001', 'byte')).toBe('At most 17 decimals.');
  expect(priceProblem('2000000000', 'byte')).toBe('Below 1,000,000,000.');
  expect(priceProblem('123456789.1234567891', 'byte')).toBe('At most 18 digits in all.');
});

test('a price that is no finite decimal in human units is written about right, says so, and has its exact form', () => {
  const odd = { amount: '300000003', per: '999999937' };
  expect(writeHumanPrice(odd, 'byte')).toBe('≈ 0.300000022');
  expect(exactPrice(odd, 'byte')).toBe('exactly 0.300000003 per 999,999,937 bytes');
  expect(writeHumanPrice({ amount: '1', per: '3' }, 'count')).toBe('≈ 0.000000000333333333');
  expect(writeHumanPrice({ amount: '-2', per: '3' }, 'byte')).toBe('≈ -0.666666667');
  expect(exactPrice({ amount: '400000000', per: '1000000000' }, 'byte')).toBeUndefined();
});

test('a flat price says so', () => {
  expect(perLabel({ amount: '5000000000', per: '0' }, 'byte')).toBe('a month, flat');
  expect(writeHumanPrice({ amount: '5000000000', per: '0' }, 'byte')).toBe('5');
});

test('a margin per unit is exact, and below zero where it is a subsidy (BIL-2)', () => {
  const price = { amount: '150000000', per: '1000000000' };
  const cost = { amount: '200000000', per: '1000000000' };
  expect(writeHumanPrice(priceDifference(price, cost), 'byte')).toBe('-0.05');
  expect(writeHumanPrice(priceDifference(cost, price), 'byte')).toBe('0.05');
});
