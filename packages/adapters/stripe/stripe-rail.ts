import {
  type PaymentRail,
  type RailCall,
  RailError,
  type RailInvoice,
  type RailInvoiceState,
  type RailNotice,
  type RailTransfer,
  railInvoiceStates,
} from '@patchbay/domain/billing/collection/rail';
import Stripe from 'stripe';
import { fromStripeAmount, STRIPE_AMOUNT_MAX, toStripeAmount } from './stripe-amount.ts';

/** The version whose types and answers this file was written for: an account of Stripe may have another as its own. */
const API_VERSION = '2026-10-28.endive';
const TIMEOUT_MS = 20_000;
/** Of one request, with the same key: what fails after these is tried again by whoever planned it. */
const RETRY_COUNT = 2;
/** A signature that is older, or is from further ahead, is none: what was overheard cannot be sent again later. */
const SKEW_SECONDS_MAX = 300;
const LINE_TEXT_MAX = 500;
const PAGE_SIZE = 100;

export interface StripeRailOptions {
  readonly secretKey: string;
  /** While one is replaced by the next, both. */
  readonly webhookSecrets: readonly string[];
  /** Of a seller that has an account of its own, in whose name everything happens. */
  readonly stripeAccount?: string;
  /** Instead of Stripe's, such as that of a fake. */
  readonly apiUrl?: string;
  /** How often a request that failed is made again, with a pause before each. */
  readonly retryCount?: number;
  /** How long an answer is waited for. */
  readonly timeoutMs?: number;
}

/** Stripe, behind the port of whatever collects. */
export function stripeRail(options: StripeRailOptions): PaymentRail {
  const stripe = new Stripe(options.secretKey, {
    apiVersion: API_VERSION,
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    maxNetworkRetries: options.retryCount ?? RETRY_COUNT,
    telemetry: false,
    ...(options.stripeAccount === undefined ? {} : { stripeAccount: options.stripeAccount }),
    ...(options.apiUrl === undefined ? {} : placeOf(options.apiUrl)),
  });
  return {
    perform: (call, key) => translated(() => make(stripe, call, key)),
    find: (call) => translated(() => find(stripe, call)),
    amountMax: (currency) => fromStripeAmount(Number(STRIPE_AMOUNT_MAX), currency),
    readInvoice: (invoiceId) => translated(() => readInvoice(stripe, invoiceId)),
    readTransfer: (transferId) =>
      translated(async () => transferFrom(await stripe.transfers.retrieve(transferId))),
    payeeLink: (payeeId, returnUrl) =>
      translated(async () => {
        const { url } = await stripe.accountLinks.create({
          account: payeeId,
          type: 'account_onboarding',
          return_url: returnUrl,
          refresh_url: returnUrl,
        });
        return { url };
      }),
    readCustomer: (customerId) => translated(() => readCustomer(stripe, customerId)),
    readPayee: (payeeId) =>
      translated(async () => {
        const { capabilities } = await stripe.accounts.retrieve(payeeId);
        return { isPayable: capabilities?.transfers === 'active' };
      }),
    openNotice: (notice) => openNotice(stripe, options.webhookSecrets, notice),
    invoiceOf: (notice) => translated(() => invoiceOf(stripe, notice)),
  };
}

async function readCustomer(
  stripe: Stripe,
  customerId: string,
): Promise<{ readonly accountId?: string } | undefined> {
  try {
    const customer = await stripe.customers.retrieve(customerId);
    if (customer.deleted === true) return undefined;
    const { account } = customer.metadata;
    return account === undefined ? {} : { accountId: account };
  } catch (cause) {
    if (cause instanceof Stripe.errors.StripeInvalidRequestError && cause.code === 'resource_missing')
      return undefined;
    throw cause;
  }
}

const placeOf = (apiUrl: string) => {
  const { hostname, port, protocol } = new URL(apiUrl);
  const isPlain = protocol === 'http:';
  return {
    host: hostname,
    port: port || (isPlain ? 80 : 443),
    protocol: isPlain ? 'http' : 'https',
  } as const;
};

