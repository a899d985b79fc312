import type { Pool } from 'pg';

/** On whose books an account is: the live ones, or those of tests (PRD-1). */
export interface AccountBooks {
  /** The top of its tree, with which it settles: the platform's account, or the twin of that. */
  readonly topId: string;
  readonly isTest: boolean;
}

/** Answers that are kept. */
const ACCOUNT_COUNT_MAX = 10_000;

/** Whose books an account is on. That never changes, so it is asked once. Undefined: there is no such account. */
export function booksReader(pool: Pool): (accountId: string) => Promise<AccountBooks | undefined> {
  const known = new Map<string, AccountBooks>();
  return async (accountId) => {
    const before = known.get(accountId);
    if (before !== undefined) return before;
    const { rows } = await pool.query<{ top_id: string; is_test: boolean }>(
      'SELECT * FROM account_books($1)',
      [accountId],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const books = { topId: row.top_id, isTest: row.is_test };
    known.set(accountId, books);
    for (const oldest of known.keys()) {
      if (known.size <= ACCOUNT_COUNT_MAX) break;
      known.delete(oldest);
    }
    return books;
  };
}

/** The top of the trees of tests, which collects what is on their books. Undefined: nobody has tried anything yet. */
export async function testTop(pool: Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ top_id: string }>('SELECT top_id FROM test_trees() LIMIT 1');
  return rows[0]?.top_id;
}

export type BooksReader = ReturnType<typeof booksReader>;

/** By how much the clock of an account's books is ahead of the time: 0 for whatever is live. */
export type AheadOf = (accountId: string) => Promise<number>;
export const neverAhead: AheadOf = async () => 0;

/** For what is live nothing is asked. */
export const aheadReader =
  (pool: Pool, booksOf: BooksReader): AheadOf =>
  async (accountId) => {
    if ((await booksOf(accountId))?.isTest !== true) return 0;
    const { rows } = await pool.query<{ ms: string }>('SELECT account_ahead_ms($1) AS ms', [accountId]);
    return Number(rows[0]?.ms ?? 0);
  };
