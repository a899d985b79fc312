import type { InvoiceCollection } from '@patchbay/domain/billing/collection/invoice-collection';
import {
  type PayoutCollection,
  taxHeldId,
  weighed,
} from '@patchbay/domain/billing/collection/payout-collection';
import { setOffPayout } from '@patchbay/domain/billing/collection/postings';
import { minorUnitOf } from '@patchbay/domain/billing/money';
import type { PoolClient } from 'pg';
import { collectionFromRow, insertCollection, postTransactions } from './document-rows.ts';
import { toExactJson } from './exact-json.ts';
import { usedCreditOf } from './used-credit.ts';

/**
 * The payouts of those who earn of an invoice, and what is held of tax for its seller, held until the transaction ends; always in
 * one order. Of an account that had no payout then, the one of nothing that stands for it.
 */
export async function readNotes(
  client: PoolClient,
  invoice: Pick<InvoiceCollection, 'shares' | 'period' | 'currency' | 'collectorId' | 'taxSellerId'>,
): Promise<readonly PayoutCollection[]> {
  const { shares, period, collectorId, taxSellerId } = invoice;
  if (shares.length === 0 && taxSellerId === undefined) return [];
  const { rows } = await client.query<{ state: unknown }>(
    `SELECT state FROM collection WHERE (period = $1 AND kind = 'payout' AND account_id = ANY($2)
       AND collector_id IS NOT DISTINCT FROM $3) OR document_id = $4
     ORDER BY document_id FOR UPDATE`,
    [
      period,
      shares.map(({ accountId }) => accountId),
      collectorId ?? null,
      taxSellerId === undefined ? null : taxHeldId(invoice, taxSellerId),
    ],
  );
  return rows.map(({ state }) => collectionFromRow(state) as PayoutCollection);
}

/** All payouts of the account that one is of, held as `readNotes` does. Of what is no payout, none. */
export async function holdPayouts(
  client: PoolClient,
  documentId: string,
): Promise<readonly PayoutCollection[]> {
  const { rows } = await client.query<{ state: unknown }>(
    `SELECT state FROM collection WHERE kind = 'payout'
       AND account_id = (SELECT account_id FROM collection WHERE document_id = $1 AND kind = 'payout')
     ORDER BY document_id FOR UPDATE`,
    [documentId],
  );
  return rows.map(({ state }) => collectionFromRow(state) as PayoutCollection);
}

/** A payout as it is issued, in the place of one of nothing that invoices may have weighed on before. */
export async function insertPayout(client: PoolClient, payout: PayoutCollection): Promise<void> {
  const { documentId, accountId, period, collectorId } = payout;
  const { rows } = await client.query<{ document_id: string; state: unknown }>(
    `SELECT document_id, state FROM collection WHERE period = $1 AND kind = 'payout' AND account_id = $2
       AND collector_id IS NOT DISTINCT FROM $3 FOR UPDATE`,
    [period, accountId, collectorId ?? null],
  );
  const [held] = rows;
  if (held === undefined) return await insertCollection(client, payout);
  const { backing } = collectionFromRow(held.state) as PayoutCollection;
  await client.query('UPDATE collection SET document_id = $2, state = $3 WHERE document_id = $1', [
    held.document_id,
    documentId,
    toExactJson({ ...payout, backing }),
  ]);
}

/** The payouts of those who earn of an invoice wait for it, too. */
export async function weighNotes(
  client: PoolClient,
  invoice: InvoiceCollection,
): Promise<readonly PayoutCollection[]> {
  const held = await readNotes(client, invoice);
  const notes = weighed(invoice, held);
  for (const note of notes)
    await (held.some(({ documentId }) => documentId === note.documentId)
      ? writeNote(client, note)
      : insertCollection(client, note));
  return notes;
}

/**
 * Keeps what changed of payouts, and has them looked at, with those of the same accounts that lack something behind them. One
 * of a month that is still being closed has no time yet.
 */
export async function writeNotes(
  client: PoolClient,
  notes: readonly PayoutCollection[],
  nowMs: number,
): Promise<void> {
  for (const note of notes) {
    await writeNote(client, note);
    await client.query(wakeSql, [
      note.documentId,
      note.accountId,
      minorUnitOf(note.currency).toString(),
      new Date(nowMs),
    ]);
  }
}

/** One that is held by another is looked at there, or within hours: whoever waited for it could wait for ever. */
const wakeSql = `
  UPDATE collection SET next_at = $4 WHERE document_id IN (
    SELECT document_id FROM collection WHERE kind IN ('payout', 'tax') AND account_id = $2 AND next_at <> 'infinity'
      AND (document_id = $1 OR (state #>> '{backing,weight,bigint}')::numeric
        < (state #>> '{totalMinorUnits,bigint}')::numeric * $3::numeric)
    FOR UPDATE SKIP LOCKED)`;

export async function writeNote(client: PoolClient, note: PayoutCollection): Promise<void> {
  await client.query('UPDATE collection SET state = $2 WHERE document_id = $1', [
    note.documentId,
    toExactJson(note),
  ]);
}

/**
 * Of these accounts the payout notes of those that gave credit to others, and whose note nothing was set off from yet; behind them
 * what is held of tax for such: no money came in for what their own credit paid.
 */
export async function notesToSetOff(
  client: PoolClient,
  { period, accountIds }: { readonly period: string; readonly accountIds: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await client.query<{ document_id: string }>(
    `SELECT c.document_id FROM collection c
     WHERE c.period = $1 AND c.account_id = ANY($2)
       AND (c.kind = 'tax' OR (c.kind = 'payout' AND EXISTS (SELECT 1 FROM document d WHERE d.id = c.document_id))) AND NOT c.state ? 'setOffMinorUnits'
       -- Credit is given of money that is with the platform, and a payout of a seller is none of that.
       AND c.collector_id IS NULL
       AND EXISTS (SELECT 1 FROM credit g WHERE g.given_by_id = c.account_id)
     ORDER BY c.kind, c.document_id`,
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
  const used = await usedCreditOf(client, note);
  // What was kept too much before goes with a payout, and never as tax.
  const usedMinorUnits = note.purpose === 'tax' && used < 0n ? 0n : used;
  const setOff = setOffPayout(note, { usedMinorUnits, platformId });
  await writeNote(client, setOff.note);
  await postTransactions(client, setOff.transactions, { platformId, nowMs });
}
