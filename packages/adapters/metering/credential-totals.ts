import type { Pool } from 'pg';
import { inAccountScope } from './account-scope.ts';

export interface CredentialTotalsRequest {
  readonly accountId: string;
  readonly credentialId: string;
  /** The levels of the credential, its own included. */
  readonly prefixIds: readonly string[];
}

export interface PrefixTotal {
  readonly prefixId: string;
  readonly bytes: number;
  readonly milliseconds: number;
}

/**
 * What was relayed with a credential's levels so far: at each level the use of all credentials narrowed from it. Asking
 * makes the credential known at its levels, so a relay asks before it first admits one that counts in total (ACC-7).
 */
export async function credentialTotals(
  pool: Pool,
  request: CredentialTotalsRequest,
): Promise<readonly PrefixTotal[]> {
  const { accountId, credentialId, prefixIds } = request;
  return inAccountScope(pool, accountId, async (client) => {
    await client.query(
      `INSERT INTO credential_prefix (account_id, prefix_id, credential_id)
       SELECT $1, prefix_id, $3 FROM unnest($2::text[]) AS prefix_id ORDER BY 2 ON CONFLICT DO NOTHING`,
      [accountId, prefixIds, credentialId],
    );
    const { rows } = await client.query<{ prefix_id: string; bytes: string; milliseconds: string }>(
      `SELECT p.prefix_id,
         coalesce(sum(u.sum) FILTER (WHERE u.meter = 'network-discovery.bytes'), 0)::text AS bytes,
         coalesce(sum(u.sum) FILTER (WHERE u.meter = 'network-discovery.allocationMs'), 0)::text AS milliseconds
       FROM credential_prefix p
       LEFT JOIN usage_session u ON u.account_id = p.account_id AND u.credential_id = p.credential_id
       WHERE p.account_id = $1 AND p.prefix_id = ANY ($2) GROUP BY p.prefix_id`,
      [accountId, prefixIds],
    );
    return rows.map((row) => ({
      prefixId: row.prefix_id,
      bytes: Number(row.bytes),
      milliseconds: Number(row.milliseconds),
    }));
  });
}
