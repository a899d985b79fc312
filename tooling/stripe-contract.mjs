/**
 * Makes the adapter's calls at Stripe itself, in test mode: `STRIPE_TEST_KEY=sk_test_… node tooling/stripe-contract.mjs`.
 * What the fake of our tests says is what the types of the SDK say; this shows whether Stripe agrees. It leaves a customer
 * and a void invoice behind.
 */
import { stripeRail } from '../packages/adapters/stripe/stripe-rail.ts';

const DAY_MS = 86_400_000;
const key = process.env.STRIPE_TEST_KEY ?? '';
const apiUrl = process.env.STRIPE_API_URL;
let failedCount = 0;

async function check(title, work) {
  try {
    const found = await work();
    if (found === false) throw new Error('It is not so.');
    process.stdout.write(`ok      ${title}\n`);
    return found;
  } catch (error) {
    failedCount += 1;
    process.stdout.write(`failed  ${title}: ${error.message}\n`);
    return undefined;
  }
}

async function run() {
  const rail = stripeRail({
    secretKey: key,
    webhookSecrets: [],
    ...(apiUrl === undefined ? {} : { apiUrl }),
  });
  const tag = `contract-${Date.now()}`;
  const customer = { type: 'create-customer', accountId: tag, name: 'Contract of Patchbay' };
  const { id: customerId } = await check('a customer is made', () => rail.perform(customer, `${tag}:c`));
  await check(
    'and once, for one key',
    async () => (await rail.perform(customer, `${tag}:c`)).id === customerId,
  );
  const draft = {
    type: 'draft-invoice',
    documentId: tag,
    accountId: tag,
    customerId,
    number: 'D-I00001',
    sellerName: 'Contract',
    currency: 'EUR',
    dueAtMs: Date.now() + 14 * DAY_MS,
  };
  const { id: invoiceId } = await check('an invoice is drafted', () => rail.perform(draft, `${tag}:i`));
  const line = { type: 'add-line', invoiceId, customerId, lineKey: 'line-0', text: 'Use', currency: 'EUR' };
  for (const time of [1, 2])
    await check(`a line is added (${time})`, () => rail.perform({ ...line, minorUnits: 1234n }, `${tag}:l`));
  await check('a draft is found by its document', async () => (await rail.find(draft))?.id === invoiceId);
  await check('an invoice is final', () => rail.perform({ type: 'finalise-invoice', invoiceId }, `${tag}:f`));
  await check('it has its total, its line and an address', async () => {
    const { state, minorUnits, lineKeys, payUrl } = await rail.readInvoice(invoiceId);
    return state === 'open' && minorUnits === 1234n && lineKeys.join() === 'line-0' && payUrl !== undefined;
  });
  await check('it is void', () => rail.perform({ type: 'void-invoice', invoiceId }, `${tag}:v`));
  await check('a void one is no draft of its document', async () => (await rail.find(draft)) === undefined);
  await check('what Stripe has not is refused', () =>
    rail.readInvoice('in_none').then(
      () => false,
      (error) => error.failure === 'refused',
    ),
  );
}

if (!/^(sk|rk)_test_/.test(key)) {
  process.stdout.write('skipped: set STRIPE_TEST_KEY to a key of Stripe in test mode.\n');
} else {
  await run().catch((error) => {
    failedCount += 1;
    process.stdout.write(`stopped: ${error.message}\n`);
  });
  process.exitCode = failedCount === 0 ? 0 : 1;
}
