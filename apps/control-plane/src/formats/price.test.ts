import { expect, test } from 'vitest';
import { perLabel, priceDifference, priceProblem, readHumanPrice, writeHumanPrice } from './price.ts';

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
  expect(priceProblem('0.40')).toBeUndefined();
  expect(priceProblem('0,40')).toBe('With a point: 0.40');
  expect(priceProblem('-1')).toContain('subsidy');
  expect(priceProblem('0.1234567890123456789')).toContain('18 decimals');
  expect(priceProblem('1234567890123')).toContain('12 digits');
  for (const text of ['free', '.5', '1e3']) expect(priceProblem(text)).toContain('0.40');
});

test('a price that is no finite decimal in human units stays a fraction', () => {
  expect(writeHumanPrice({ amount: '1', per: '3' }, 'count')).toBe('0.000000001/3');
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
