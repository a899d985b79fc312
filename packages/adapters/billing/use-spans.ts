import type { UseSpansOf } from '@patchbay/domain/policy/spent';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import type { BooksReader } from './account-books.ts';

/** Where use of test accounts is written that was made since a time: by their clocks, and also of those whose place they took (PRD-1). */
export const usedSpansReader =
  (pool: Pool, booksOf: BooksReader): UseSpansOf =>
  async (accountId, { fromMs, nowMs }) => {
    const books = await booksOf(accountId);
    if (books?.isTest !== true) return [{ accountId, fromMs, toMs: nowMs }];
    return await inAccountScope(pool, books.topId, async (client) => {
      const { rows } = await client.query<{ account_id: string; from_at: Date; to_at: Date }>(
        'SELECT * FROM test_use_spans($1, $2)',
        [accountId, new Date(fromMs)],
      );
      return rows.map((row) => ({
        accountId: row.account_id,
        fromMs: row.from_at.getTime(),
        toMs: row.to_at.getTime(),
      }));
    });
  };
