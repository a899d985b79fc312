import type { InvoiceCollection } from '@patchbay/domain/billing/collection/invoice-collection';
import type { PayoutCollection } from '@patchbay/domain/billing/collection/payout-collection';
import { setOffPayout } from '@patchbay/domain/billing/collection/postings';
import { minorUnitOf } from '@patchbay/domain/billing/money';
import type { PoolClient } from 'pg';
import { collectionFromRow, postTransactions } from './document-rows.ts';
import { toExactJson } from './exact-json.ts';

/** The payout notes of those who earn of an invoice, held until the transaction ends; always in one order. */
export async function readNotes(
  client: PoolClient,
  { shares, period }: Pick<InvoiceCollection, 'shares' | 'period'>,
): Promise<readonly PayoutCollection[]> {
  if (shares.length === 0) return [];
  const { rows } = await client.query<{ state: unknown }>(
    `SELECT state FROM collection WHERE period = $1 AND kind = 'payout' AND account_id = ANY($2)
     ORDER BY document_id FOR UPDATE`,
    [period, shares.map(({ accountId }) => accountId)],
  );
  return rows.map(({ state }) => collectionFromRow(state) as PayoutCollection);
}

export async function writeNote(client: PoolClient, note: PayoutCollection): Promise<void> {
  await client.query('UPDATE collection SET state = $2 WHERE document_id = $1', [
    note.documentId,
    toExactJson(note),
  ]);
}

/** Of these accounts the payout notes of those that gave credit to others, and whose note nothing was set off from yet. */
export async function notesToSetOff(
  client: PoolClient,
  { period, accountIds }: { readonly period: string; readonly accountIds: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await client.query<{ document_id: string }>(
    `SELECT c.document_id FROM collection c
     WHERE c.period = $1 AND c.kind = 'payout' AND c.account_id = ANY($2) AND NOT c.state ? 'setOffMinorUnits'
       -- Credit is given of money that is with the platform, and a payout of a seller is none of that.
       AND c.collector_id IS NULL
       AND EXISTS (SELECT 1 FROM credit g WHERE g.given_by_id = c.account_id)
     ORDER BY c.document_id`,
    [period, accountIds],
  );
  return rows.map(({ document_id }) => document_id);
}

/** Keeps of a payout what others used of credit that its account gave, as far as no payout before was kept for it (BIL-5). */
export async function setOffNote(
  client: PoolClient,
  documentId: string,
  { platformId, nowMs }: { readonly platformId: string; readonly nowMs: number },
): Promise<void> {
  const held = await client.query<{ state: unknown }>(
    'SELECT state FROM collection WHERE document_id = $1 FOR UPDATE',
    [documentId],
  );
  const note = collectionFromRow(held.rows[0]?.state);
  if (note.kind !== 'payout' || note.setOffMinorUnits !== undefined) return;
  const { rows } = await client.query<{ used: string }>(usedSql, [note.accountId, note.currency]);
  const used = BigInt(rows[0]?.used ?? '0');
  const setOff = setOffPayout(note, { usedMinorUnits: used / minorUnitOf(note.currency), platformId });
  await writeNote(client, setOff.note);
  await postTransactions(client, setOff.transactions, { platformId, nowMs });
}

/** What an account bears of what it gave, less what is left of it, in one look at both: what was used and is not paid for. */
const usedSql = `
  SELECT (SELECT coalesce(-sum(e.amount), 0) FROM ledger_entry e
      WHERE e.account_id = $1 AND e.book = 'granted' AND ledger_is_collecting(e.book) AND e.currency = $2)
    - (SELECT coalesce(sum(c.left_amount), 0) FROM credit c JOIN account a ON a.id = c.account_id
      WHERE c.given_by_id = $1 AND a.currency = $2) AS used`;
