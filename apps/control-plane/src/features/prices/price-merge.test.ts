import { expect, test } from 'vitest';
import type { PriceDraft } from './price-draft.ts';
import { changesIn, mergedDrafts } from './price-merge.ts';

const saved = (meter: string, text: string, where = {}): PriceDraft => {
  const shown = { text, isFlat: false };
  return { meter, where, ...shown, saved: { ...shown, tariff: { amount: text, per: '1' } } };
};

test('of two who set prices, what each typed stays, and what neither touched is as it was', () => {
  const base = [saved('bytes', '0.4'), saved('packets', '1')];
  const theirs = [saved('bytes', '0.3'), saved('packets', '1'), saved('bytes', '0.5', { region: 'eu' })];
  const mine = [saved('bytes', '0.4'), { ...saved('packets', '1'), text: '2' }];
  expect(mergedDrafts({ base, mine, theirs })).toEqual([
    saved('bytes', '0.3'),
    { ...saved('packets', '1'), text: '2' },
    saved('bytes', '0.5', { region: 'eu' }),
  ]);
  expect(changesIn('network-discovery', { base, mine, theirs, currency: 'EUR' })).toMatchObject([
    { before: '0.4 EUR', after: '0.3 EUR', isContested: false },
    { before: 'no price of its own', after: '0.5 EUR', isContested: false },
  ]);
});

test('a price that both changed stays as it was typed, and one that they took back comes back only if it was typed', () => {
  const base = [saved('bytes', '0.4'), saved('bytes', '0.5', { region: 'eu' })];
  const theirs = [saved('bytes', '0.3')];
  const mine = [{ ...saved('bytes', '0.4'), text: '0.6' }, saved('bytes', '0.5', { region: 'eu' })];
  expect(mergedDrafts({ base, mine, theirs })).toEqual([{ ...saved('bytes', '0.3'), text: '0.6' }]);
  expect(changesIn('network-discovery', { base, mine, theirs, currency: 'EUR' })).toMatchObject([
    { before: '0.4 EUR', after: '0.3 EUR', isContested: true },
    { before: '0.5 EUR', after: 'no price of its own', isContested: false },
  ]);
});

test('terms that one typed and the other did not touch stay, and are said to whoever did not type them (BIL-1)', () => {
  const terms = { tiers: [], isVolume: false, free: '100', minimum: '', roundUpTo: '', isBinary: false };
  const base = [saved('bytes', '0.4')];
  const typed = [{ ...saved('bytes', '0.4'), terms }];
  expect(mergedDrafts({ base, mine: typed, theirs: base })).toEqual(typed);
  expect(changesIn('network-discovery', { base, mine: base, theirs: typed, currency: 'EUR' })).toMatchObject([
    { after: '0.4 EUR with tiers or an allowance', isContested: false },
  ]);
});
