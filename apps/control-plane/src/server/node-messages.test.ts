import { expect, test } from 'vitest';
import { toBusMessage } from './node-messages.ts';

test('nodes hear of what an account is changed to: another time zone moves the times that it set (POL-5)', () => {
  expect(toBusMessage('acc_1', 'tenancy.account.changed', { accountId: 'acc_1' })).toEqual({
    type: 'account.changed',
    accountId: 'acc_1',
  });
});

test('nodes hear of a key that is gone by its id, and of nothing that is no concern of theirs', () => {
  expect(toBusMessage('acc_1', 'tenancy.key.revoked', { keyId: 'key_1' })).toEqual({
    type: 'key.revoked',
    keyId: 'key_1',
  });
  expect(toBusMessage('acc_1', 'billing.price.set', {})).toBeUndefined();
});
