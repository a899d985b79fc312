import type { Collection } from '@patchbay/domain/billing/collection/collection-store';
import { isVoidable, refundableOf, voidAsked } from '@patchbay/domain/billing/collection/invoice-collection';
import {
  type PayoutCollection,
  returnedOf,
  sendingAgain,
} from '@patchbay/domain/billing/collection/payout-collection';
import {
  type CollectionBook,
  collectionBooks,
  settleInvoice,
} from '@patchbay/domain/billing/collection/postings';
import type {
  BillingParty,
  Closing,
  DocumentScope,
  DocumentStore,
  Movement,
  Page,
  RailParty,
  StoredDocument,
} from '@patchbay/domain/billing/documents/document-store';
import { nano } from '@patchbay/domain/billing/money';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import {
  collectionFromRow,
  documentFromRow,
  issueCreditNote,
  postTransactions,
  readParty,
} from './document-rows.ts';
import { toExactJson } from './exact-json.ts';
import { readNotes, writeNote } from './payout-notes.ts';

export interface DocumentStoreOptions {
  readonly pool: Pool;
  /** Who collects: of an account, the top of its tree; of none, the platform. */
  readonly platformAccount: (ofAccountId?: string) => Promise<string>;
}

interface StoredRow {
  readonly id: string;
  readonly content: unknown;
  readonly state: unknown;
  readonly failure: string | null;
  readonly corrects_number: string | null;
}

const storedSql = `SELECT d.id, d.content, c.state, c.failure, o.number AS corrects_number
   FROM document d LEFT JOIN collection c ON c.document_id = d.id LEFT JOIN document o ON o.id = d.corrects_id`;

/** Older credit notes say whose they are by its id alone. */
const storedFromRow = ({ content, state, failure, corrects_number: number }: StoredRow): StoredDocument => ({
  document: { ...documentFromRow(content), ...(number === null ? {} : { correctsNumber: number }) },
  ...(state === null ? {} : { collection: collectionFromRow(state) }),
  ...(failure === null ? {} : { failure }),
});

/** Whose documents they are. That none is read from beyond the account and those below it, the wall says. */
const scopes: Readonly<Record<DocumentScope, string>> = {
  own: 'd.account_id = $1',
  issued: 'd.seller_id = $1',
  below: '$1::text IS NOT NULL',
};

