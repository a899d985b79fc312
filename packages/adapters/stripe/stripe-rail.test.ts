import { type RailCall, RailError } from '@patchbay/domain/billing/collection/rail';
import { minorUnitOf } from '@patchbay/domain/billing/money';
import { type FakeStripe, startFakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromStripeAmount, toStripeAmount } from './stripe-amount.ts';
import { stripeRail } from './stripe-rail.ts';

const nowMs = Date.UTC(2026, 11, 1);
let fake: FakeStripe;

beforeEach(async () => {
  fake = await startFakeStripe({ nowMs: () => nowMs });
});
afterEach(() => fake.close());

const railOf = (options = {}) =>
  stripeRail({
    secretKey: 'sk_test_x',
    webhookSecrets: [fake.webhookSecret],
    apiUrl: fake.url,
    retryCount: 0,
    ...options,
  });

async function openInvoice(rail = railOf()) {
  const { id: customerId } = await rail.perform(
    { type: 'create-customer', accountId: 'acc_a', name: 'A' },
    'customer:acc_a',
  );
  const { id: invoiceId } = await rail.perform(
    {
      type: 'draft-invoice',
      documentId: 'doc_1',
      accountId: 'acc_a',
      customerId,
      number: 'INV-00001',
      sellerName: 'Acme',
      currency: 'EUR',
      dueAtMs: nowMs + 86_400_000,
    },
    'invoice:acc_a:2026-11:1',
  );
  const line = (lineKey: string, minorUnits: bigint) =>
    rail.perform(
      { type: 'add-line', invoiceId, customerId, lineKey, text: lineKey, currency: 'EUR', minorUnits },
      `invoice:acc_a:2026-11:1:line:${lineKey}`,
    );
  await line('signaling.connectedMs', 1_500n);
  await line('network-discovery.bytes', 500n);
  await rail.perform({ type: 'finalise-invoice', invoiceId }, 'invoice:acc_a:2026-11:1:finalise');
  return { customerId, invoiceId };
}

const thing = async (of: Promise<unknown>): Promise<unknown> => of.catch((cause: unknown) => cause);

describe('an invoice at Stripe (BIL-6)', () => {
  it('has the lines of its document, is paid on its page, and says what was refunded and disputed', async () => {
    const rail = railOf();
    const { invoiceId } = await openInvoice(rail);
    const open = await rail.readInvoice(invoiceId);
    expect(open).toMatchObject({ state: 'open', minorUnits: 2_000n, paidMinorUnits: 0n });
    expect(open.lineKeys).toEqual(['signaling.connectedMs', 'network-discovery.bytes']);
    const page = await fetch(open.payUrl ?? '', { method: 'POST' });
    expect(await page.text()).toContain('Paid');
    await rail.perform(
      { type: 'refund', invoiceId, refundId: 'ref_1', currency: 'EUR', minorUnits: 300n },
      'refund:ref_1',
    );
    const payment = fake.state.all('payment_intent')[0]?.id ?? '';
    const dispute = fake.state.dispute(payment, 1_700);
    expect(await rail.readInvoice(invoiceId)).toMatchObject({
      state: 'paid',
      paidMinorUnits: 2_000n,
      refunds: [{ refundId: 'ref_1', minorUnits: 300n, state: 'succeeded' }],
      disputes: [{ id: dispute.id, minorUnits: 1_700n, state: 'open' }],
    });
    fake.state.closeDispute(dispute.id, 'won');
    expect((await rail.readInvoice(invoiceId)).disputes).toMatchObject([{ state: 'won' }]);
    expect(fake.state.balance).toBe(1_700);
  });

  it('is made once, though the connection is lost after each effect, again and again', async () => {
    for (let lost = 0; lost < 3; lost++) {
      // The SDK itself asks once more after a lost connection, whatever it is told.
      for (const path of [/customers$/, /invoices$/, /invoiceitems$/, /finalize$/])
        for (let time = 0; time < 2; time++) fake.faults.push({ path, kind: 'lost' });
      const given = await thing(openInvoice());
      if (given instanceof RailError) expect(given.failure).toBe('unavailable');
      fake.faults.length = 0;
    }
    await openInvoice();
    expect(fake.state.all('customer')).toHaveLength(1);
    expect(fake.state.all('invoice')).toMatchObject([{ status: 'open', total: 2_000 }]);
    expect(fake.state.all('invoiceitem')).toHaveLength(2);
  });

  it('is found again by what it says of itself, once its key is forgotten', async () => {
    const rail = railOf();
    const { customerId, invoiceId } = await openInvoice(rail);
    const draft: RailCall = {
      type: 'draft-invoice',
      documentId: 'doc_1',
      accountId: 'acc_a',
      customerId,
      number: '',
      sellerName: '',
      currency: 'EUR',
      dueAtMs: 0,
    };
    expect(await rail.find({ type: 'create-customer', accountId: 'acc_a', name: '' })).toMatchObject({
      id: customerId,
    });
    expect(await rail.find(draft)).toEqual({ id: invoiceId });
    expect(await rail.find({ ...draft, documentId: 'doc_2' })).toBeUndefined();
    expect(await rail.find({ type: 'finalise-invoice', invoiceId })).toEqual({ id: invoiceId });
    expect(await rail.find({ type: 'void-invoice', invoiceId })).toBeUndefined();
  });
});

