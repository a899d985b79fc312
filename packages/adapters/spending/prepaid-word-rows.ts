import { nano } from '@patchbay/domain/billing/money';
import type { PrepaidWord } from '@patchbay/domain/spending/prepaid-word';
import type { PoolClient } from 'pg';

/** Who keeps an account prepaid. Where nobody does it pays after the month. */
export async function readPrepaidWords(
  client: PoolClient,
  accountId: string,
): Promise<readonly PrepaidWord[]> {
  const { rows } = await client.query<{ by_id: string; overdraft: string }>(
    'SELECT by_id, overdraft FROM prepaid_word WHERE account_id = $1 ORDER BY by_id',
    [accountId],
  );
  return rows.map(({ by_id, overdraft }) => ({ byId: by_id, overdraft: nano(BigInt(overdraft)) }));
}

/** In place of those that stood. A move away from below the account comes before, or after, for it looks at them. */
export async function writePrepaidWords(
  client: PoolClient,
  accountId: string,
  words: readonly PrepaidWord[],
): Promise<void> {
  await client.query('SELECT 1 FROM account WHERE id = $1 FOR SHARE', [accountId]);
  await client.query('DELETE FROM prepaid_word WHERE account_id = $1', [accountId]);
  await client.query(
    'INSERT INTO prepaid_word (account_id, by_id, overdraft) SELECT $1, * FROM unnest($2::text[], $3::numeric[])',
    [accountId, words.map(({ byId }) => byId), words.map(({ overdraft }) => overdraft.toString())],
  );
}
