import { expect, test } from 'vitest';
import { effectiveFromOf, firstDayAhead, plannedTimes, profileAt } from './planned-prices.ts';
import type { ProfilePrice } from './price-draft.ts';

const nowMs = Date.UTC(2026, 10, 30, 12);
const price = (meter: string, from: string, fields: Partial<ProfilePrice> = {}): ProfilePrice => ({
  ...{ service: 'relay', meter, unit: 'byte', where: {}, amount: '1', per: '1', currency: 'EUR' },
  ...{ effectiveFrom: `${from}T00:00:00.000Z`, origin: 'default', setByAccountId: 'acc_1' },
  ...fields,
});
const profile = [
  price('bytes', '2026-11-01'),
  price('minutes', '2026-11-01'),
  price('bytes', '2027-01-01', { amount: '2' }),
  price('bytes', '2026-11-01', { service: 'signaling' }),
  price('bytes', '2026-11-01', { childId: 'acc_2', origin: 'child' }),
];
const at = (atMs: number) =>
  profileAt(profile, { nowMs, atMs }).map(
    ({ service, meter, amount, childId = 'all' }) => `${service} ${meter} ${amount} ${childId}`,
  );

test('a day that is chosen begins at its midnight by UTC, tomorrow at the earliest, and none is now', () => {
  expect(effectiveFromOf('2027-01-01')).toBe('2027-01-01T00:00:00.000Z');
  expect(effectiveFromOf('')).toBeUndefined();
  expect(firstDayAhead(nowMs)).toBe('2026-12-01');
});

test('prices that were set for later are told with when they begin, each time once', () => {
  expect(plannedTimes(profile, { nowMs })).toEqual(['2027-01-01T00:00:00.000Z']);
  expect(plannedTimes(profile, { nowMs, service: 'signaling' })).toEqual([]);
});

test('at a time to come the change of a service has replaced all of it, and nothing of anything else', () => {
  const others = ['signaling bytes 1 all', 'relay bytes 1 acc_2'];
  expect(at(nowMs)).toEqual(['relay bytes 1 all', 'relay minutes 1 all', ...others]);
  expect(at(Date.UTC(2027, 0, 1))).toEqual(['relay bytes 2 all', ...others]);
});
