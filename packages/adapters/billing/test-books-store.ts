import type { InvoiceCollection } from '@patchbay/domain/billing/collection/invoice-collection';
import { settleInvoice } from '@patchbay/domain/billing/collection/postings';
import type { TestBooksPorts } from '@patchbay/domain/test-books/ports';
import { afterTestPayment } from '@patchbay/domain/test-books/test-payment';
import { createId } from '@patchbay/kit/ids';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import type { BooksReader } from './account-books.ts';
import { tellCollected } from './document-events.ts';
import { collectionFromRow, postTransactions } from './document-rows.ts';
import { toExactJson } from './exact-json.ts';
import { readNotes, writeNote } from './payout-notes.ts';

/** Ten years of months. */
const CLOSING_COUNT_MAX = 120;

/** Clocks of test accounts, and payments that nobody makes, in PostgreSQL. */
export function testBooksStore(
  pool: Pool,
  booksOf: BooksReader,
): Pick<TestBooksPorts, 'clocks' | 'payments'> {
  return {
    clocks: {
      find: (accountId) =>
        inAccountScope(pool, accountId, async (client) => {
          const { rows } = await client.query<{ since: Date; ahead_ms: string | null }>(
            `SELECT a.created_at AS since, t.ahead_ms FROM account a LEFT JOIN test_clock t ON t.account_id = a.id
             WHERE a.id = $1 AND a.is_test AND a.depth = 1 AND a.live_id IS NOT NULL`,
            [accountId],
          );
          const [row] = rows;
          if (row === undefined) return undefined;
          if (row.ahead_ms === null) return 'none';
          const { rows: closings } = await client.query<ClosingRow>(
            `SELECT period, issued_at, account_count, kept_count, document_count FROM billing_closing
             WHERE tree_id = $1 ORDER BY period DESC LIMIT $2`,
            [accountId, CLOSING_COUNT_MAX],
          );
          return {
            aheadMs: Number(row.ahead_ms),
            sinceMs: row.since.getTime(),
            closings: closings.map((each) => ({
              period: each.period,
              isClosed: each.issued_at !== null,
              accountCount: each.account_count,
              keptCount: each.kept_count,
              documentCount: each.document_count,
            })),
          };
        }),

      advance: (accountId, aheadMs) =>
        inAccountScope(pool, accountId, async (client) => {
          const { rows } = await client.query<{ outcome: 'advanced' | 'back' | 'unknown' }>(
            'SELECT test_clock_advance($1, $2) AS outcome',
            [accountId, aheadMs],
          );
          return rows[0]?.outcome ?? 'unknown';
        }),

      reset: (accountId) =>
        inAccountScope(pool, accountId, async (client) => {
          const { rows } = await client.query<{ id: string | null }>('SELECT test_clock_reset($1) AS id', [
            accountId,
          ]);
          return rows[0]?.id ?? undefined;
        }),
    },

    payments: {
      async make({ accountId, period, outcome, nowMs }) {
        const books = await booksOf(accountId);
        if (books?.isTest !== true) return undefined;
        const { topId: platformId } = books;
        return await inAccountScope(pool, platformId, async (client) => {
          const { rows } = await client.query<{ state: unknown }>(
            `SELECT state FROM collection WHERE account_id = $1 AND period = $2 AND kind = 'invoice' FOR UPDATE`,
            [accountId, period],
          );
          const [row] = rows;
          if (row === undefined) return 'none';
          const before = collectionFromRow(row.state) as InvoiceCollection;
          const after = afterTestPayment(before, { outcome, id: createId('txn', nowMs) });
          if (after === undefined) return 'impossible';
          const notes = await readNotes(client, after);
          const settled = settleInvoice({ before, after, notes, platformId });
          await client.query('UPDATE collection SET state = $2, failure = $3 WHERE document_id = $1', [
            after.documentId,
            toExactJson(after),
            outcome === 'refused' ? 'The test payment was refused.' : null,
          ]);
          await tellCollected(client, { before, after, nowMs });
          for (const note of settled.notes) await writeNote(client, note);
          await postTransactions(client, settled.transactions, { platformId, nowMs });
          return after;
        });
      },
    },
  };
}

interface ClosingRow {
  readonly period: string;
  readonly issued_at: Date | null;
  readonly account_count: number;
  readonly kept_count: number;
  readonly document_count: number;
}
