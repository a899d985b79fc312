import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { contractRefusal } from './contract.ts';
import type { StripeRequest } from './contract-source.ts';
import { FakeState, type StripeObject, StripeRefusal } from './fake-state.ts';
import { decodeForm, type FormObject } from './form-body.ts';

/** What goes wrong once, with the next request whose path it names. */
export interface StripeFault {
  readonly path: RegExp;
  /**
   * 'unreached': it breaks off before it has any effect. 'lost': it breaks off after it had its effect. 'silent': it has its
   * effect, and the other side waits for an answer for as long as it likes.
   */
  readonly kind: 'rate-limited' | 'failed' | 'unreached' | 'lost' | 'silent';
}

export interface FakeStripeOptions {
  readonly nowMs?: () => number;
  readonly webhookSecret?: string;
}

export interface FakeStripe {
  readonly url: string;
  /** The account whose key asks. */
  readonly state: FakeState;
  /** Of an account that is named in a header, or whose own key asks. */
  stateOf(stripeAccount: string): FakeState;
  /** Keys of accounts of their own, each with its account. Any other key is that of `state`. */
  readonly accountOfKey: Map<string, string>;
  readonly faults: StripeFault[];
  /** Method and path of each request, in order. */
  readonly requests: string[];
  readonly webhookSecret: string;
  /** An event as Stripe sends it, with the secret of the endpoint that it goes to. */
  signed(
    event: StripeObject,
    atMs?: number,
    secret?: string,
  ): { readonly body: string; readonly signature: string };
  /** Runs before each request is answered: to let a process die there. */
  onRequest: ((request: string) => void | Promise<void>) | undefined;
  close(): Promise<void>;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** Absent: the request takes nothing. */
  readonly request?: StripeRequest;
  answer(state: FakeState, given: FormObject, id: string): object;
}

const PAGE_SIZE = 10;

function page(items: readonly StripeObject[], given: FormObject): object {
  const after = items.findIndex(({ id }) => id === given['starting_after']);
  const from = after + 1;
  const limit = Number(given['limit'] ?? PAGE_SIZE);
  const data = items.slice(from, from + limit);
  return { object: 'list', data, has_more: items.length > from + limit, url: '' };
}

/** Those whose fields are what the request asks for. */
const matching = (items: readonly StripeObject[], given: FormObject, fields: readonly string[]) =>
  items.filter((item) => fields.every((field) => given[field] === undefined || item[field] === given[field]));

const ofPayment = (items: readonly StripeObject[], given: FormObject) => {
  const asked = given['payment'] as { readonly payment_intent?: string } | undefined;
  return items.filter(
    ({ payment }) =>
      asked === undefined ||
      (payment as { readonly payment_intent: string }).payment_intent === asked.payment_intent,
  );
};

/** Only what we ask for: `metadata['account']:'…'`. */
function searched(items: readonly StripeObject[], query: string): readonly StripeObject[] {
  const match = /^metadata\['(\w+)'\]:'([^']*)'$/.exec(query);
  if (match === null) throw new StripeRefusal(400, 'This search is none that the fake knows.');
  return items.filter(
    ({ metadata }) => (metadata as Readonly<Record<string, string>>)[match[1] ?? ''] === match[2],
  );
}

