import { expect, test } from 'vitest';
import { levelOf, valuesOf } from './policy.ts';

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