describe('a payout at Stripe', () => {
  it('goes to a payee that its owner opened, out of money that is there, and is taken back in part', async () => {
    const rail = railOf();
    const { invoiceId } = await openInvoice(rail);
    const { id: payeeId } = await rail.perform(
      { type: 'create-payee', accountId: 'acc_r', country: 'DE' },
      'payee:acc_r',
    );
    const transfer: RailCall = {
      type: 'create-transfer',
      documentId: 'doc_2',
      ordinal: 1,
      payeeId,
      period: '2026-11',
      currency: 'EUR',
      minorUnits: 800n,
    };
    // A refusal is remembered under its key.
    const pay = (key: string) => thing(rail.perform(transfer, key));
    expect(await pay('1')).toMatchObject({ failure: 'refused' });
    expect((await rail.payeeLink(payeeId, 'https://patchbay.test')).url).toContain(payeeId);
    fake.state.onboard(payeeId);
    expect(await rail.readPayee(payeeId)).toEqual({ isPayable: true });
    expect(await pay('1')).toMatchObject({ failure: 'refused' });
    expect(await pay('2')).toMatchObject({ failure: 'refused' });
    fake.state.pay(invoiceId);
    const paid = (await pay('3')) as { id: string };
    await rail.perform(
      { type: 'reverse-transfer', transferId: paid.id, ordinal: 1, currency: 'EUR', minorUnits: 120n },
      'payout:acc_r:2026-11:1:1:reverse:1',
    );
    expect(await rail.readTransfer(paid.id)).toEqual({
      id: paid.id,
      minorUnits: 800n,
      reversedMinorUnits: 120n,
    });
    expect(await rail.find(transfer)).toEqual({ id: paid.id });
  });
});

describe('a request to Stripe', () => {
  it('holds nothing that the types of the pinned SDK do not know: the fake refuses it', async () => {
    const stripe = new Stripe('sk_test_x', clientOf(fake.url));
    const unknown = { name: 'A', bogus: 1 } as Stripe.CustomerCreateParams;
    await expect(stripe.customers.create(unknown)).rejects.toThrow('unknown parameter: bogus');
    const fraction = { amount: 10.5, currency: 'eur', destination: 'acct_1' };
    await expect(stripe.transfers.create(fraction)).rejects.toThrow('integer');
    await expect(stripe.balance.retrieve()).rejects.toThrow('Unrecognized request URL');
  });

  it('with a key of another request is refused, and one in the name of a seller is in its own account', async () => {
    const rail = railOf();
    await rail.perform({ type: 'create-customer', accountId: 'acc_a', name: 'A' }, 'one');
    expect(
      await thing(rail.perform({ type: 'create-customer', accountId: 'acc_b', name: 'B' }, 'one')),
    ).toMatchObject({ failure: 'refused' });
    await openInvoice(railOf({ stripeAccount: 'acct_seller' }));
    expect(fake.state.all('invoice')).toHaveLength(0);
    expect(fake.stateOf('acct_seller').all('invoice')).toHaveLength(1);
  });

  it('that fails for a time is made again with the same key, and what Stripe said stays inside', async () => {
    const create: RailCall = { type: 'create-customer', accountId: 'acc_a', name: 'A' };
    fake.faults.push({ path: /customers/, kind: 'failed' });
    await railOf({ retryCount: 1 }).perform(create, 'key');
    expect(fake.requests).toHaveLength(2);
    fake.faults.push({ path: /customers/, kind: 'rate-limited' });
    expect(await thing(railOf().perform(create, 'key'))).toMatchObject({ failure: 'unavailable' });
    const failure = await thing(railOf().readInvoice('in_of_somebody'));
    expect(failure).toMatchObject({
      failure: 'refused',
      message: 'Stripe refused it: resource_missing.',
    });
  });
});

