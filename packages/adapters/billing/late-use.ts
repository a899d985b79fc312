import { minorUnits } from '@patchbay/domain/billing/money';
import { nextPeriod, type Period, periodAt, periodOf, stateAt } from '@patchbay/domain/billing/period';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import type { AccountAccrual } from './billing-store.ts';
import type { LateAccounts } from './late-accounts.ts';

/**
 * The month after the last that is closed, where something of a closed one is in no document yet: it closes for that alone,
 * although nothing happened in it.
 */
export async function monthAfterClosed(
  client: PoolClient,
  { treeId, nowMs }: { readonly treeId: string; readonly nowMs: number },
): Promise<Period | undefined> {
  const { rows } = await client.query<{ period: string | null }>(
    'SELECT max(period) AS period FROM billing_closing WHERE tree_id = $1 AND issued_at IS NOT NULL',
    [treeId],
  );
  const last = rows[0]?.period ?? undefined;
  if (last === undefined) return undefined;
  const after = nextPeriod(periodOf(last));
  // All books of a year are looked at for it, so not before it may close.
  if (stateAt(after, nowMs) !== 'closed') return undefined;
  return (await lateAccounts(client, treeId, after)).length > 0 ? after : undefined;
}

/** Those of which closed months before `period` come to more or less than documents say, from the lowest up. */
export async function lateAccounts(
  client: PoolClient,
  treeId: string,
  period: Period,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ account_id: string }>(
    'SELECT account_id FROM billing_late_accounts($1, $2, $3)',
    [treeId, period.name, JSON.stringify(minorUnits())],
  );
  return rows.map(({ account_id }) => account_id);
}

interface LateUseOptions {
  readonly pool: Pool;
  readonly accrual: AccountAccrual;
  readonly nowMs: () => number;
  readonly isStopped?: () => boolean;
}

/** What came late of months that were closed before use of them ended is in the ledger before the next closes, the oldest first. */
export async function accrueLateUse(
  { pool, accrual, nowMs, isStopped = () => false }: LateUseOptions,
  {
    id: treeId,
    topId,
    aheadMs = 0,
  }: { readonly id: string; readonly topId: string; readonly aheadMs?: number },
  { period, late }: { readonly period: Period; readonly late: LateAccounts },
): Promise<void> {
  const unsettled: Period[] = [];
  for (
    let month = periodAt(period.fromMs - 1);
    stateAt(month, nowMs() + aheadMs) === 'settling';
    month = periodAt(month.fromMs - 1)
  )
    unsettled.unshift(month);
  for (const month of unsettled) {
    const kept = await keptAccounts(pool, topId, month);
    if (kept.size === 0) continue;
    for (const accountId of await accrual.activeAccounts(month, treeId)) {
      if (isStopped()) return;
      await late.holding(accountId, month, () => accrual.accrue(accountId, month));
    }
  }
}

/** Those of which the statement of a month is kept. */
export async function keptAccounts(pool: Pool, topId: string, period: Period): Promise<ReadonlySet<string>> {
  const { rows } = await inAccountScope(pool, topId, (client) =>
    client.query<{ account_id: string }>('SELECT account_id FROM closed_statement WHERE period = $1', [
      period.name,
    ]),
  );
  return new Set(rows.map(({ account_id }) => account_id));
}
