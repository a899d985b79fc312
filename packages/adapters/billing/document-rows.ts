import type { Collection } from '@patchbay/domain/billing/collection/collection-store';
import type { CollectionTransaction } from '@patchbay/domain/billing/collection/postings';
import { type CreditRequest, creditNoteOf } from '@patchbay/domain/billing/documents/credit-note';
import {
  type BillingDocument,
  type DocumentDraft,
  type DocumentParty,
  issue,
  type SellerTerms,
  soldOf,
  unsaidTerms,
} from '@patchbay/domain/billing/documents/document';
import type { BillingParty } from '@patchbay/domain/billing/documents/document-store';
import type { TaxRule } from '@patchbay/domain/billing/documents/tax';
import { PLATFORM_NAME } from '@patchbay/domain/branding/brand';
import { createId } from '@patchbay/kit/ids';
import type { PoolClient } from 'pg';
import { tellIssued } from './document-events.ts';
import { fromExactJson, toExactJson } from './exact-json.ts';

interface PartyRow {
  readonly legal_name: string;
  readonly address_lines: readonly string[];
  readonly country: string | null;
  readonly tax_id: string | null;
  readonly email: string | null;
  readonly number_prefix: string;
  readonly payment_days: number;
  readonly tax_name: string;
  readonly tax_basis_points: number;
  readonly tax_rules: readonly TaxRule[];
}

export async function readParty(client: PoolClient, accountId: string): Promise<BillingParty | undefined> {
  const { rows } = await client.query<PartyRow>('SELECT * FROM billing_party WHERE account_id = $1', [
    accountId,
  ]);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    legalName: row.legal_name,
    addressLines: row.address_lines,
    ...(row.country === null ? {} : { country: row.country }),
    ...(row.tax_id === null ? {} : { taxId: row.tax_id }),
    ...(row.email === null ? {} : { email: row.email }),
    numberPrefix: row.number_prefix,
    paymentDays: row.payment_days,
    taxName: row.tax_name,
    taxBasisPoints: row.tax_basis_points,
    taxRules: row.tax_rules,
  };
}

interface UnsaidNames {
  readonly name: string;
  readonly seller_name: string | null;
  readonly prefix: string;
}

/**
 * As of now, on a document. A buyer that has said nothing is called as its account is; a seller as its own brand, or where it has
 * none as its account: never as anybody above it, who does not sell (PRD-2).
 */
async function onDocument(
  client: PoolClient,
  { accountId, side }: { readonly accountId: string; readonly side: 'seller' | 'buyer' },
): Promise<{ readonly party: DocumentParty; readonly said: BillingParty | undefined; terms: SellerTerms }> {
  const said = await readParty(client, accountId);
  const { rows } = await client.query<UnsaidNames>(
    'SELECT name, seller_name_in_scope(id) AS seller_name, seller_prefix_in_scope(id) AS prefix FROM account WHERE id = $1',
    [accountId],
  );
  const [unsaid] = rows;
  const name = side === 'seller' ? (unsaid?.seller_name ?? PLATFORM_NAME) : unsaid?.name;
  return {
    said,
    terms: said ?? { ...unsaidTerms, numberPrefix: unsaid?.prefix ?? accountId },
    party: {
      accountId,
      legalName: said?.legalName ?? name ?? accountId,
      addressLines: said?.addressLines ?? [],
      ...(said?.country === undefined ? {} : { country: said.country }),
      ...(said?.taxId === undefined ? {} : { taxId: said.taxId }),
    },
  };
}

/**
 * Issues a draft: takes the next number of its seller, whose row is held until the transaction ends, so that none is left
 * out and none is given twice.
 */
