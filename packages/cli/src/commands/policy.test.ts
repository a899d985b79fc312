import { expect, test } from 'vitest';
import { amountIn, minorText } from '../money-text.ts';
import { levelOf, valuesOf, valueText } from './policy.ts';

test('settings are read as the API has them: numbers, lists, and times with their own commas', () => {
  expect(
    valuesOf(['concurrentSessionsMax=100', 'regions=eu,us', 'times=sat,sun 10:00-12:00;mon 08:00-09:00']),
  ).toEqual({
    concurrentSessionsMax: 100,
    regions: ['eu', 'us'],
    times: ['sat,sun 10:00-12:00', 'mon 08:00-09:00'],
  });
  expect(valuesOf(['regions='])).toEqual({ regions: [] });
});

test.each(['regions', '=1', 'sessionSecondsMax=ten'])('%s is refused with what to write', (pair) => {
  expect(() => valuesOf([pair])).toThrow(/--set|whole number/);
});

test('a level from above is told with who set it, where that is told, and else that somebody above did', () => {
  const above = { level: 'account', accountId: 'acc_g2', by: 'above' } as const;
  expect(levelOf({ ...above, setById: 'acc_a' })).toBe('account acc_g2 by acc_a');
  expect(levelOf(above)).toBe('account acc_g2 by an account above');
  expect(levelOf({ level: 'account' })).toBe('account');
});

test('a value is told with its unit, and money with the currency of the account', () => {
  expect(valueText('spendPerMonthMax', 1250, 'EUR')).toBe('12.5 EUR');
  expect(valueText('sessionSecondsMax', 60)).toBe('60 s');
  expect(valueText('relayBytesTotalMax', 0)).toBe('0 B');
  expect(valueText('regions', ['eu', 'us'])).toBe('eu, us');
  expect(valueText('regions', undefined)).toBe('');
  expect(minorText('500', 'EUR')).toBe('5 EUR');
});

test('what may be spent is said by spending limits, and a policy that is to say it is refused with how', () => {
  expect(() => valuesOf(['spendPerMonthMax=1250'])).toThrow('patchbay limit set --amount');
  expect(() => valuesOf(['prepaidBalance=0'])).toThrow('prepaid terms');
});

test('money is typed with its currency or without, and in no other than that of the account', () => {
  for (const text of ['12.50', '12.50 EUR', '12.50EUR']) expect(amountIn('EUR', text)).toBe(12_500_000_000n);
  expect(() => amountIn('EUR', '12.50 USD')).toThrow('reckons in EUR');
  for (const text of ['-1', 'ten', '', 'EUR'])
    expect(() => amountIn('EUR', text)).toThrow('no amount of money');
});
