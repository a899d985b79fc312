import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { Pool } from 'pg';

/** By how much the clocks of accounts are ahead, of those that are (PRD-1): few, and none of them live. */
export async function aheadOf(
  pool: Pool,
  uses: readonly { readonly accountId: string }[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ account_id: string; ahead_ms: string }>({
    name: 'accounts_ahead',
    text: 'SELECT * FROM accounts_ahead($1)',
    values: [[...new Set(uses.map(({ accountId }) => accountId))]],
  });
  return new Map(rows.map(({ account_id, ahead_ms }) => [account_id, Number(ahead_ms)]));
}

/** A use by the clock of its account. */
export function shifted<Use extends Pick<UsageRecord, 'accountId' | 'fromMs' | 'toMs'>>(
  use: Use,
  aheadMs: ReadonlyMap<string, number>,
): Use {
  const ms = aheadMs.get(use.accountId);
  return ms === undefined ? use : { ...use, fromMs: use.fromMs + ms, toMs: use.toMs + ms };
}
