import type {
  AnyBook,
  BookedEntry,
  ExportedEntry,
  LedgerReader,
} from '@patchbay/domain/billing/ledger-reader';
import { nano } from '@patchbay/domain/billing/money';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';

interface EntryRow {
  readonly id: string;
  readonly posted_at: Date;
  readonly period: string;
  readonly source_ref: string;
  readonly account_id: string;
  readonly book: AnyBook;
  readonly counterparty_id: string;
  readonly currency: string;
  readonly amount: string;
}

/** Which transactions a page has is said by the account's own entries; the wall says whose else of them are seen. */
const transactionsSql = `
  WITH page AS (
    SELECT DISTINCT e.transaction_id FROM ledger_entry e
    WHERE e.account_id = $1 AND e.period = $2 AND ($3::text IS NULL OR e.book = $3)
      AND ($4::text IS NULL OR e.transaction_id < $4)
    ORDER BY 1 DESC LIMIT $5)
  SELECT t.id, t.posted_at, t.period, t.source_ref, e.account_id, e.book, e.counterparty_id, e.currency, e.amount
  FROM page JOIN ledger_transaction t ON t.id = page.transaction_id JOIN ledger_entry e ON e.transaction_id = t.id
  ORDER BY t.id DESC, e.account_id <> $1, e.account_id, e.book`;

/** Account after account, so that a page is read by the index of each, however many entries there are. */
const exportSql = `
  SELECT e.transaction_id AS id, t.posted_at, e.period, t.source_ref, e.account_id, e.book, e.counterparty_id, e.currency, e.amount
  FROM account_closure c
  JOIN ledger_entry e ON e.account_id = c.descendant_id AND e.period >= $3 AND e.period <= $4
  JOIN ledger_transaction t ON t.id = e.transaction_id
  WHERE c.ancestor_id = $1 AND c.valid_to = 'infinity' AND (c.depth = 0 OR $2 = 'descendants')
    AND c.descendant_id >= $6 AND ($5::text IS NULL OR e.book = $5)
    AND (e.account_id, e.period, e.transaction_id, e.book) > ($6, $7, $8, $9)
  ORDER BY e.account_id, e.period, e.transaction_id, e.book LIMIT $10`;

const fromTheFirst: readonly string[] = ['', '', '', ''];

interface BalanceRow {
  readonly period: string;
  readonly book: AnyBook;
  readonly currency: string;
  readonly amount: string;
  readonly entry_count: string;
}

/** The ledger of an account in PostgreSQL. */
export const ledgerReader = (pool: Pool): LedgerReader => ({
  transactions: (accountId, { period, book, cursor, limit }) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<EntryRow>(transactionsSql, [
        accountId,
        period,
        book ?? null,
        cursor ?? null,
        limit + 1,
      ]);
      const all = [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((ofTransaction) => {
        const [first] = ofTransaction;
        if (first === undefined) return [];
        const { id, posted_at, period: of, source_ref: sourceRef } = first;
        const entries = ofTransaction.map(entryFromRow);
        return { id, atMs: posted_at.getTime(), period: of, sourceRef, entries };
      });
      const items = all.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(all.length > limit && last !== undefined ? { nextCursor: last.id } : {}) };
    }),
  entries: (accountId, { from, to, book, scope, after = fromTheFirst, limit }) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<EntryRow>(exportSql, [
        accountId,
        scope,
        from,
        to,
        book ?? null,
        ...after,
        limit + 1,
      ]);
      const last = rows[limit - 1];
      return {
        entries: rows.slice(0, limit).map(exportedFromRow),
        ...(rows.length > limit && last !== undefined
          ? { nextAfter: [last.account_id, last.period, last.id, last.book] }
          : {}),
      };
    }),
  balances: (accountId, fromPeriod) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<BalanceRow>('SELECT * FROM ledger_balances($1, $2)', [
        accountId,
        fromPeriod,
      ]);
      return rows.map(({ period, book, currency, amount, entry_count }) => ({
        ...{ period, book, currency },
        amount: nano(BigInt(amount)),
        entryCount: Number(entry_count),
      }));
    }),
});

const entryFromRow = ({ account_id, book, counterparty_id, currency, amount }: EntryRow): BookedEntry => ({
  accountId: account_id,
  book,
  counterpartyId: counterparty_id,
  currency,
  amount: nano(BigInt(amount)),
});

const exportedFromRow = (row: EntryRow): ExportedEntry => ({
  ...entryFromRow(row),
  transactionId: row.id,
  atMs: row.posted_at.getTime(),
  period: row.period,
  sourceRef: row.source_ref,
});
