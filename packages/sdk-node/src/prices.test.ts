import type { Operations } from '@patchbay/sdk';
import { expect, test } from 'vitest';
import {
  atLeast,
  fee,
  flat,
  free,
  perGB,
  perMinute,
  perUnit,
  started,
  tiers,
  wholeSessions,
  withPriceSheets,
} from './prices.ts';

test('prices are exact nano units, from text (BIL-3)', () => {
  expect(perGB('0.40', 'EUR')).toEqual({ amount: '400000000', per: '1000000000', currency: 'EUR' });
  expect(perMinute('0.004', 'USD')).toEqual({ amount: '4000000', per: '60000', currency: 'USD' });
  expect(perUnit('12', 'JPY')).toEqual({ amount: '12000000000', per: '1', currency: 'JPY' });
  expect(perUnit('0.000000001', 'EUR').amount).toBe('1');
  expect(perUnit('0', 'EUR').amount).toBe('0');
  expect(perUnit('999999999999.999999999', 'EUR').amount).toBe('999999999999999999999');
});

test('what would lose a digit, or is no price, is refused', () => {
  for (const amount of ['0.0000000001', '-1', '1e3', '.5', '1.', '', '1,5', 0.1 as unknown as string]) {
    expect(() => perUnit(amount, 'EUR'), amount).toThrow(/price is text/);
  }
  expect(() => perUnit('1', 'euro')).toThrow(/three capital letters/);
});

test('tiers, allowances, minimums, rounding and fees are counted in what the price is for (BIL-1)', () => {
  const minutes = perMinute('0.01', 'EUR');
  const first = { amount: '10000000', per: '60000', currency: 'EUR' };
  const then = [{ after: 900, price: perMinute('0.008', 'EUR') }];
  const rest = [{ after: '54000000', amount: '8000000' }];
  expect(tiers(free(100, minutes), then)).toEqual({
    ...first,
    free: '6000000',
    tiers: rest,
    tiering: 'graduated',
  });
  expect(tiers(minutes, then, { tiering: 'volume' }).tiering).toBe('volume');
  expect(atLeast('5.00', started(minutes))).toEqual({ ...first, roundUpTo: '60000', minimum: '5000000000' });
  expect(wholeSessions(minutes)).toEqual({ ...first, accounting: 'binary' });
  expect(() => wholeSessions(flat('5', 'EUR'))).toThrow(/price a month/);
  expect(fee('30', 'EUR')).toEqual({ amount: '30000000000', per: '0', currency: 'EUR', due: 'period' });
  expect(flat('5', 'EUR')).toEqual({ amount: '5000000000', per: '0', currency: 'EUR' });
  expect(() => tiers(minutes, [{ after: 1, price: perGB('1', 'EUR') }])).toThrow(/same unit/);
  expect(() => free(0.5, minutes)).toThrow(/whole number/);
  expect(() => free(1, fee('30', 'EUR'))).toThrow(/price a month/);
});

test('prices.set takes service and meters, and finds the currency in them', async () => {
  const calls: unknown[] = [];
  const generated = {
    set: async (...args: unknown[]) => calls.push(args),
  } as unknown as Operations['prices'];
  const prices = withPriceSheets(generated);
  await prices.set('acc_1', 'network-discovery', {
    bytes: [perGB('0.40', 'EUR'), { ...perGB('0.10', 'EUR'), where: { direction: 'in' } }],
    allocations: perUnit('0.01', 'EUR'),
  });
  await prices.set('acc_1', { service: 'signaling', prices: {}, currency: 'EUR' });
  expect(calls).toEqual([
    [
      'acc_1',
      {
        service: 'network-discovery',
        currency: 'EUR',
        prices: {
          bytes: [
            { amount: '400000000', per: '1000000000' },
            { amount: '100000000', per: '1000000000', where: { direction: 'in' } },
          ],
          allocations: { amount: '10000000', per: '1' },
        },
      },
      undefined,
    ],
    ['acc_1', { service: 'signaling', prices: {}, currency: 'EUR' }],
  ]);
  expect(() => prices.set('acc_1', 'a', { x: perUnit('1', 'EUR'), y: perUnit('1', 'USD') })).toThrow(
    /one currency/,
  );
});
