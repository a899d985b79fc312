/** Documents of some months, and what became of each, for pictures and tests of pages. */
import { insertCollection, issueDocument, postTransactions } from '@patchbay/adapters/billing/document-rows';
import { inAccountScope } from '@patchbay/adapters/metering/account-scope';
import { type InvoiceCollection, notAskedYet } from '@patchbay/domain/billing/collection/invoice-collection';
import { noTaxHeld, type PayoutCollection } from '@patchbay/domain/billing/collection/payout-collection';
import {
  issued,
  setOffPayout,
  settleInvoice,
  settlePayout,
} from '@patchbay/domain/billing/collection/postings';
import { noBacking } from '@patchbay/domain/billing/collection/shares';
import { creditNoteOf } from '@patchbay/domain/billing/documents/credit-note';
import type { BillingDocument, DocumentDraft } from '@patchbay/domain/billing/documents/document';
import { comparisonOf } from '@patchbay/domain/billing/documents/document';
import { minorUnitOf, nano, ZERO } from '@patchbay/domain/billing/money';
import { Pool, type PoolClient } from 'pg';

const DAY_MS = 86_400_000;
const CURRENCY = 'EUR';
const unit = minorUnitOf(CURRENCY);

/** Of months before this one, the last first: what was asked, what of it was paid and given back, what of a payout pays for credit. */
const months = [
  { asked: 48_230n, paid: 0n, refunded: 0n, earned: 21_480n, funded: 30n, credit: 0n },
  { asked: 45_115n, paid: 45_115n, refunded: 0n, earned: 19_904n, funded: 100n, credit: 4_500n },
  { asked: 39_990n, paid: 39_990n, refunded: 5_000n, earned: 17_221n, funded: 100n, credit: 0n },
  { asked: 31_402n, paid: 31_402n, refunded: 0n, earned: 12_050n, funded: 100n, credit: 0n },
] as const;

interface Filled {
  readonly databaseUrl: string;
  readonly accountId: string;
  readonly childId: string;
  readonly nowMs: number;
}

/** Issues, collects and pays out as the platform does, and returns the newest invoice. */
export async function addDocuments({ databaseUrl, accountId, childId, nowMs }: Filled): Promise<string> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1, options: '-c role=patchbay_app' });
  try {
    const { rows } = await pool.query<{ id: string }>("SELECT platform_account(NULL, '', 'EUR') AS id");
    const platformId = rows[0]?.id ?? '';
    return await inAccountScope(pool, platformId, async (client) => {
      let newest = '';
      for (const [back, month] of [...months.entries()].reverse()) {
        const period = monthBefore(nowMs, back + 1);
        const atMs = Date.parse(`${monthBefore(nowMs, back)}-02T03:00:00Z`);
        const at = { client, platformId, nowMs: atMs };
        newest = (await addInvoice(at, { accountId, period, ...month })).id;
        await addPayout(at, { accountId, childId, period, ...month });
      }
      return newest;
    });
  } finally {
    await pool.end();
  }
}

/**
 * Lets an account ask its customers by a Stripe account of its own, the first of them still compared with another biller.
 * Answers the document that the comparison is of.
 */
export async function addSelling({ databaseUrl, accountId, childId, nowMs }: Filled): Promise<string> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1, options: '-c role=patchbay_app' });
  const period = monthBefore(nowMs, 1);
  try {
    return await inAccountScope(pool, accountId, async (client) => {
      await client.query('INSERT INTO own_collecting (account_id, from_period) VALUES ($1, $2)', [
        accountId,
        period,
      ]);
      // Nothing opens it: no page asks that Stripe account.
      await client.query(
        `INSERT INTO own_rail (account_id, key_sealed, key_hint, webhook_secrets_sealed) VALUES ($1, 'sealed', '7Gx2', 'sealed')`,
        [accountId],
      );
      await client.query('INSERT INTO compared_months (account_id, from_period) VALUES ($1, $2)', [
        childId,
        period,
      ]);
      await client.query(
        'INSERT INTO compared_figure (account_id, seller_id, period, minor_units) VALUES ($1, $2, $3, 48900)',
        [childId, accountId, period],
      );
      await addChangedInvoice(client, { accountId: childId, sellerId: accountId, nowMs });
      const draft = invoiceDraft({ accountId: childId, sellerId: accountId, period, asked: 48_230n });
      return (await issueDocument(client, comparisonOf(draft), { nowMs })).id;
    });
  } finally {
    await pool.end();
  }
}