async function make(stripe: Stripe, call: RailCall, key: string): Promise<{ readonly id: string }> {
  const once = { idempotencyKey: key };
  switch (call.type) {
    case 'create-customer': {
      const { accountId, name, email } = call;
      return await stripe.customers.create(
        { name, metadata: { account: accountId }, ...(email === undefined ? {} : { email }) },
        once,
      );
    }
    case 'create-payee':
      return await stripe.accounts.create(
        {
          country: call.country,
          metadata: { account: call.accountId },
          capabilities: { transfers: { requested: true } },
          controller: {
            fees: { payer: 'application' },
            losses: { payments: 'application' },
            stripe_dashboard: { type: 'express' },
          },
          ...(call.email === undefined ? {} : { email: call.email }),
        },
        once,
      );
    case 'draft-invoice':
      return await stripe.invoices.create(
        {
          customer: call.customerId,
          currency: call.currency.toLowerCase(),
          collection_method: 'send_invoice',
          due_date: Math.floor(call.dueAtMs / 1_000),
          // Stripe neither finalises nor reminds by itself: each of these is a step of ours.
          auto_advance: false,
          // What waits at the customer belongs to nobody's document.
          pending_invoice_items_behavior: 'exclude',
          custom_fields: [{ name: 'Document', value: call.number }],
          description: `${call.sellerName}: ${call.number}`,
          metadata: { account: call.accountId, document: call.documentId },
        },
        once,
      );
    case 'add-line':
      return await stripe.invoiceItems.create(
        {
          customer: call.customerId,
          invoice: call.invoiceId,
          currency: call.currency.toLowerCase(),
          amount: toStripeAmount(call.minorUnits, call.currency),
          description: call.text.slice(0, LINE_TEXT_MAX),
          metadata: { line: call.lineKey },
        },
        once,
      );
    case 'finalise-invoice':
      return await stripe.invoices.finalizeInvoice(call.invoiceId, { auto_advance: false }, once);
    case 'send-invoice':
      return await stripe.invoices.sendInvoice(call.invoiceId, {}, once);
    case 'void-invoice':
      return await stripe.invoices.voidInvoice(call.invoiceId, {}, once);
    case 'refund': {
      const payment = (await paymentsOf(stripe, call.invoiceId))[0];
      if (payment === undefined)
        throw new RailError('refused', 'Nothing was paid through Stripe that it could give back.');
      return await stripe.refunds.create(
        {
          payment_intent: payment,
          amount: toStripeAmount(call.minorUnits, call.currency),
          metadata: { refund: call.refundId },
        },
        once,
      );
    }
    case 'create-transfer':
      return await stripe.transfers.create(
        {
          destination: call.payeeId,
          currency: call.currency.toLowerCase(),
          amount: toStripeAmount(call.minorUnits, call.currency),
          transfer_group: call.documentId,
          description: `Payout for ${call.period}`,
          metadata: { document: call.documentId, ordinal: call.ordinal },
        },
        once,
      );
    case 'reverse-transfer':
      return await stripe.transfers.createReversal(
        call.transferId,
        {
          amount: toStripeAmount(call.minorUnits, call.currency),
          metadata: { ordinal: call.ordinal },
        },
        once,
      );
    case 'push-usage':
      await stripe.billing.meterEvents.create(
        {
          event_name: call.eventName,
          identifier: key,
          timestamp: Math.floor(call.atMs / 1_000),
          payload: { stripe_customer_id: call.customerId, value: call.quantity.toString() },
        },
        once,
      );
      return { id: key };
  }
}

