import { expect, test } from 'vitest';
import { dimensionsOfPrices, estimate } from './estimate.ts';

const price = (
  meter: string,
  amount: string,
  fields: { where?: Record<string, string>; per?: string } = {},
) => ({
  service: 'network-discovery',
  meter,
  unit: 'byte',
  where: fields.where ?? {},
  amount,
  per: fields.per ?? '1000000000',
  currency: 'EUR',
  effectiveFrom: '2026-11-01T00:00:00Z',
  origin: 'default' as const,
  setByAccountId: 'acc_1',
});
const row = (quantity: string, group: Record<string, string>, meter = 'network-discovery.bytes') => ({
  at: '2026-11-24T00:00:00Z',
  meter,
  group,
  quantity,
  recordCount: 1,
});

test('use is priced by the price that names most of its dimensions', () => {
  const prices = [price('bytes', '400000000'), price('bytes', '550000000', { where: { transport: 'tls' } })];
  expect(dimensionsOfPrices(prices)).toBe('transport');
  const rows = [row('1000000000', { transport: 'udp' }), row('2000000000', { transport: 'tls' })];
  expect(estimate(rows, prices)).toBe(1_500_000_000n);
});

test('use without a price, and flat prices, are in no estimate', () => {
  expect(estimate([row('5', {}, 'signaling.messages')], [price('bytes', '1')])).toBe(0n);
  expect(estimate([row('5', {})], [price('bytes', '9', { per: '0' })])).toBe(0n);
});
