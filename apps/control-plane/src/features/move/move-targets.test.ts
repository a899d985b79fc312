import { expect, test } from 'vitest';
import type { AccountRow } from '../accounts/account-tree.ts';
import { moveTargets } from './move-targets.ts';

const row = (id: string, parentId: string, effectiveState: AccountRow['effectiveState'] = 'active') =>
  ({ id, parentId, name: id.toUpperCase(), childCount: 0, effectiveState }) as unknown as AccountRow;

test('an account may move everywhere but below itself, to where it is, and below what is suspended or closed', () => {
  const accounts = [
    row('a', 'top'),
    row('moved', 'a'),
    row('below', 'moved'),
    row('b', 'top'),
    row('c', 'b'),
    row('gone', 'top', 'closed'),
    row('stopped', 'top', 'suspended'),
    row('below-stopped', 'stopped', 'suspended'),
  ];
  const targets = moveTargets({ id: 'top', name: 'Top' }, accounts, { id: 'moved', parentId: 'a' });
  expect(targets).toEqual([
    { value: 'top', label: 'Top' },
    { value: 'b', label: 'Top / B' },
    { value: 'c', label: 'Top / B / C' },
  ]);
});
