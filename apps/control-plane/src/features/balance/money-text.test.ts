import { expect, test } from 'vitest';
import { minorText, moneyText, readMinorUnits, readMoney } from './money-text.ts';

test('what is typed is money exactly, or none at all', () => {
  expect([
    readMoney('12.5'),
    readMoney(' 12,50 '),
    readMoney('0'),
    readMoney('-1'),
    readMoney('ten'),
  ]).toEqual(['12500000000', '12500000000', '0', undefined, undefined]);
  expect(moneyText('12500000000')).toBe('12.5');
});

test('what is paid is in whole minor units of its currency', () => {
  expect([
    readMinorUnits('10', 'EUR'),
    readMinorUnits('10.005', 'EUR'),
    readMinorUnits('10.5', 'JPY'),
  ]).toEqual(['1000', undefined, undefined]);
  expect([minorText('1000', 'EUR'), minorText('1000', 'JPY')]).toEqual(['10', '1000']);
});