/** Documents, and how they stand, in PostgreSQL. */
export function documentStore({ pool, platformAccount }: DocumentStoreOptions): DocumentStore {
  const readOne = (accountId: string, where: string, value: string) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<StoredRow>(`${storedSql} WHERE ${where}`, [accountId, value]);
      return rows[0] === undefined ? undefined : storedFromRow(rows[0]);
    });
  return {
    party: (accountId) => inAccountScope(pool, accountId, (client) => readParty(client, accountId)),
    setParty: (accountId, party) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{ taken: boolean }>(
          'SELECT number_prefix_is_taken($1, $2, $3, $4) AS taken',
          [accountId, party.numberPrefix, party.legalName, party.taxId ?? null],
        );
        if (rows[0]?.taken === true) return 'taken';
        await writeParty(client, accountId, party);
        return 'set';
      }),
    prefixOf: (accountId) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<{ prefix: string | null }>(
          'SELECT seller_prefix_in_scope($1) AS prefix',
          [accountId],
        );
        return rows[0]?.prefix ?? accountId;
      }),
    railParty: (accountId, collectorId) =>
      inAccountScope(pool, accountId, (client) => readRailParty(client, accountId, collectorId)),
    setRailParty: (accountId, party, collectorId) =>
      inAccountScope(pool, accountId, (client) =>
        writeRailParty(client, accountId, { ...party, collectorId }),
      ),
    list: (accountId, { kind, period, of, cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<StoredRow>(
          `${storedSql} WHERE ${scopes[of]} AND ($2::text IS NULL OR d.kind = $2) AND ($3::text IS NULL OR d.period = $3)
             AND ($4::text IS NULL OR d.id < $4)
           ORDER BY d.id DESC LIMIT $5`,
          [accountId, kind ?? null, period ?? null, cursor ?? null, limit + 1],
        );
        return pageOf(rows, limit, { item: storedFromRow, cursor: ({ id }) => id });
      }),
    find: (accountId, documentId) => readOne(accountId, `${scopes.below} AND d.id = $2`, documentId),
    issuedIn: (sellerId, { from, to, afterId = '', limit }) =>
      inAccountScope(pool, sellerId, async (client) => {
        const { rows } = await client.query<StoredRow>(
          `${storedSql} WHERE d.seller_id = $1 AND d.kind IN ('invoice', 'credit-note') AND d.period BETWEEN $2 AND $3 AND d.id > $4
           ORDER BY d.id LIMIT $5`,
          [sellerId, from, to, afterId, limit],
        );
        return rows.map(storedFromRow);
      }),
    heldTaxes: (sellerId, period) =>
      inAccountScope(pool, sellerId, async (client) => {
        const { rows } = await client.query<{ state: unknown; failure: string | null }>(
          `SELECT state, failure FROM collection WHERE account_id = $1 AND kind = 'tax' AND ($2::text IS NULL OR period = $2)
           ORDER BY period DESC, document_id LIMIT $3`,
          [sellerId, period ?? null, MONTH_COUNT_MAX],
        );
        return rows.map(({ state, failure }) => ({
          held: collectionFromRow(state) as PayoutCollection,
          ...(failure === null ? {} : { failure }),
        }));
      }),
    findInvoice: (accountId, period) =>
      readOne(accountId, `${scopes.own} AND d.kind = 'invoice' AND d.period = $2`, period),
    movements: (accountId, { cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const [transactionId = null, book = null] = cursor?.split('.') ?? [];
        const { rows } = await client.query<MovementRow>(movementsSql, [
          accountId,
          collectionBooks,
          transactionId,
          book,
          limit + 1,
        ]);
        return pageOf(rows, limit, {
          item: movementFromRow,
          cursor: (row) => `${row.transaction_id}.${row.book}`,
        });
      }),
    async refund({ accountId, period, minorUnits, nowMs }) {
      return await inAccountScope(pool, await platformAccount(accountId), async (client) => {
        const { rows } = await client.query<{ state: unknown; content: unknown }>(invoiceSql, [
          accountId,
          period,
        ]);
        const [row] = rows;
        if (row === undefined) return undefined;
        const collection: Collection = collectionFromRow(row.state);
        if (collection.kind !== 'invoice' || refundableOf(collection) < minorUnits) return undefined;
        const invoice = documentFromRow(row.content);
        const note = await issueCreditNote(client, invoice, { minorUnits, nowMs });
        const asked = [...collection.askedRefunds, { refundId: note.id, minorUnits }];
        await client.query('UPDATE collection SET state = $2, next_at = $3 WHERE document_id = $1', [
          invoice.id,
          toExactJson({ ...collection, askedRefunds: asked }),
          new Date(nowMs),
        ]);
        return note;
      });
    },
    async cancel({ accountId, period, nowMs }) {
      const platformId = await platformAccount(accountId);
      return await inAccountScope(pool, platformId, async (client) => {
        const { rows } = await client.query<{ state: unknown; content: unknown }>(invoiceSql, [
          accountId,
          period,
        ]);
        const [row] = rows;
        if (row === undefined) return undefined;
        const before: Collection = collectionFromRow(row.state);
        if (before.kind !== 'invoice' || !isVoidable(before)) return undefined;
        const invoice = documentFromRow(row.content);
        const all = { minorUnits: invoice.totalMinorUnits, kind: 'cancelled' } as const;
        const note = await issueCreditNote(client, invoice, { ...all, nowMs });
        const after = voidAsked(before, note.id);
        const notes = await readNotes(client, before);
        const collectorId = before.collectorId ?? platformId;
        const settled = settleInvoice({ before, after, notes, platformId: collectorId });
        const at = new Date(nowMs);
        for (const changed of settled.notes) await writeNote(client, changed);
        await postTransactions(client, settled.transactions, { platformId: collectorId, nowMs });
        await client.query(
          `UPDATE collection SET state = $2, next_at = CASE WHEN $4 THEN 'infinity' ELSE $3::timestamptz END
           WHERE document_id = $1`,
          [invoice.id, toExactJson(after), at, after.state === 'void'],
        );
        return note;
      });
    },
    async sendAgain({ accountId, documentId, nowMs }) {
      return await inAccountScope(pool, await platformAccount(accountId), async (client) => {
        const { rows } = await client.query<{ state: unknown }>(payoutSql, [accountId, documentId]);
        if (rows[0] === undefined) return undefined;
        const before = collectionFromRow(rows[0].state) as PayoutCollection;
        const after = sendingAgain(before);
        if (after === undefined) return undefined;
        await client.query('UPDATE collection SET state = $2, next_at = $3 WHERE document_id = $1', [
          documentId,
          toExactJson(after),
          new Date(nowMs),
        ]);
        return returnedOf(before);
      });
    },
    async closings() {
      return await inAccountScope(pool, await platformAccount(), async (client) => {
        const { rows } = await client.query<ClosingRow>(
          `SELECT * FROM billing_closing WHERE tree_id = '' ORDER BY period DESC LIMIT $1`,
          [MONTH_COUNT_MAX],
        );
        return rows.map(closingFromRow);
      });
    },
    async askClosing(period) {
      return await inAccountScope(pool, await platformAccount(), async (client) => {
        const { rowCount } = await client.query(
          'INSERT INTO billing_closing (period) VALUES ($1) ON CONFLICT DO NOTHING',
          [period],
        );
        return rowCount === 1;
      });
    },
  };
}

