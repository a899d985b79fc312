import { readFileSync } from 'node:fs';
import type { FormObject, FormValue } from './form-body.ts';

/** An object as Stripe has it. */
export type StripeObject = Record<string, unknown> & { id: string; object: string };

/** Where an invoice is paid, and where somebody says where payouts go. */
export type HostedPage = 'pay' | 'connect';

const shapes: Readonly<Record<string, object>> = JSON.parse(
  readFileSync(new URL('../../fixtures/stripe/fixtures3.json', import.meta.url), 'utf8'),
).resources;

const DAY_SECONDS = 86_400;
/** How long the address of a page for an account is good. */
const LINK_SECONDS = 300;
/** How old a quantity may be, and how far ahead. */
const METER_PAST_SECONDS_MAX = 35 * DAY_SECONDS;
const METER_FUTURE_SECONDS_MAX = 300;

/** What Stripe answers instead of an object. */
export class StripeRefusal extends Error {
  override readonly name = 'StripeRefusal';
  readonly status: number;
  readonly type: string;
  readonly code: string | undefined;
  /** It was tried, and not only read: Stripe remembers such a refusal under its key. */
  readonly isOfState: boolean;

  constructor(
    status: number,
    message: string,
    { type = 'invalid_request_error', code = '', isOfState = true } = {},
  ) {
    super(message);
    this.isOfState = isOfState;
    this.status = status;
    this.type = type;
    this.code = code || undefined;
  }
}

/**
 * What one account of Stripe holds, and the rules that no schema can say: a line is added to a draft only, money that is
 * not there cannot be transferred. Everything that happens is told as an event.
 */
export class FakeState {
  readonly #objects = new Map<string, StripeObject>();
  readonly #events: StripeObject[] = [];
  readonly #meterEvents = new Map<string, number>();
  readonly #nowMs: () => number;
  readonly #pageUrlOf: (page: HostedPage, id: string) => string;
  readonly #nextId: (prefix: string) => string;
  /** Of the platform, in minor units: what was paid in less what went out. */
  balance = 0;

  constructor(options: {
    readonly nowMs: () => number;
    readonly pageUrlOf: (page: HostedPage, id: string) => string;
    readonly nextId: (prefix: string) => string;
  }) {
    this.#nowMs = options.nowMs;
    this.#pageUrlOf = options.pageUrlOf;
    this.#nextId = options.nextId;
  }

  get events(): readonly StripeObject[] {
    return this.#events;
  }