describe('a notice of Stripe', () => {
  const notice = async (atMs = nowMs) => {
    await openInvoice();
    const event = fake.state.events.at(-1);
    if (event === undefined) throw new Error('Nothing happened.');
    return fake.signed(event, atMs);
  };

  it('is read when it is signed with either of two secrets, and says what it is about', async () => {
    const { body, signature } = await notice();
    const both = railOf({ webhookSecrets: ['whsec_next', fake.webhookSecret] });
    expect(both.openNotice({ body, signature, nowMs })).toMatchObject({
      type: 'invoice.finalized',
      subject: { kind: 'invoice' },
    });
    expect(railOf({ webhookSecrets: ['whsec_next'] }).openNotice({ body, signature, nowMs })).toBeUndefined();
  });

  it('is none with another body, without a signature, or from more than five minutes ago or ahead', async () => {
    const rail = railOf();
    const { body, signature } = await notice();
    expect(rail.openNotice({ body: `${body} `, signature, nowMs })).toBeUndefined();
    expect(rail.openNotice({ body, signature: '', nowMs })).toBeUndefined();
    const edge = 300_000;
    for (const atMs of [nowMs - edge, nowMs + edge])
      expect(rail.openNotice({ ...(await notice(atMs)), nowMs })).toBeDefined();
    for (const atMs of [nowMs - edge - 1_000, nowMs + edge + 1_000])
      expect(rail.openNotice({ ...(await notice(atMs)), nowMs })).toBeUndefined();
  });

  it('of a payment leads to the invoice that it paid', async () => {
    const rail = railOf();
    const { invoiceId } = await openInvoice(rail);
    fake.state.pay(invoiceId);
    const payment = fake.state.all('payment_intent')[0]?.id ?? '';
    fake.state.dispute(payment, 100);
    const event = fake.state.events.at(-1);
    const opened = event && rail.openNotice({ ...fake.signed(event), nowMs });
    expect(opened && (await rail.invoiceOf(opened))).toBe(invoiceId);
  });
});

describe('an amount', () => {
  it('is counted as Stripe counts it, and one that it would not take is refused', () => {
    expect(toStripeAmount(1_234n, 'EUR')).toBe(1_234);
    expect(toStripeAmount(1_234n, 'JPY')).toBe(1_234);
    expect(toStripeAmount(1_234n, 'ISK')).toBe(123_400);
    expect(fromStripeAmount(123_400, 'isk')).toBe(1_234n);
    expect(() => toStripeAmount(1_234n, 'KWD')).toThrow('thousandths');
    expect(toStripeAmount(1_230n, 'KWD')).toBe(1_230);
    expect(() => toStripeAmount(100_000_000n, 'EUR')).toThrow('no amount');
    // Whatever decimals a currency has here, Stripe counts all but some in hundredths.
    for (const currency of ['UGX', 'HUF', 'IDR', 'COP', 'USD', 'MGA', 'KRW', 'BHD']) {
      const unit = minorUnitOf(currency);
      const whole = 1_000_000_000n / unit;
      const counted = ['MGA', 'KRW'].includes(currency) ? 7 : currency === 'BHD' ? 7_000 : 700;
      expect([currency, toStripeAmount(7n * whole, currency)]).toEqual([currency, counted]);
      expect(fromStripeAmount(counted, currency.toLowerCase())).toBe(7n * whole);
    }
  });
});

function clientOf(url: string) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false } as const;
}
