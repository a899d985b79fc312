import { billing } from '@patchbay/domain/billing/definition';
import { expect, test } from 'vitest';
import { placesOf } from './refused-fields.ts';

const { request } = billing.resources.prices.operations.set;
const refusedBy = (prices: unknown): readonly string[] => {
  const parsed = request.safeParse({ service: 'relay', currency: 'EUR', prices });
  return parsed.success ? [] : placesOf(parsed.error.issues);
};

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
