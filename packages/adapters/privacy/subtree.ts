import type { PoolClient } from 'pg';

/** The account behind one, of those at and below `root`, in the order of their ids. */
export async function accountAfter(
  client: PoolClient,
  root: string,
  after: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT c.descendant_id AS id FROM account_closure c WHERE c.ancestor_id = $1 AND c.descendant_id > $2
     AND c.valid_to = 'infinity' ORDER BY 1 LIMIT 1`,
    [root, after],
  );
  return rows[0]?.id;
}