interface ClosingRow {
  readonly period: string;
  readonly asked_at: Date;
  readonly issued_at: Date | null;
  readonly account_count: number;
  readonly kept_count: number;
  readonly issued_count: number;
  readonly document_count: number;
}

const closingFromRow = (row: ClosingRow): Closing => ({
  period: row.period,
  askedAtMs: row.asked_at.getTime(),
  ...(row.issued_at === null ? {} : { issuedAtMs: row.issued_at.getTime() }),
  accountCount: row.account_count,
  keptCount: row.kept_count,
  issuedCount: row.issued_count,
  documentCount: row.document_count,
});

/** Held until the transaction ends: nothing is asked of it meanwhile. */
const invoiceSql = `
  SELECT c.state, d.content FROM collection c JOIN document d ON d.id = c.document_id
  WHERE c.account_id = $1 AND c.period = $2 AND c.kind = 'invoice' FOR UPDATE OF c`;

/** Held likewise. */
const payoutSql = `
  SELECT state FROM collection WHERE account_id = $1 AND document_id = $2 AND kind IN ('payout', 'tax') FOR UPDATE`;

/** Ten years of months. */
const MONTH_COUNT_MAX = 120;

function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { item, cursor }: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => string },
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(item),
    ...(rows.length > limit && last !== undefined ? { nextCursor: cursor(last) } : {}),
  };
}

async function writeParty(client: PoolClient, accountId: string, party: BillingParty): Promise<void> {
  await client.query(
    `INSERT INTO billing_party (account_id, legal_name, address_lines, country, tax_id, email, number_prefix, payment_days,
       tax_name, tax_basis_points, tax_rules, changed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())
     ON CONFLICT (account_id) DO UPDATE SET legal_name = excluded.legal_name, address_lines = excluded.address_lines,
       country = excluded.country, tax_id = excluded.tax_id, email = excluded.email, number_prefix = excluded.number_prefix,
       payment_days = excluded.payment_days, tax_name = excluded.tax_name, tax_basis_points = excluded.tax_basis_points,
       tax_rules = excluded.tax_rules, changed_at = excluded.changed_at`,
    [
      accountId,
      party.legalName,
      party.addressLines,
      party.country ?? null,
      party.taxId ?? null,
      party.email ?? null,
      party.numberPrefix,
      party.paymentDays,
      party.taxName,
      party.taxBasisPoints,
      JSON.stringify(party.taxRules ?? []),
    ],
  );
}

