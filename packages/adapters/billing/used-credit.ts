import { minorUnitOf } from '@patchbay/domain/billing/money';
import type { PoolClient } from 'pg';

/**
 * In minor units, what others used of credit that an account gave, and that no payout was kept for and no invoice has asked for
 * yet (BIL-5). Below zero: more was, than was used in the end.
 *
 * @param of.byEndOf A month: what was used of later ones does not count. Absent: all does.
 */
export async function usedCreditOf(
  client: PoolClient,
  of: { readonly accountId: string; readonly currency: string; readonly byEndOf?: string },
): Promise<bigint> {
  const { rows } = await client.query<{ used: string }>('SELECT given_credit_used($1, $2)::text AS used', [
    of.accountId,
    of.byEndOf ?? null,
  ]);
  return BigInt(rows[0]?.used ?? '0') / minorUnitOf(of.currency);
}

/** Those of a tree that owe for credit which they gave, or are owed for it, whether they used anything themselves or not. */
export async function owingGivers(
  client: PoolClient,
  { treeId, topId, byEndOf }: { readonly treeId: string; readonly topId: string; readonly byEndOf: string },
): Promise<readonly string[]> {
  const { rows } = await client.query<{ account_id: string; currency: string; used: string }>(
    `SELECT a.id AS account_id, a.currency, given_credit_used(a.id, $3)::text AS used
     FROM (SELECT DISTINCT given_by_id AS id FROM credit WHERE given_by_id <> $2) g JOIN account a ON a.id = g.id
     WHERE CASE WHEN $1 = '' THEN NOT a.is_test ELSE a.root_id = $1 END ORDER BY a.id`,
    [treeId, topId, byEndOf],
  );
  return rows
    .filter(({ currency, used }) => BigInt(used) / minorUnitOf(currency) !== 0n)
    .map(({ account_id }) => account_id);
}
