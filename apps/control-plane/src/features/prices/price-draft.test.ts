import { expect, test } from 'vitest';
import {
  draftsOf,
  isMistyped,
  type PriceDraft,
  type ProfilePrice,
  pricesNow,
  pricesToSet,
} from './price-draft.ts';

const price = (fields: Partial<ProfilePrice>): ProfilePrice => ({
  service: 'network-discovery',
  meter: 'bytes',
  unit: 'byte',
  where: {},
  amount: '400000000',
  per: '1000000000',
  currency: 'EUR',
  effectiveFrom: '2026-11-01T00:00:00Z',
  origin: 'default',
  setByAccountId: 'acc_1',
  ...fields,
});
const now = Date.UTC(2026, 10, 24);

test('of several versions of a price the one that holds now is edited', () => {
  const profile = [
    price({ amount: '1', effectiveFrom: '2026-10-01T00:00:00Z' }),
    price({ amount: '2' }),
    price({ amount: '3', effectiveFrom: '2026-12-01T00:00:00Z' }),
    price({ amount: '4', childId: 'acc_child' }),
  ];
  expect(pricesNow(profile, undefined, now).map(({ amount }) => amount)).toEqual(['2']);
  expect(pricesNow(profile, 'acc_child', now).map(({ amount }) => amount)).toEqual(['4']);
});

test('what is saved unchanged is what was there, every meter and dimension of it', () => {
  const profile = [
    price({}),
    price({ where: { transport: 'tls' }, amount: '550000000' }),
    price({ meter: 'packets', amount: '5000000000', per: '0' }),
  ];
  const drafts = draftsOf('network-discovery', profile);
  expect(pricesToSet('network-discovery', drafts)).toEqual({
    bytes: [
      { amount: '400000000', per: '1000000000' },
      { amount: '550000000', per: '1000000000', where: { transport: 'tls' } },
    ],
    packets: [{ amount: '5000000000', per: '0' }],
  });
});

test('a price that is no decimal does not keep the others from being saved, and stays exact until it is typed over', () => {
  const third = price({ amount: '1', per: '3' });
  const drafts = draftsOf('network-discovery', [third]).map((draft) =>
    draft.meter === 'packets' ? { ...draft, text: '2' } : draft,
  );
  const bytes = drafts.find(({ meter }) => meter === 'bytes');
  if (bytes === undefined) throw new Error('There is no row.');
  expect(drafts.some((draft) => isMistyped('network-discovery', draft))).toBe(false);
  expect(pricesToSet('network-discovery', drafts)).toMatchObject({ bytes: [{ amount: '1', per: '3' }] });
  const over = { ...bytes, text: '0.3' };
  expect(pricesToSet('network-discovery', [over])).toEqual({
    bytes: [{ amount: '300000000', per: '1000000000' }],
  });
});

test('what is typed beside a price with terms keeps them, and terms are typed in what a person counts (BIL-1)', () => {
  const terms = {
    free: '100000000000',
    tiers: [{ after: '900000000000', amount: '300000000' }],
    tiering: 'volume' as const,
    minimum: '5000000000',
    roundUpTo: '1000000000',
  };
  const bytes = draftsOf('network-discovery', [price(terms)]).find(({ meter }) => meter === 'bytes');
  if (bytes?.terms === undefined) throw new Error('There is no row.');
  expect(bytes.terms).toEqual({
    tiers: [{ after: '900', text: '0.30' }],
    isVolume: true,
    free: '100',
    minimum: '5.00',
    roundUpTo: '1000000000',
    isBinary: false,
  });
  const set = (draft: PriceDraft) => pricesToSet('network-discovery', [draft]).bytes;
  const tariff = { amount: '400000000', per: '1000000000', ...terms };
  expect(set(bytes)).toEqual([tariff]);
  expect(set({ ...bytes, text: '0.5' })).toEqual([{ ...tariff, amount: '500000000' }]);
  const timed = { ...bytes, terms: { ...bytes.terms, isBinary: true } };
  expect(set(timed)).toEqual([{ ...tariff, accounting: 'binary' }]);
  const finer = { ...bytes, terms: { ...bytes.terms, tiers: [{ after: '0.5', text: '0.0000000001' }] } };
  expect(set(finer)).toMatchObject([
    { amount: '4000000000', per: '10000000000', tiers: [{ after: '500000000', amount: '1' }] },
  ]);
  for (const tiers of [
    [{ after: '', text: '1' }],
    [{ after: '1', text: '' }],
    [
      { after: '2', text: '1' },
      { after: '1', text: '1' },
    ],
  ]) {
    expect(isMistyped('network-discovery', { ...bytes, terms: { ...bytes.terms, tiers } })).toBe(true);
  }
  expect(set({ meter: 'bytes', where: {}, text: '30', isFlat: true, isFee: true })).toEqual([
    { amount: '30000000000', per: '0', due: 'period' },
  ]);
});

test('a meter that is never priced cannot be given a price, and every other has a row', () => {
  const drafted = draftsOf('network-discovery', []).map(({ meter }) => meter);
  expect(drafted).toContain('bytes');
  expect(drafted).not.toContain('checkBytes');
});

test('an emptied field is no price, and a mistyped one is said to be', () => {
  const draft = { meter: 'bytes', where: {}, isFlat: false };
  expect(pricesToSet('network-discovery', [{ ...draft, text: ' ' }])).toEqual({});
  expect(isMistyped('network-discovery', { ...draft, text: ' ' })).toBe(false);
  expect(isMistyped('network-discovery', { ...draft, text: '0,40' })).toBe(true);
});