/** One of which somebody changed the amount at the seller's Stripe, by hand: part of what was asked for was paid. */
async function addChangedInvoice(
  client: PoolClient,
  { accountId, sellerId, nowMs }: { accountId: string; sellerId: string; nowMs: number },
): Promise<void> {
  const period = monthBefore(nowMs, 2);
  const asked = 31_500n;
  const document = await issueDocument(client, invoiceDraft({ accountId, sellerId, period, asked }), {
    nowMs,
  });
  const found = { kind: 'amount', railId: 'in_changed', expected: `${asked}`, found: '3150' } as const;
  await insertCollection(client, {
    ...openInvoice(document, nowMs),
    ...{ collectorId: sellerId, paidMinorUnits: 3_150n, invoiceId: 'in_changed' },
    differences: [{ ...found, foundAtMs: nowMs - DAY_MS }],
  });
}

/** Invoices of two months that the platform asks in the account's name, with tax: that of the older is passed on. */
export async function addCollectedTaxes({ databaseUrl, accountId, childId, nowMs }: Filled): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1, options: '-c role=patchbay_app' });
  try {
    const { rows } = await pool.query<{ id: string }>("SELECT platform_account(NULL, '', 'EUR') AS id");
    const platformId = rows[0]?.id ?? '';
    await inAccountScope(pool, platformId, async (client) => {
      for (const [back, asked, isSent] of [
        [2, 61_250n, true],
        [1, 74_980n, false],
      ] as const) {
        const period = monthBefore(nowMs, back);
        const tax = { name: 'VAT', basisPoints: 1900, minorUnits: (asked * 19n) / 100n };
        const draft = invoiceDraft({ accountId: childId, sellerId: accountId, period, asked });
        const document = await issueDocument(client, { ...draft, taxLines: [tax] }, { nowMs });
        const taxed = { taxes: [tax.minorUnits], taxSellerId: accountId };
        const open: InvoiceCollection = { ...openInvoice(document, nowMs), ...taxed };
        const after: InvoiceCollection = {
          ...open,
          ...{ state: 'paid', paidMinorUnits: document.totalMinorUnits },
        };
        await insertCollection(client, after);
        const notes = [noTaxHeld({ period, currency: CURRENCY }, accountId)];
        const settled = settleInvoice({ before: open, after, notes, platformId });
        const posted = { platformId, nowMs };
        await postTransactions(client, [...issued(document, platformId), ...settled.transactions], posted);
        for (const held of settled.notes) {
          const sent = { ordinal: 1, transferId: `tr_tax_${period}`, minorUnits: held.totalMinorUnits };
          const passedOn: PayoutCollection = isSent
            ? { ...held, transfers: [{ ...sent, reversedMinorUnits: 0n, reversalCount: 0 }] }
            : held;
          await insertCollection(client, passedOn);
          await postTransactions(client, settlePayout(held, passedOn, platformId), posted);
        }
      }
    });
  } finally {
    await pool.end();
  }
}

interface At {
  readonly client: PoolClient;
  readonly platformId: string;
  readonly nowMs: number;
}

const monthBefore = (nowMs: number, back: number): string => {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7);
};

interface Month {
  readonly accountId: string;
  readonly period: string;
  readonly asked: bigint;
  readonly paid: bigint;
  readonly refunded: bigint;
}

interface Asked {
  readonly accountId: string;
  readonly sellerId: string;
  readonly period: string;
  readonly asked: bigint;
}

function invoiceDraft({ accountId, sellerId, period, asked }: Asked): DocumentDraft {
  const bytes = (asked * 3n) / 4n;
  const use = (meter: string, minorUnits: bigint, price: { amount: string; per: string }) => ({
    kind: 'use' as const,
    key: `${sellerId} ${meter}`,
    period,
    meter,
    quantity: ((minorUnits * unit * BigInt(price.per)) / BigInt(price.amount)).toString(),
    price,
    amount: nano(minorUnits * unit),
    minorUnits,
  });
  return {
    kind: 'invoice',
    ...{ accountId, sellerId, period, currency: CURRENCY },
    lines: [
      use('network-discovery.bytes', bytes, { amount: '400000000', per: '1000000000' }),
      use('signaling.connectedMs', asked - bytes, { amount: '4000000', per: '60000' }),
    ],
    carriedIn: nano(1_250_000n),
    residue: ZERO,
    netMinorUnits: asked,
  };
}

