import { expect, test } from 'vitest';
import { draftsFor, keepDrafts } from './use-price-drafts.ts';

test('what is typed for one target stays while another is looked at, and is gone when it is saved', () => {
  const drafts = [{ meter: 'bytes', where: {}, text: '0.4', isFlat: false }];
  const none = { drafts: [], seen: { items: [] } };
  const typed = { 'network-discovery': { drafts, seen: { items: [] } } };
  keepDrafts('acc_1 all', typed);
  keepDrafts('acc_1 acc_2', { signaling: none });
  expect(draftsFor('acc_1 all')).toBe(typed);
  keepDrafts('acc_1 all', {});
  expect(draftsFor('acc_1 all')).toEqual({});
  expect(draftsFor('acc_1 acc_2')).toEqual({ signaling: none });
});
