import { expect, test } from 'vitest';
import { type Explained, previewOf, profileWith } from './preview.ts';
import type { ProfilePrice } from './price-draft.ts';

const seller = { id: 'acc_seller', name: 'Seller' };
const buyer = { id: 'acc_child', name: 'Child' };
const target = { currency: 'EUR', setByAccountId: seller.id };
const saved: ProfilePrice = {
  service: 'network-discovery',
  meter: 'bytes',
  unit: 'byte',
  where: {},
  amount: '400000000',
  per: '1000000000',
  currency: 'EUR',
  effectiveFrom: '2026-11-01T00:00:00Z',
  origin: 'default',
  setByAccountId: seller.id,
};
const above: readonly Explained[] = [
  {
    service: 'network-discovery',
    meter: 'bytes',
    where: {},
    levels: [
      {
        buyerId: seller.id,
        buyerName: seller.name,
        sellerId: 'acc_top',
        sellerName: 'Top',
        amount: '200000000',
        per: '1000000000',
        origin: 'default',
      },
    ],
  },
];
const typed = (text: string, where: Record<string, string> = {}) => ({
  meter: 'bytes',
  where,
  text,
  isFlat: false,
});
const pays = (profile: readonly ProfilePrice[]) =>
  previewOf({ buyer, seller, profile, above }).map(({ where, levels }) => [
    where,
    levels.map(({ buyerName, sellerName, amount, origin }) => [buyerName, sellerName, amount, origin]),
  ]);
const topIsPaid = ['Seller', 'Top', '200000000', 'default'];

test('what is typed counts before it is saved, and what is not edited stays', () => {
  const profile = profileWith([saved], { 'network-discovery': [typed('0.55')] }, target);
  expect(pays(profile)).toEqual([[{}, [['Child', 'Seller', '550000000', 'default'], topIsPaid]]]);
  expect(pays(profileWith([saved], {}, target))).toEqual([
    [{}, [['Child', 'Seller', '400000000', 'default'], topIsPaid]],
  ]);
});

test('an emptied field passes the price from above through', () => {
  const profile = profileWith([saved], { 'network-discovery': [typed('')] }, target);
  expect(pays(profile)).toEqual([[{}, [['Child', 'Seller', '200000000', 'inherited'], topIsPaid]]]);
});

test('a price for one child comes before the one for all, and its emptied field falls back to that', () => {
  const one = { ...target, childId: buyer.id };
  const own = profileWith([saved], { 'network-discovery': [typed('0.15')] }, one);
  expect(pays(own)).toEqual([[{}, [['Child', 'Seller', '150000000', 'child'], topIsPaid]]]);
  expect(pays(profileWith(own, { 'network-discovery': [typed('')] }, one))).toEqual([
    [{}, [['Child', 'Seller', '400000000', 'default'], topIsPaid]],
  ]);
});

test('a price for some of a meter has a row of its own, with what the levels above ask for such use', () => {
  const drafts = [typed('0.40'), typed('0.70', { transport: 'tls' })];
  expect(pays(profileWith([saved], { 'network-discovery': drafts }, target))).toEqual([
    [{ transport: 'tls' }, [['Child', 'Seller', '700000000', 'default'], topIsPaid]],
    [{}, [['Child', 'Seller', '400000000', 'default'], topIsPaid]],
  ]);
});

test('a field that cannot be read shows what is saved', () => {
  const profile = profileWith([saved], { 'network-discovery': [typed('0,4')] }, target);
  expect(profile).toEqual([saved]);
});
