import { expect, test } from 'vitest';
import { showExactMoney, showMoney } from './money.ts';

test('an exact amount keeps every decimal it has and at least two', () => {
  expect(showExactMoney('12500000')).toBe('0.0125');
  expect(showExactMoney('-1234567000000001')).toBe('-1,234,567.000000001');
  expect(showExactMoney('0')).toBe('0.00');
});

test('a rounded amount goes half to even, and never turns something into nothing', () => {
  expect(showMoney('1005000000', 'EUR')).toBe('1.00');
  expect(showMoney('1015000000', 'EUR')).toBe('1.02');
  expect(showMoney('4000', 'EUR')).toBe('0.000004');
  expect(showMoney('5190876', 'EUR')).toBe('0.00519');
  expect(showMoney('-999600000', 'EUR')).toBe('-1.00');
  expect(showMoney('500000000', 'EUR')).toBe('0.50');
  expect(showMoney('0', 'EUR')).toBe('0.00');
  expect(showMoney('1500000000', 'JPY')).toBe('1.5');
  expect(showMoney('150500000000', 'JPY')).toBe('150');
  expect(showMoney('-9876543210000', 'EUR')).toBe('-9,876.54');
});
