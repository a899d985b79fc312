import { expect, test } from 'vitest';
import { type AccountRow, inclusiveUse, treeRows, withDescendants } from './account-tree.ts';

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
});
const tree = [account('a', 'top'), account('b', 'top'), account('a1', 'a'), account('a1x', 'a1')];

test('a tree is drawn depth first, and what is folded in is left out', () => {
  const ids = (depth: number) =>
    treeRows(tree, 'top', (_, level) => level < depth).map((row) => `${row.account.id}${row.level}`);
  expect(ids(9)).toEqual(['a1', 'a12', 'a1x3', 'b1']);
  expect(ids(1)).toEqual(['a1', 'b1']);
});

test('suspending an account touches it and all below it, and no sibling', () => {
  expect(withDescendants(tree, 'a')).toEqual(['a', 'a1', 'a1x']);
  expect(withDescendants(tree, 'b')).toEqual(['b']);
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
