import { billing } from '@patchbay/domain/billing/definition';
import { internalApi } from '@patchbay/domain/fleet/internal-api';
import { RECORD_COUNT_MAX } from '@patchbay/domain/metering/usage-record';
import { expect, test } from 'vitest';
import { invalidRequest } from './refused-fields.ts';

const { request } = billing.resources.prices.operations.set;
const refusalOf = (prices: unknown) => {
  const parsed = request.safeParse({ service: 'relay', currency: 'EUR', prices });
  return parsed.success ? undefined : invalidRequest(parsed.error.issues).fields;
};
const refusedBy = (prices: unknown): readonly string[] => refusalOf(prices)?.publicDetail.split('; ') ?? [];

test('a refusal names the field, inside a value of several forms too', () => {
  expect(refusedBy({ bytes: { amount: '1', per: '1', freeUnits: '5' } })).toEqual([
    '/prices/bytes: Unrecognized key: "freeUnits"',
  ]);
  expect(
    refusedBy({
      bytes: [
        { amount: '1', per: '1' },
        { amount: '1', per: 'x' },
      ],
    }),
  ).toEqual(['/prices/bytes/1/per: A count of units has at most 18 digits.']);
  expect(refusedBy({ bytes: 3 })).toEqual(['/prices/bytes: Invalid input']);
});

const price = { amount: '1', per: '1' };

test('a list at its bound is read, and one more is refused as too many, with the bound', () => {
  const listed = (count: number) => refusalOf({ bytes: Array.from({ length: count }, () => price) });
  expect(listed(50)).toBeUndefined();
  expect(listed(51)).toMatchObject({ code: 'request.too_many', status: 413 });
  expect(listed(51)?.publicDetail).toContain('/prices/bytes: Too big: expected array to have <=50');
  const named = (count: number) =>
    refusalOf(Object.fromEntries(Array.from({ length: count }, (_, index) => [`meter${index}`, price])));
  expect(named(64)).toBeUndefined();
  expect(named(65)).toMatchObject({ code: 'request.too_many', publicDetail: expect.stringContaining('64') });
});

test('what is too many and wrong in itself is refused as wrong: to send less of it would not help', () => {
  const bytes = Array.from({ length: 51 }, () => price);
  expect(refusalOf({ bytes, packets: { ...price, per: 'x' } })).toMatchObject({ code: 'request.invalid' });
});

test('a refusal is no longer for a longer request', () => {
  const wrong = Array.from({ length: 50 }, () => ({ amount: 'x', per: '1' }));
  expect(refusedBy({ bytes: wrong })).toHaveLength(20);
});

test('a node uploads as many records of usage as one request may hold, and is told when these are too many', () => {
  const record = {
    id: { nodeId: 'nod_1', boot: 1, sequence: 1 },
    accountId: 'acc_1',
    segment: 0,
    service: 'signaling',
    region: 'eu',
    modality: 'none',
    fromMs: 0,
    toMs: 0,
    quantities: [{ meter: 'attempts', quantity: 1, dimensions: {} }],
  };
  const upload = (count: number) =>
    internalApi.usage.request.safeParse({ records: Array.from({ length: count }, () => record) });
  expect(upload(RECORD_COUNT_MAX).error?.issues ?? []).toEqual([]);
  const { fields } = invalidRequest(upload(RECORD_COUNT_MAX + 1).error?.issues ?? []);
  expect(fields).toMatchObject({ code: 'request.too_many' });
  expect(fields.publicDetail).toContain(`/records: Too big: expected array to have <=${RECORD_COUNT_MAX}`);
});