async function readRailParty(
  client: PoolClient,
  accountId: string,
  collectorId: string | undefined,
): Promise<RailParty> {
  const { rows } = await client.query<{ payee_id: string | null; is_payable: boolean }>(
    collectorId === undefined
      ? 'SELECT payee_id, is_payable FROM rail_party WHERE account_id = $1'
      : 'SELECT payee_id, is_payable FROM own_rail_party WHERE account_id = $1 AND collector_id = $2',
    collectorId === undefined ? [accountId] : [accountId, collectorId],
  );
  const [row] = rows;
  if (row === undefined || row.payee_id === null) return { isPayable: false };
  return { payeeId: row.payee_id, isPayable: row.is_payable };
}

async function writeRailParty(
  client: PoolClient,
  accountId: string,
  { payeeId = null, isPayable, collectorId }: Written,
): Promise<void> {
  if (collectorId === undefined)
    await client.query(
      `INSERT INTO rail_party (account_id, payee_id, is_payable) VALUES ($1, $2, $3)
       ON CONFLICT (account_id) DO UPDATE SET payee_id = excluded.payee_id, is_payable = excluded.is_payable`,
      [accountId, payeeId, isPayable],
    );
  else
    await client.query(
      `INSERT INTO own_rail_party (account_id, payee_id, is_payable, collector_id) VALUES ($1, $2, $3, $4)
       ON CONFLICT (collector_id, account_id)
         DO UPDATE SET payee_id = excluded.payee_id, is_payable = excluded.is_payable`,
      [accountId, payeeId, isPayable, collectorId],
    );
  // Those of a month that is still being closed have no time yet.
  if (isPayable)
    await client.query(
      `UPDATE collection SET next_at = now() WHERE account_id = $1 AND kind IN ('payout', 'tax') AND next_at <> 'infinity'
         AND collector_id IS NOT DISTINCT FROM $2`,
      [accountId, collectorId ?? null],
    );
}

interface Written {
  readonly payeeId?: string | null;
  readonly isPayable: boolean;
  readonly collectorId: string | undefined;
}

interface MovementRow {
  readonly transaction_id: string;
  readonly posted_at: Date;
  readonly book: CollectionBook;
  readonly period: string;
  readonly currency: string;
  readonly amount: string;
  readonly source_ref: string;
  readonly of_id: string;
  readonly of_name: string;
}

const movementsSql = `
  SELECT e.transaction_id, t.posted_at, e.book, e.period, e.currency, e.amount, t.source_ref, o.id AS of_id, o.name AS of_name
  FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
    JOIN account a ON a.id = e.account_id
    -- Of the account itself where who is on the other side is above it, and so is not seen.
    LEFT JOIN account b ON b.id = t.buyer_id
    CROSS JOIN LATERAL (SELECT coalesce(b.id, a.id) AS id, coalesce(b.name, a.name) AS name) o
  WHERE e.account_id = $1 AND e.book = ANY($2) AND ($3::text IS NULL OR (e.transaction_id, e.book) < ($3, $4))
  ORDER BY e.transaction_id DESC, e.book DESC LIMIT $5`;

const movementFromRow = (row: MovementRow): Movement => ({
  transactionId: row.transaction_id,
  atMs: row.posted_at.getTime(),
  accountId: row.of_id,
  accountName: row.of_name,
  book: row.book,
  period: row.period,
  currency: row.currency,
  amount: nano(BigInt(row.amount)),
  sourceRef: row.source_ref,
});
