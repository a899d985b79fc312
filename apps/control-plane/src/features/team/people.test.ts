import { expect, test } from 'vitest';
import { peopleOf } from './people.ts';

const role = (userId: string, accountId: string) => ({ userId, accountId });

test('who has roles at several levels is one person, with the role of this account first', () => {
  const members = [
    role('ann', 'acc_top'),
    role('bob', 'acc_here'),
    role('ann', 'acc_here'),
    role('ann', 'acc_mid'),
  ];
  expect(peopleOf(members, ['acc_top', 'acc_mid', 'acc_here'])).toEqual([
    { userId: 'ann', roles: [role('ann', 'acc_here'), role('ann', 'acc_mid'), role('ann', 'acc_top')] },
    { userId: 'bob', roles: [role('bob', 'acc_here')] },
  ]);
  expect(peopleOf([], [])).toEqual([]);
});

test('a role from above what is seen comes last', () => {
  const members = [role('ann', 'acc_unseen'), role('ann', 'acc_here')];
  expect(peopleOf(members, ['acc_here'])[0]?.roles.map(({ accountId }) => accountId)).toEqual([
    'acc_here',
    'acc_unseen',
  ]);
});