const routes: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v1\/customers$/,
    request: 'customers.create',
    answer: (state, given) => state.createCustomer(given),
  },
  {
    method: 'GET',
    path: /^\/v1\/customers\/search$/,
    request: 'customers.search',
    answer: (state, given) => ({
      ...page(searched(state.all('customer'), String(given['query'])), given),
      object: 'search_result',
    }),
  },
  {
    method: 'GET',
    path: /^\/v1\/customers\/(\w+)$/,
    answer: (state, _given, id) => state.need(id, 'customer'),
  },
  {
    method: 'POST',
    path: /^\/v1\/accounts$/,
    request: 'accounts.create',
    answer: (state, given) => state.createAccount(given),
  },
  {
    method: 'GET',
    path: /^\/v1\/accounts\/(\w+)$/,
    answer: (state, _given, id) => state.need(id, 'account'),
  },
  {
    method: 'POST',
    path: /^\/v1\/account_links$/,
    request: 'accountLinks.create',
    answer: (state, given) => state.accountLink(given),
  },
  {
    method: 'POST',
    path: /^\/v1\/invoices$/,
    request: 'invoices.create',
    answer: (state, given) => state.createInvoice(given),
  },
  {
    method: 'GET',
    path: /^\/v1\/invoices$/,
    request: 'invoices.list',
    answer: (state, given) => page(matching(state.all('invoice'), given, ['customer', 'status']), given),
  },
  {
    method: 'GET',
    path: /^\/v1\/invoices\/(\w+)$/,
    request: 'invoices.retrieve',
    answer: (state, _given, id) => state.need(id, 'invoice'),
  },
  {
    method: 'POST',
    path: /^\/v1\/invoices\/(\w+)\/finalize$/,
    request: 'invoices.finalizeInvoice',
    answer: (state, _given, id) => state.finalise(id),
  },
  {
    method: 'POST',
    path: /^\/v1\/invoices\/(\w+)\/send$/,
    request: 'invoices.sendInvoice',
    answer: (state, _given, id) => state.send(id),
  },
  {
    method: 'POST',
    path: /^\/v1\/invoices\/(\w+)\/void$/,
    request: 'invoices.voidInvoice',
    answer: (state, _given, id) => state.voidInvoice(id),
  },
  {
    method: 'POST',
    path: /^\/v1\/invoiceitems$/,
    request: 'invoiceItems.create',
    answer: (state, given) => state.createInvoiceItem(given),
  },
  {
    method: 'GET',
    path: /^\/v1\/invoiceitems$/,
    request: 'invoiceItems.list',
    answer: (state, given) => page(matching(state.all('invoiceitem'), given, ['customer', 'invoice']), given),
  },
  {
    method: 'GET',
    path: /^\/v1\/invoice_payments$/,
    request: 'invoicePayments.list',
    answer: (state, given) =>
      page(ofPayment(matching(state.all('invoice_payment'), given, ['invoice']), given), given),
  },
  {
    method: 'POST',
    path: /^\/v1\/refunds$/,
    request: 'refunds.create',
    answer: (state, given) => state.createRefund(given),
  },
  {
    method: 'GET',
    path: /^\/v1\/refunds$/,
    request: 'refunds.list',
    answer: (state, given) => page(matching(state.all('refund'), given, ['payment_intent']), given),
  },
  {
    method: 'GET',
    path: /^\/v1\/disputes$/,
    request: 'disputes.list',
    answer: (state, given) => page(matching(state.all('dispute'), given, ['payment_intent']), given),
  },
  {
    method: 'POST',
    path: /^\/v1\/transfers$/,
    request: 'transfers.create',
    answer: (state, given) => state.createTransfer(given),
  },
  {
    method: 'GET',
    path: /^\/v1\/transfers$/,
    request: 'transfers.list',
    answer: (state, given) =>
      page(matching(state.all('transfer'), given, ['destination', 'transfer_group']), given),
  },
  {
    method: 'GET',
    path: /^\/v1\/transfers\/(\w+)$/,
    answer: (state, _given, id) => state.need(id, 'transfer'),
  },
  {
    method: 'POST',
    path: /^\/v1\/transfers\/(\w+)\/reversals$/,
    request: 'transfers.createReversal',
    answer: (state, given, id) => state.reverseTransfer(id, given),
  },
  {
    method: 'GET',
    path: /^\/v1\/transfers\/(\w+)\/reversals$/,
    request: 'transfers.listReversals',
    answer: (state, given, id) =>
      page(
        state.all('transfer_reversal').filter(({ transfer }) => transfer === id),
        given,
      ),
  },
  {
    method: 'POST',
    path: /^\/v1\/billing\/meter_events$/,
    request: 'billing.meterEvents.create',
    answer: (state, given) => state.createMeterEvent(given),
  },
];

interface Answer {
  readonly status: number;
  readonly text: string;
}

const problem = (status: number, error: { type: string; message: string; code?: string | undefined }) => ({
  status,
  text: JSON.stringify({ error }),
});

/**
 * Stripe, as far as this platform asks it: its requests by the contract of the pinned SDK, its states, its keys that make
 * a repeated request the same one, and its signed events. It has none of Stripe's sums, taxes, reminders or cards.
 */
