import { type FakeStripe, startFakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownRails } from './own-rails.ts';

let stripe: FakeStripe;
beforeEach(async () => {
  stripe = await startFakeStripe({ nowMs: () => Date.UTC(2026, 11, 1) });
  stripe.accountOfKey.set('rk_test_first', 'acct_one');
  stripe.accountOfKey.set('rk_test_next', 'acct_one');
  stripe.accountOfKey.set('rk_test_foreign', 'acct_two');
});
afterEach(() => stripe.close());

const credentialsOf = (secretKey: string) => ({ secretKey, webhookSecrets: ['whsec_1'] });

test('a key of another account of Stripe, where nobody is known who was asked for money, is told from the next of the same (decision 0017)', async () => {
  const rails = ownRails(
    { credentialsOf: async () => ({ credentials: credentialsOf('rk_test_first'), changedAtMs: 1 }) },
    { STRIPE_API_URL: stripe.url },
  );
  const rail = await rails.of('acc_seller');
  const customer = await rail?.perform(
    { type: 'create-customer', accountId: 'acc_buyer', name: 'Buyer' },
    'customer:acc_buyer',
  );
  const known = ['cus_removed', customer?.id ?? ''];
  const checked = (key: string, customers = known) => rails.check(credentialsOf(key), customers);
  expect(await checked('rk_test_next')).toBe('usable');
  expect(await checked('rk_test_foreign')).toBe('other-account');
  expect(await checked('rk_test_foreign', [])).toBe('usable');
});