  all(object: string): StripeObject[] {
    return [...this.#objects.values()].filter((held) => held.object === object);
  }

  need(id: string, object: string): StripeObject {
    const held = this.#objects.get(id);
    if (held?.object !== object)
      throw new StripeRefusal(404, `No such ${object}: '${id}'`, { code: 'resource_missing' });
    return held;
  }

  createCustomer(given: FormObject): StripeObject {
    return this.#add('customer', 'cus_', given);
  }

  createAccount(given: FormObject): StripeObject {
    return this.#add('account', 'acct_', { ...given, capabilities: { transfers: 'inactive' } });
  }

  /** Where its owner says who it is, and comes back from. */
  accountLink(given: FormObject): object {
    const { id } = this.need(String(given['account']), 'account');
    const back = encodeURIComponent(String(given['return_url']));
    const url = `${this.#pageUrlOf('connect', id)}?return_url=${back}`;
    return { object: 'account_link', created: this.#seconds, expires_at: this.#seconds + LINK_SECONDS, url };
  }

  /** What its owner does on Stripe's pages. */
  onboard(accountId: string): void {
    const account = this.need(accountId, 'account');
    account['capabilities'] = { transfers: 'active' };
    this.#tell('account.updated', account);
  }

  createInvoice(given: FormObject): StripeObject {
    this.need(String(given['customer']), 'customer');
    if (given['collection_method'] === 'send_invoice' && given['due_date'] === undefined)
      throw new StripeRefusal(400, 'Missing required param: due_date.');
    if (Number(given['due_date']) <= this.#seconds)
      throw new StripeRefusal(400, 'The due date must be in the future.', { code: 'parameter_invalid' });
    const invoice = this.#add('invoice', 'in_', {
      ...given,
      status: 'draft',
      total: 0,
      amount_due: 0,
      amount_paid: 0,
      amount_remaining: 0,
      hosted_invoice_url: null,
    });
    this.#tell('invoice.created', invoice);
    return invoice;
  }

  createInvoiceItem(given: FormObject): StripeObject {
    const invoice = this.need(String(given['invoice']), 'invoice');
    if (invoice['status'] !== 'draft')
      throw new StripeRefusal(400, 'This invoice is not editable.', { code: 'invoice_not_editable' });
    if (given['currency'] !== invoice['currency'])
      throw new StripeRefusal(400, 'The currency of the item is not that of the invoice.');
    const amount = Number(given['amount']);
    const total = Number(invoice['total']) + amount;
    const due = Math.max(0, total);
    Object.assign(invoice, { total, amount_due: due, amount_remaining: due });
    return this.#add('invoiceitem', 'ii_', { ...given, amount });
  }

  finalise(invoiceId: string): StripeObject {
    const invoice = this.need(invoiceId, 'invoice');
    if (invoice['status'] !== 'draft')
      throw new StripeRefusal(400, "This invoice is already finalized, you can't re-finalize it.", {
        code: 'invoice_not_editable',
      });
    invoice['status'] = 'open';
    invoice['hosted_invoice_url'] = this.#pageUrlOf('pay', invoiceId);
    this.#tell('invoice.finalized', invoice);
    // An invoice of nothing is paid as soon as it is final.
    if (invoice['amount_due'] === 0) this.#paid(invoice);
    return invoice;
  }

  send(invoiceId: string): StripeObject {
    const invoice = this.need(invoiceId, 'invoice');
    if (invoice['status'] === 'draft') this.finalise(invoiceId);
    else if (invoice['status'] !== 'open') throw new StripeRefusal(400, 'Only an open invoice is sent.');
    this.#tell('invoice.sent', invoice);
    return invoice;
  }

  voidInvoice(invoiceId: string): StripeObject {
    const invoice = this.need(invoiceId, 'invoice');
    if (invoice['status'] !== 'open' && invoice['status'] !== 'uncollectible')
      throw new StripeRefusal(400, 'Only an open invoice is voided.', { code: 'invoice_not_editable' });
    invoice['status'] = 'void';
    this.#tell('invoice.voided', invoice);
    return invoice;
  }

  /** What whoever owes it does on the hosted page: with nothing said, all that is left. */
  pay(invoiceId: string, minorUnits?: number): void {
    const invoice = this.need(invoiceId, 'invoice');
    if (invoice['status'] !== 'open') throw new StripeRefusal(400, 'Invoice is not open.');
    const left = Number(invoice['amount_remaining']);
    const amount = Math.min(minorUnits ?? left, left);
    const intent = this.#nextId('pi_');
    this.#add('invoice_payment', 'inpay_', {
      invoice: invoiceId,
      amount_paid: amount,
      status: 'paid',
      payment: { type: 'payment_intent', payment_intent: intent },
    });
    this.#add('payment_intent', '', {
      id: intent,
      amount,
      amount_refunded: 0,
      currency: invoice['currency'],
    });
    this.balance += amount;
    const paid = Number(invoice['amount_paid']) + amount;
    Object.assign(invoice, { amount_paid: paid, amount_remaining: left - amount });
    if (left === amount) this.#paid(invoice);
    else this.#tell('invoice_payment.paid', { ...invoice, object: 'invoice_payment', invoice: invoiceId });
  }

  #paid(invoice: StripeObject): void {
    invoice['status'] = 'paid';
    this.#tell('invoice.paid', invoice);
  }

  createRefund(given: FormObject): StripeObject {
    const intent = this.need(String(given['payment_intent']), 'payment_intent');
    const left = Number(intent['amount']) - Number(intent['amount_refunded']);
    const amount = given['amount'] === undefined ? left : Number(given['amount']);
    if (amount > left)
      throw new StripeRefusal(400, 'Refund amount is greater than unrefunded amount on charge.', {
        code: 'charge_already_refunded',
      });
    intent['amount_refunded'] = Number(intent['amount_refunded']) + amount;
    this.balance -= amount;
    const refund = this.#add('refund', 're_', { ...given, amount, status: 'succeeded' });
    this.#tell('refund.created', refund);
    return refund;
  }

  /** What a bank does. The money is gone until it is won. */
  dispute(paymentIntent: string, minorUnits: number): StripeObject {
    this.need(paymentIntent, 'payment_intent');
    this.balance -= minorUnits;
    const dispute = this.#add('dispute', 'dp_', {
      payment_intent: paymentIntent,
      amount: minorUnits,
      status: 'needs_response',
    });
    this.#tell('charge.dispute.created', dispute);
    return dispute;
  }

  closeDispute(disputeId: string, status: 'won' | 'lost'): void {
    const dispute = this.need(disputeId, 'dispute');
    dispute['status'] = status;
    if (status === 'won') this.balance += Number(dispute['amount']);
    this.#tell('charge.dispute.closed', dispute);
  }

  createTransfer(given: FormObject): StripeObject {
    const payee = this.need(String(given['destination']), 'account');
    const { transfers } = payee['capabilities'] as { readonly transfers: string };
    if (transfers !== 'active')
      throw new StripeRefusal(400, 'Your destination account needs to have the transfers capability.', {
        code: 'insufficient_capabilities_for_transfer',
      });
    const amount = Number(given['amount']);
    if (amount > this.balance)
      throw new StripeRefusal(400, 'You have insufficient funds in your Stripe account.', {
        code: 'balance_insufficient',
      });
    this.balance -= amount;
    const transfer = this.#add('transfer', 'tr_', { ...given, amount, amount_reversed: 0, reversed: false });
    this.#tell('transfer.created', transfer);
    return transfer;
  }

  reverseTransfer(transferId: string, given: FormObject): StripeObject {
    const transfer = this.need(transferId, 'transfer');
    const left = Number(transfer['amount']) - Number(transfer['amount_reversed']);
    const amount = given['amount'] === undefined ? left : Number(given['amount']);
    if (amount > left || left === 0)
      throw new StripeRefusal(400, 'Transfer reversal is greater than the unreversed amount.');
    this.balance += amount;
    transfer['amount_reversed'] = Number(transfer['amount_reversed']) + amount;
    transfer['reversed'] = transfer['amount_reversed'] === transfer['amount'];
    const reversal = this.#add('transfer_reversal', 'trr_', { ...given, amount, transfer: transferId });
    this.#tell('transfer.reversed', transfer);
    return reversal;
  }

  createMeterEvent(given: FormObject): StripeObject {
    const payload = given['payload'] as Readonly<Record<string, FormValue>>;
    this.need(String(payload['stripe_customer_id']), 'customer');
    const at = given['timestamp'] === undefined ? this.#seconds : Number(given['timestamp']);
    if (at < this.#seconds - METER_PAST_SECONDS_MAX || at > this.#seconds + METER_FUTURE_SECONDS_MAX)
      throw new StripeRefusal(
        400,
        'The timestamp must be within the past 35 calendar days or up to 5 minutes in the future.',
      );
    const identifier = String(given['identifier'] ?? this.#nextId('mev_'));
    const seen = this.#meterEvents.get(identifier);
    if (seen !== undefined && this.#seconds - seen < DAY_SECONDS)
      throw new StripeRefusal(400, `An event already exists with identifier ${identifier}.`);
    this.#meterEvents.set(identifier, this.#seconds);
    return this.#add('billing.meter_event', 'mev_', { ...given, identifier, timestamp: at });
  }

  get #seconds(): number {
    return Math.floor(this.#nowMs() / 1_000);
  }

  #add(object: string, prefix: string, given: Readonly<Record<string, unknown>>): StripeObject {
    const made: StripeObject = {
      ...structuredClone(shapes[object] ?? {}),
      metadata: {},
      ...given,
      id: prefix === '' ? String(given['id']) : this.#nextId(prefix),
      object,
      created: this.#seconds,
    };
    this.#objects.set(made.id, made);
    return made;
  }

  #tell(type: string, object: StripeObject): void {
    this.#events.push({
      id: this.#nextId('evt_'),
      object: 'event',
      type,
      created: this.#seconds,
      data: { object: structuredClone(object) },
    });
  }
}