export async function startFakeStripe({
  nowMs = () => Date.now(),
  webhookSecret = 'whsec_fake',
}: FakeStripeOptions = {}): Promise<FakeStripe> {
  let sequence = 0;
  let url = '';
  const nextId = (prefix: string) => `${prefix}${(++sequence).toString(36).padStart(14, '0')}`;
  const newState = () => new FakeState({ nowMs, nextId, pageUrlOf: (page, id) => `${url}/${page}/${id}` });
  const states = new Map<string, FakeState>();
  const stateOf = (stripeAccount: string) => {
    const known = states.get(stripeAccount) ?? newState();
    states.set(stripeAccount, known);
    return known;
  };
  const state = stateOf('');
  const accountOfKey = new Map<string, string>();
  const faults: StripeFault[] = [];
  const requests: string[] = [];
  const answers = new Map<string, Answer & { readonly print: string }>();

  const answer = (of: FakeState, { method = '', path, form }: Asked): Answer => {
    const route = routes.find((each) => each.method === method && each.path.test(path));
    if (route === undefined)
      throw new StripeRefusal(404, `Unrecognized request URL (${method}: ${path}).`, { isOfState: false });
    const given = decodeForm(form);
    const refusal = route.request === undefined ? undefined : contractRefusal(route.request, given);
    if (refusal !== undefined) throw new StripeRefusal(400, refusal.message, { isOfState: false });
    const id = route.path.exec(path)?.[1] ?? '';
    return { status: 200, text: JSON.stringify(route.answer(of, given, id)) };
  };

  /** With the same key: the same answer, to the same request alone, and be it a refusal of what was tried. */
  const answerOnce = (asked: Asked, isFailing: boolean): Answer => {
    const { key, account, method, path, form } = asked;
    const print = `${method} ${path} ${form}`;
    const known = key === undefined ? undefined : answers.get(`${account} ${key}`);
    if (known !== undefined && known.print !== print)
      return problem(400, {
        type: 'idempotency_error',
        message: 'Keys for idempotent requests can only be used with the same parameters.',
      });
    if (known !== undefined) return known;
    const remember = (made: Answer) => {
      if (key !== undefined) answers.set(`${account} ${key}`, { ...made, print });
      return made;
    };
    if (isFailing) return problem(500, { type: 'api_error', message: 'An unknown error occurred.' });
    try {
      return remember(answer(stateOf(account), asked));
    } catch (cause) {
      if (!(cause instanceof StripeRefusal)) throw cause;
      const { status, type, code, message } = cause;
      const refused = problem(status, { type, message, code });
      return cause.isOfState ? remember(refused) : refused;
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await read(request, accountOfKey);
    if (asked.path.startsWith('/pay/')) return payPage([...states.values()], asked, response);
    if (asked.path.startsWith('/connect/')) return connectPage([...states.values()], asked, response);
    requests.push(`${asked.method} ${asked.path}`);
    await fake.onRequest?.(`${asked.method} ${asked.path}`);
    const at = faults.findIndex(({ path }) => path.test(asked.path));
    const fault = at < 0 ? undefined : faults.splice(at, 1)[0]?.kind;
    if (fault === 'unreached') {
      response.destroy();
      return;
    }
    const made =
      fault === 'rate-limited'
        ? problem(429, { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests.' })
        : answerOnce(asked, fault === 'failed');
    if (fault === 'lost') response.destroy();
    else if (fault !== 'silent') {
      response.writeHead(made.status, { 'content-type': 'application/json', 'request-id': nextId('req_') });
      response.end(made.text);
    }
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((cause: unknown) => {
      response.writeHead(500).end(String(cause));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeStripe = {
    url,
    state,
    stateOf,
    accountOfKey,
    faults,
    requests,
    webhookSecret,
    onRequest: undefined,
    signed(event, atMs = nowMs(), secret = webhookSecret) {
      const body = JSON.stringify(event);
      const seconds = Math.floor(atMs / 1_000);
      const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
      return { body, signature: `t=${seconds},v1=${digest}` };
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  return fake;
}

interface Asked {
  readonly method: string | undefined;
  readonly path: string;
  readonly form: string;
  readonly key: string | undefined;
  readonly account: string;
}

async function read(request: IncomingMessage, accountOfKey: ReadonlyMap<string, string>): Promise<Asked> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const key = request.headers['idempotency-key'];
  const account = request.headers['stripe-account'];
  const secretKey = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  return {
    method: request.method,
    path,
    form: request.method === 'GET' ? query : body,
    key: typeof key === 'string' ? key : undefined,
    account: typeof account === 'string' ? account : (accountOfKey.get(secretKey) ?? ''),
  };
}

/** Where whoever owes an invoice pays it: one button. */
function payPage(states: readonly FakeState[], { method, path }: Asked, response: ServerResponse): void {
  const invoiceId = path.slice('/pay/'.length);
  const state = states.find((of) => of.all('invoice').some(({ id }) => id === invoiceId));
  if (state === undefined) throw new StripeRefusal(404, 'No such invoice.');
  if (method === 'POST') state.pay(invoiceId);
  const { status, amount_remaining: left, currency } = state.need(invoiceId, 'invoice');
  const body =
    status === 'paid'
      ? '<h1>Paid</h1>'
      : `<h1>Invoice</h1><form method="post"><button>Pay ${left} ${currency}</button></form>`;
  sendPage(response, body);
}

/** Where whoever is paid out says who it is and where the money goes: one button, which leads back. */
function connectPage(
  states: readonly FakeState[],
  { method, path, form }: Asked,
  response: ServerResponse,
): void {
  if (method === 'POST') {
    const payeeId = path.slice('/connect/'.length);
    states.find((of) => of.all('account').some(({ id }) => id === payeeId))?.onboard(payeeId);
    response.writeHead(303, { location: new URLSearchParams(form).get('return_url') ?? '/' }).end();
    return;
  }
  const back = new URLSearchParams(form).get('return_url') ?? '';
  const field = `<input type="hidden" name="return_url" value="${back.replaceAll(/[&"<]/g, '')}">`;
  sendPage(response, `<h1>Payouts</h1><form method="post">${field}<button>Pay me out</button></form>`);
}

function sendPage(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end(`<!doctype html><html lang="en"><title>Stripe, a fake</title><body>${body}</body></html>`);
}