export async function issueDocument(
  client: PoolClient,
  draft: DocumentDraft,
  { nowMs, corrects }: { readonly nowMs: number; readonly corrects?: Pick<BillingDocument, 'id' | 'number'> },
): Promise<BillingDocument> {
  const { rows } = await client.query<{ last: number }>(
    `INSERT INTO document_sequence AS s (account_id, kind, last) VALUES ($1, $2, 1)
     ON CONFLICT (account_id, kind) DO UPDATE SET last = s.last + 1 RETURNING last`,
    [draft.sellerId, draft.kind],
  );
  const sequence = rows[0]?.last ?? 1;
  const seller = await onDocument(client, { accountId: draft.sellerId, side: 'seller' });
  const buyer = await onDocument(client, { accountId: draft.accountId, side: 'buyer' });
  const document: BillingDocument = {
    ...issue(draft, {
      id: createId('doc', nowMs),
      sequence,
      seller: seller.party,
      buyer: buyer.party,
      terms: seller.terms,
      taxed: buyer.said ?? {},
      nowMs,
    }),
    ...(corrects === undefined ? {} : { correctsId: corrects.id, correctsNumber: corrects.number }),
  };
  await client.query(
    `INSERT INTO document (id, account_id, seller_id, period, kind, sequence, number, currency, total_minor_units, by_period,
       corrects_id, issued_at, content)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      document.id,
      document.accountId,
      document.sellerId,
      document.period,
      document.kind,
      sequence,
      document.number,
      document.currency,
      document.totalMinorUnits.toString(),
      JSON.stringify(byPeriod(document)),
      corrects?.id ?? null,
      new Date(nowMs),
      toExactJson(document),
    ],
  );
  await tellIssued(client, document);
  return document;
}

/** Issues a credit note over a part of an invoice, after those that there are. Whoever asks holds how the invoice stands. */
export async function issueCreditNote(
  client: PoolClient,
  invoice: BillingDocument,
  { nowMs, ...credit }: Omit<CreditRequest, 'creditedMinorUnits'> & { readonly nowMs: number },
): Promise<BillingDocument> {
  const { rows } = await client.query<{ credited: string }>(
    `SELECT coalesce(sum(total_minor_units), 0)::text AS credited FROM document
     WHERE corrects_id = $1 AND kind = 'credit-note'`,
    [invoice.id],
  );
  const creditedMinorUnits = BigInt(rows[0]?.credited ?? '0');
  const draft = creditNoteOf(invoice, { ...credit, creditedMinorUnits });
  return await issueDocument(client, draft, { nowMs, corrects: invoice });
}

/** How many minor units of a document, without tax, are of which month: of what was sold. */
function byPeriod(draft: DocumentDraft): Record<string, string> {
  const { lines, period } = draft;
  const corrected = lines.filter(({ kind }) => kind === 'adjustment');
  const sum = corrected.reduce((total, { minorUnits = 0n }) => total + minorUnits, 0n);
  return Object.fromEntries([
    ...corrected.map((line) => [line.period, String(line.minorUnits)]),
    [period, String(soldOf(draft) - sum)],
  ]);
}

export async function insertCollection(client: PoolClient, collection: Collection): Promise<void> {
  const { documentId, accountId, period, collectorId = null } = collection;
  const kind = collection.kind === 'payout' ? (collection.purpose ?? 'payout') : collection.kind;
  await client.query(
    'INSERT INTO collection (document_id, account_id, period, kind, state, collector_id) VALUES ($1, $2, $3, $4, $5, $6)',
    [documentId, accountId, period, kind, toExactJson(collection), collectorId],
  );
}

export async function postTransactions(
  client: PoolClient,
  transactions: readonly CollectionTransaction[],
  { platformId, nowMs }: { readonly platformId: string; readonly nowMs: number },
): Promise<void> {
  if (transactions.length === 0) return;
  const wire = transactions.map((each) => ({
    ...each,
    transactionId: createId('txn', nowMs),
    entries: each.entries.map((entry) => ({ ...entry, amount: entry.amount.toString() })),
  }));
  await client.query('SELECT ledger_collect($1, $2)', [platformId, JSON.stringify(wire)]);
}

export const documentFromRow = (content: unknown): BillingDocument =>
  fromExactJson(content) as BillingDocument;
export const collectionFromRow = (state: unknown): Collection => fromExactJson(state) as Collection;
