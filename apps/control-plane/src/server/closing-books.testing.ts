import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import type { FakeStripe } from '@patchbay/testing/stripe/fake-stripe';
import type { ClosingWorld } from './closing-world.testing.ts';

/**
 * Ids and times differ from run to run: a document is known by its seller and number, and of the rest only that it is there. So
 * does in how many parts a payout leaves: it depends on which invoice is looked at first. What it comes to does not.
 */
const volatileFields = /"(id|issuedAtMs|dueAtMs|sinceMs|payUrl)":(\{"bigint":"\d+"\}|\d+|"[^"]*")/g;
const stripeIds = /\b(cus|in|ii|inpay|pi|tr|trr|re|dp)_[0-9a-z]{14}\b/g;

/** All that the database says of a month's money, in the words of people: two runs that did the same say the same. */
export async function booksOf({ database, stripe }: ClosingWorld) {
  const rows = <Row extends object>(sql: string) => asOwner<Row>(database.url, sql);
  const documents = await rows<{ id: string; name: string; content: string }>(
    `SELECT id, kind || ' ' || seller_id || ' ' || number AS name, content::text AS content FROM document ORDER BY 2`,
  );
  const names = new Map(documents.map(({ id, name }) => [id, name]));
  const named = (text: string): string =>
    text
      .replaceAll(/doc_[0-9a-z]+/g, (id) => names.get(id) ?? id)
      .replaceAll(stripeIds, '$1')
      .replaceAll(/: /g, ':')
      .replaceAll(volatileFields, '"$1"');
  const texts = async (sql: string) =>
    (await rows<{ text: string }>(sql)).map(({ text }) => named(text)).sort();
  return {
    documents: documents.map(({ content }) => named(content)),
    sequences: await texts(
      `SELECT account_id || ' ' || kind || ' ' || last AS text FROM document_sequence ORDER BY 1`,
    ),
    statements: await texts(
      `SELECT account_id || ' ' || period || ' ' || content::text AS text FROM closed_statement`,
    ),
    collecting: await texts(
      `SELECT document_id || ' ' || coalesce(pending::text, '') || coalesce(failure, '') || ' ' || (state - 'transfers')::text AS text
       FROM collection`,
    ),
    // What is posted anew has an id of its own in its name.
    entries: await texts(
      `SELECT cause || ' ' || account_id || ' ' || book || ' ' || sum(amount) AS text
       FROM (SELECT regexp_replace(regexp_replace(t.source_ref, 'txn_\\w+', 'txn'), '^(payout|tax):[^/]*', '\\1') AS cause, e.*
         FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id) AS named
       GROUP BY cause, account_id, book, CASE cause WHEN 'drawn/txn' THEN transaction_id END`,
    ),
    unequal: await texts(
      'SELECT transaction_id AS text FROM ledger_entry GROUP BY transaction_id HAVING sum(amount) <> 0',
    ),
    balances: await texts(
      `SELECT account_id || ' ' || reason || ' ' || priority || ' ' || left_amount AS text FROM credit`,
    ),
    draws: await texts(
      `SELECT d.account_id || ' ' || d.period || ' ' || d.service || ' ' || c.priority || ' ' || d.amount AS text
       FROM prepaid_draw d JOIN credit c ON c.id = d.credit_id`,
    ),
    closings: await texts(
      `SELECT period || ' ' || account_count || ' ' || kept_count || ' ' || document_count || ' ' || (issued_at IS NOT NULL) AS text
       FROM billing_closing`,
    ),
    told: await texts(
      `SELECT type || ' ' || account_id || ' ' || data::text AS text FROM platform_event WHERE type NOT SIMILAR TO 'billing.(payout|tax).%'`,
    ),
    toldOfPayouts: await texts(
      `SELECT account_id || ' ' || (data ->> 'documentId') || ' '
         || sum((data ->> 'minorUnits')::bigint * CASE type WHEN 'billing.payout.sent' THEN 1 ELSE -1 END) AS text
       FROM platform_event WHERE type LIKE 'billing.payout.%' GROUP BY account_id, data ->> 'documentId'`,
    ),
    // Passed on and taken back in whatever parts: what is left.
    toldOfTaxes: await texts(
      `SELECT account_id || ' ' || sum((data ->> 'minorUnits')::bigint * CASE type WHEN 'billing.tax.passed-on' THEN 1 ELSE -1 END)
         AS text
       FROM platform_event WHERE type LIKE 'billing.tax.%' GROUP BY account_id`,
    ),
    stripe: stripeBooks(stripe, named),
  };
}

export type Books = Awaited<ReturnType<typeof booksOf>>;

/** What Stripe has, without its ids. */
function stripeBooks({ state }: FakeStripe, named: (text: string) => string) {
  const pick = (object: string, fields: readonly string[]) =>
    state
      .all(object)
      .map((held) => named(JSON.stringify(fields.map((field) => held[field]))))
      .sort();
  return {
    balance: state.balance,
    customers: pick('customer', ['name', 'metadata']),
    invoices: pick('invoice', ['description', 'metadata', 'status', 'total', 'amount_paid']),
    lines: pick('invoiceitem', ['description', 'amount', 'metadata']),
    payments: pick('invoice_payment', ['amount_paid', 'status']),
    sent: [
      ...Map.groupBy(state.all('transfer'), (held) => named(`${held.destination} ${held.transfer_group}`)),
    ]
      .map(
        ([to, held]) =>
          `${to} ${held.reduce((sum, each) => sum + Number(each.amount) - Number(each.amount_reversed), 0)}`,
      )
      .sort(),
    refunds: pick('refund', ['amount', 'status']),
  };
}