/** As it stands at the rail, where it was sent to and nobody paid it yet. */
const openInvoice = (document: BillingDocument, nowMs: number): InvoiceCollection => ({
  ...notAskedYet,
  kind: 'invoice',
  documentId: document.id,
  ...{ accountId: document.accountId, period: document.period, currency: CURRENCY, number: document.number },
  sellerName: document.seller.legalName,
  dueAtMs: document.dueAtMs ?? nowMs,
  taxMinorUnits: document.totalMinorUnits - document.netMinorUnits,
  totalMinorUnits: document.totalMinorUnits,
  lines: [],
  shares: [],
  isSent: true,
  invoiceId: `in_${document.id}`,
  state: 'open',
  payUrl: 'https://pay.example/in_1',
});

async function addInvoice(
  { client, platformId, nowMs }: At,
  { accountId, period, asked, paid, refunded }: Month,
): Promise<BillingDocument> {
  const draft = invoiceDraft({ accountId, sellerId: platformId, period, asked });
  const document = await issueDocument(client, draft, { nowMs });
  const open = openInvoice(document, nowMs);
  const after: InvoiceCollection = {
    ...open,
    state: paid === 0n ? 'open' : 'paid',
    paidMinorUnits: paid === 0n ? 0n : document.totalMinorUnits,
    refunds: refunded === 0n ? [] : [{ id: `re_${period}`, minorUnits: refunded, state: 'succeeded' }],
  };
  await insertCollection(client, after);
  const settled = settleInvoice({ before: open, after, notes: [], platformId });
  const posted = { platformId, nowMs: nowMs + DAY_MS };
  await postTransactions(client, issued(document, platformId), { platformId, nowMs });
  await postTransactions(client, settled.transactions, posted);
  if (refunded > 0n)
    await issueDocument(client, creditNoteOf(document, { minorUnits: refunded, creditedMinorUnits: 0n }), {
      nowMs: nowMs + 3 * DAY_MS,
      corrects: document,
    });
  return document;
}

async function addPayout(
  { client, platformId, nowMs }: At,
  month: Pick<Month, 'accountId' | 'period'> & {
    readonly childId: string;
    readonly earned: bigint;
    /** Hundredths that were paid by those that it was earned of. */
    readonly funded: bigint;
    /** What of it pays for credit that the account gave. */
    readonly credit: bigint;
  },
): Promise<void> {
  const { accountId, childId, period, earned, funded, credit } = month;
  const margin = nano(earned * unit);
  const draft: DocumentDraft = {
    kind: 'payout-note',
    ...{ accountId, sellerId: platformId, period, currency: CURRENCY },
    lines: [{ kind: 'margin', key: childId, period, childId, amount: margin }],
    carriedIn: ZERO,
    residue: ZERO,
    netMinorUnits: earned,
  };
  const document = await issueDocument(client, draft, { nowMs });
  const waiting: PayoutCollection = {
    kind: 'payout',
    documentId: document.id,
    ...{ accountId, period, currency: CURRENCY, totalMinorUnits: earned },
    backing: { ...noBacking, weight: margin, paid: nano((margin * funded) / 100n) },
    transfers: [],
  };
  const sent = { ordinal: 1, transferId: `tr_${period}`, reversedMinorUnits: 0n, reversalCount: 0 };
  const setOff =
    credit === 0n
      ? { note: waiting, transactions: [] }
      : setOffPayout(waiting, { usedMinorUnits: credit, platformId });
  const after: PayoutCollection =
    funded === 100n ? { ...setOff.note, transfers: [{ ...sent, minorUnits: earned - credit }] } : setOff.note;
  await insertCollection(client, after);
  await postTransactions(client, [...issued(document, platformId), ...setOff.transactions], {
    platformId,
    nowMs,
  });
  await postTransactions(client, settlePayout(waiting, after, platformId), {
    platformId,
    nowMs: nowMs + DAY_MS,
  });
}