/** Of a change that has no id of its own to look for, the thing that it changed says whether it was made. */
async function find(stripe: Stripe, call: RailCall): Promise<{ readonly id: string } | undefined> {
  switch (call.type) {
    case 'create-customer': {
      const query = `metadata['account']:'${call.accountId}'`;
      return (await stripe.customers.search({ query, limit: 1 })).data[0];
    }
    case 'draft-invoice':
      return await firstOf(
        stripe.invoices.list({ customer: call.customerId, limit: PAGE_SIZE }),
        ({ metadata, status }) => metadata?.['document'] === call.documentId && status !== 'void',
      );
    case 'add-line':
      return await firstOf(
        stripe.invoiceItems.list({ invoice: call.invoiceId, limit: PAGE_SIZE }),
        ({ metadata }) => metadata?.['line'] === call.lineKey,
      );
    case 'finalise-invoice':
    case 'send-invoice':
      return await inState(stripe, call.invoiceId, ({ status }) => status !== 'draft');
    case 'void-invoice':
      return await inState(stripe, call.invoiceId, ({ status }) => status === 'void');
    case 'refund':
      for (const payment of await paymentsOf(stripe, call.invoiceId)) {
        const made = await firstOf(
          stripe.refunds.list({ payment_intent: payment, limit: PAGE_SIZE }),
          ({ metadata }) => metadata?.['refund'] === call.refundId,
        );
        if (made !== undefined) return made;
      }
      return undefined;
    case 'create-transfer':
      return await firstOf(
        stripe.transfers.list({ transfer_group: call.documentId, limit: PAGE_SIZE }),
        ({ metadata }) => metadata['ordinal'] === String(call.ordinal),
      );
    case 'reverse-transfer':
      return await firstOf(
        stripe.transfers.listReversals(call.transferId, { limit: PAGE_SIZE }),
        ({ metadata }) => metadata?.['ordinal'] === String(call.ordinal),
      );
    // Neither is found by what it says of itself: an account that nobody took up holds nothing, and a quantity has its
    // identifier at Stripe.
    case 'create-payee':
    case 'push-usage':
      return undefined;
  }
}

async function firstOf<Item extends { readonly id: string }>(
  items: AsyncIterable<Item>,
  isIt: (item: Item) => boolean,
): Promise<{ readonly id: string } | undefined> {
  for await (const item of items) if (isIt(item)) return { id: item.id };
  return undefined;
}

async function inState(
  stripe: Stripe,
  invoiceId: string,
  isThere: (invoice: Stripe.Invoice) => boolean,
): Promise<{ readonly id: string } | undefined> {
  return isThere(await stripe.invoices.retrieve(invoiceId)) ? { id: invoiceId } : undefined;
}

/** The payments by which an invoice was paid, the first of them first. */
async function paymentsOf(stripe: Stripe, invoiceId: string): Promise<readonly string[]> {
  const { data } = await stripe.invoicePayments.list({ invoice: invoiceId, limit: PAGE_SIZE });
  return data.flatMap(({ payment: { payment_intent: intent } }) =>
    intent === undefined ? [] : [idOf(intent)],
  );
}

async function readInvoice(stripe: Stripe, invoiceId: string): Promise<RailInvoice> {
  const invoice = await stripe.invoices.retrieve(invoiceId);
  const { id, currency, hosted_invoice_url: payUrl } = invoice;
  const state = stateOf(invoice.status);
  const lineKeys: string[] = [];
  for await (const { metadata } of stripe.invoiceItems.list({ invoice: id, limit: PAGE_SIZE })) {
    const key = metadata?.['line'];
    if (key !== undefined) lineKeys.push(key);
  }
  const payments = invoice.amount_paid > 0 ? await paymentsOf(stripe, id) : [];
  const refunds: Stripe.Refund[] = [];
  const disputes: Stripe.Dispute[] = [];
  for (const payment of payments) {
    const page = { payment_intent: payment, limit: PAGE_SIZE };
    for await (const refund of stripe.refunds.list(page)) refunds.push(refund);
    for await (const dispute of stripe.disputes.list(page)) disputes.push(dispute);
  }
  return {
    id,
    state,
    lineKeys,
    currency: currency.toUpperCase(),
    ...(invoice.customer === null ? {} : { customerId: idOf(invoice.customer) }),
    minorUnits: fromStripeAmount(invoice.total, currency),
    // One that was marked as paid elsewhere has no payment, and is paid all the same.
    paidMinorUnits: fromStripeAmount(state === 'paid' ? invoice.total : invoice.amount_paid, currency),
    ...(payUrl === null || payUrl === undefined ? {} : { payUrl }),
    refunds: refunds.map((refund) => ({
      id: refund.id,
      ...(refund.metadata?.['refund'] === undefined ? {} : { refundId: refund.metadata['refund'] }),
      minorUnits: fromStripeAmount(refund.amount, currency),
      state:
        refund.status === 'succeeded'
          ? 'succeeded'
          : refund.status === 'failed' || refund.status === 'canceled'
            ? 'failed'
            : 'pending',
    })),
    disputes: disputes
      // A question of a bank moves no money yet.
      .filter(({ status }) => !status.startsWith('warning'))
      .map((dispute) => ({
        id: dispute.id,
        minorUnits: fromStripeAmount(dispute.amount, currency),
        state: dispute.status === 'won' ? 'won' : dispute.status === 'lost' ? 'lost' : 'open',
      })),
  };
}

