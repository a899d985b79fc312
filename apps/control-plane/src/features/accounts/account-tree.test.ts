import { expect, test } from 'vitest';
import { type AccountRow, inclusiveCounts, inclusiveUse, treeRows } from './account-tree.ts';

const account = (id: string, parentId: string): AccountRow => ({
  id,
  parentId,
  name: id,
  state: 'active',
  effectiveState: 'active',
  currency: 'EUR',
  timeZone: 'UTC',
  depth: 1,
  childCount: 0,
  createdAt: '2026-11-01T00:00:00Z',
  isTest: false,
});
const tree = [account('a', 'top'), account('b', 'top'), account('a1', 'a'), account('a1x', 'a1')];

test('a tree is drawn depth first, and what is folded in is left out', () => {
  const ids = (depth: number) =>
    treeRows(tree, 'top', (_, level) => level < depth).map((row) => `${row.account.id}${row.level}`);
  expect(ids(9)).toEqual(['a1', 'a12', 'a1x3', 'b1']);
  expect(ids(1)).toEqual(['a1', 'b1']);
});

test('suspending an account touches it and all below it, and no sibling', () => {
  const counts = inclusiveCounts(tree);
  expect(counts.get('a')).toBe(3);
  expect(counts.get('b')).toBe(1);
});

test('use counts at the account and at each above it, once', () => {
  const totals = inclusiveUse(
    tree,
    new Map([
      ['a', 1n],
      ['a1x', 10n],
      ['b', 100n],
    ]),
  );
  expect(Object.fromEntries(totals)).toEqual({ a: 11n, a1: 10n, a1x: 10n, b: 100n, top: 111n });
});
