import { coveredBy } from '@patchbay/domain/billing/collection/covering';
import type { InvoiceCollection } from '@patchbay/domain/billing/collection/invoice-collection';
import { settleInvoice } from '@patchbay/domain/billing/collection/postings';
import { minorUnitOf } from '@patchbay/domain/billing/money';
import { type Balance, debtOf } from '@patchbay/domain/spending/balance';
import type { PoolClient } from 'pg';
import { tellCollected } from '../billing/document-events.ts';
import { collectionFromRow, postTransactions } from '../billing/document-rows.ts';
import { toExactJson } from '../billing/exact-json.ts';
import { readNotes, writeNotes } from '../billing/payout-notes.ts';

/** Whose balance it is, in the scope of the platform. */
interface Covered {
  readonly client: PoolClient;
  readonly accountId: string;
  readonly platformId: string;
  readonly nowMs: number;
}

/** Whether a change of a balance may pay invoices, or leave them unpaid again: use of this month is on none yet. */
export function changesDebt(before: Balance, after: Balance): boolean {
  const periods = new Set([...before.draws, ...after.draws].map(({ period }) => period));
  const owed = ({ draws }: Balance, period: string) =>
    debtOf({ draws: draws.filter((each) => each.period === period) });
  return [...periods].some((period) => owed(before, period) !== owed(after, period));
}

/**
 * Brings the invoices that a balance pays to what money or credit has paid of them by now, and with them what those above
 * may be paid. The balance is held by whoever changed it.
 */
export async function coverInvoices({ client, accountId, platformId, nowMs }: Covered): Promise<void> {
  const { rows } = await client.query<{ state: unknown }>(
    `SELECT state FROM collection WHERE account_id = $1 AND kind = 'invoice' AND state ? 'isPaidFromBalance'
     ORDER BY period, document_id FOR UPDATE`,
    [accountId],
  );
  const invoices = rows.map(({ state }) => collectionFromRow(state) as InvoiceCollection);
  const [first] = invoices;
  if (first === undefined) return;
  const owed = await client.query<{ owed: string }>(owedSql, [accountId]);
  const unit = minorUnitOf(first.currency);
  const owedMinorUnits = (BigInt(owed.rows[0]?.owed ?? '0') + unit - 1n) / unit;
  for (const [index, after] of coveredBy(invoices, owedMinorUnits).entries()) {
    const before = invoices[index];
    if (before === undefined || before === after) continue;
    const notes = await readNotes(client, after);
    const settled = settleInvoice({ before, after, notes, platformId });
    await client.query('UPDATE collection SET state = $2 WHERE document_id = $1', [
      after.documentId,
      toExactJson(after),
    ]);
    await tellCollected(client, { before, after, nowMs });
    await writeNotes(client, settled.notes, nowMs);
    await postTransactions(client, settled.transactions, { platformId, nowMs });
  }
}

/** What is owed of months that have their invoice, less what came late and is on none yet: that is what money pays last. */
const owedSql = `
  WITH billed AS (SELECT max(period) FILTER (WHERE billed > 0) AS last, coalesce(sum(billed), 0) AS amount
    FROM prepaid_month WHERE account_id = $1),
  drawn AS (SELECT coalesce(sum(d.amount), 0) AS amount, coalesce(sum(d.amount) FILTER (WHERE d.credit_id = ''), 0) AS owed
    FROM prepaid_draw d, billed b WHERE d.account_id = $1 AND d.period <= b.last)
  SELECT greatest(0, d.owed - greatest(0, d.amount - b.amount))::text AS owed FROM drawn d, billed b`;