function stateOf(status: string | null): RailInvoiceState {
  const state = railInvoiceStates.find((known) => known === status);
  if (state === undefined) throw new RailError('refused', `Stripe has an invoice as ${status}.`);
  return state;
}

const transferFrom = ({ id, amount, amount_reversed, currency }: Stripe.Transfer): RailTransfer => ({
  id,
  minorUnits: fromStripeAmount(amount, currency),
  reversedMinorUnits: fromStripeAmount(amount_reversed, currency),
});

const idOf = (thing: string | { readonly id: string }): string =>
  typeof thing === 'string' ? thing : thing.id;

function openNotice(
  stripe: Stripe,
  secrets: readonly string[],
  { body, signature, nowMs }: Parameters<PaymentRail['openNotice']>[0],
): RailNotice | undefined {
  const signedSeconds = Number(/(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature)?.[1] ?? Number.NaN);
  // The SDK looks only at how old a signature is: one from the future would be good for as long as it is ahead.
  if (!(Math.abs(nowMs / 1_000 - signedSeconds) <= SKEW_SECONDS_MAX)) return undefined;
  for (const secret of secrets) {
    try {
      return noticeFrom(
        stripe.webhooks.constructEvent(body, signature, secret, SKEW_SECONDS_MAX, undefined, nowMs),
      );
    } catch (cause) {
      if (!(cause instanceof Stripe.errors.StripeSignatureVerificationError)) throw cause;
    }
  }
  return undefined;
}

function noticeFrom({ id, type, data }: Stripe.Event): RailNotice {
  const object: Readonly<Record<string, unknown>> = { ...data.object };
  const text = (field: string): string => {
    const value = object[field];
    return typeof value === 'string' ? value : '';
  };
  const subject = (kind: RailNotice['subject']['kind'], of: string): RailNotice => ({
    id,
    type,
    subject: { kind: of === '' ? 'other' : kind, id: of },
  });
  switch (object['object']) {
    case 'invoice':
      return subject('invoice', text('id'));
    case 'invoice_payment':
      return subject('invoice', text('invoice'));
    case 'refund':
    case 'dispute':
    case 'charge':
      return subject('payment', text('payment_intent'));
    case 'transfer':
      return subject('transfer', text('id'));
    case 'account':
      return subject('payee', text('id'));
    default:
      return subject('other', text('id'));
  }
}

async function invoiceOf(stripe: Stripe, { subject }: RailNotice): Promise<string | undefined> {
  if (subject.kind === 'invoice') return subject.id;
  if (subject.kind !== 'payment') return undefined;
  const { data } = await stripe.invoicePayments.list({
    payment: { type: 'payment_intent', payment_intent: subject.id },
    limit: 1,
  });
  const invoice = data[0]?.invoice;
  return invoice === undefined ? undefined : idOf(invoice);
}

/** Says of a failure what can be done about it. What Stripe said stays inside: it may name other customers' things. */
async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const { errors } = Stripe;
    if (cause instanceof errors.StripeAuthenticationError || cause instanceof errors.StripePermissionError) {
      throw new RailError(
        'misconfigured',
        'Stripe does not know the key, or the key may not do this.',
        cause,
      );
    }
    if (
      cause instanceof errors.StripeInvalidRequestError ||
      cause instanceof errors.StripeCardError ||
      cause instanceof errors.StripeIdempotencyError
    ) {
      throw new RailError('refused', `Stripe refused it: ${cause.code ?? cause.type}.`, cause);
    }
    if (cause instanceof errors.StripeError) {
      throw new RailError('unavailable', 'Stripe did not answer.', cause);
    }
    throw cause;
  }
}
