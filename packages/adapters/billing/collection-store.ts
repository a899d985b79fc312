import type {
  Collection,
  CollectionChange,
  CollectionStore,
  HeldCollection,
  PendingStep,
} from '@patchbay/domain/billing/collection/collection-store';
import { toppedUpOf, unnotedRefunds } from '@patchbay/domain/billing/collection/invoice-collection';
import type { RailNotice } from '@patchbay/domain/billing/collection/rail';
import { minorUnitOf, nano } from '@patchbay/domain/billing/money';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { creditTopUp } from '../spending/balance-changes.ts';
import { tellCollected, tellDifferences } from './document-events.ts';
import {
  collectionFromRow,
  documentFromRow,
  issueCreditNote,
  postTransactions,
  readParty,
} from './document-rows.ts';
import { fromExactJson, toExactJson } from './exact-json.ts';
import { holdPayouts, readNotes, writeNotes } from './payout-notes.ts';

export interface CollectionStoreOptions {
  readonly pool: Pool;
  readonly platformAccount: () => Promise<string>;
  readonly nowMs: () => number;
  /** Money came in for a balance, or went back. Told after it is kept. */
  readonly onBalanceChanged?: (accountId: string) => Promise<void>;
}

interface CollectionRow {
  readonly account_id: string;
  readonly state: unknown;
  readonly pending: unknown;
  readonly refused_count: number;
  readonly failure: string | null;
}

/** How documents stand at the rail, in PostgreSQL. It works for the platform, which collects (decision 0006). */
export function collectionStore(options: CollectionStoreOptions): CollectionStore {
  const { pool, platformAccount, nowMs, onBalanceChanged } = options;
  return {
    async due(atMs, countMax) {
      return await inAccountScope(pool, await platformAccount(), async (client) => {
        const { rows } = await client.query<{ document_id: string }>(
          'SELECT document_id FROM collection WHERE next_at <= $1 ORDER BY next_at, document_id LIMIT $2',
          [new Date(atMs), countMax],
        );
        return rows.map(({ document_id }) => document_id);
      });
    },
    async change(documentId, change) {
      const platformId = await platformAccount();
      let changedId: string | undefined;
      const after = await inAccountScope(pool, platformId, async (client) => {
        const held = await hold(client, documentId, platformId);
        if (held === undefined) return undefined;
        const made = change(held);
        if (made === undefined) return held;
        if (await keep(client, held, { made, nowMs: nowMs() })) changedId = held.collection.accountId;
        return await hold(client, documentId, platformId);
      });
      if (changedId !== undefined) await onBalanceChanged?.(changedId);
      return after;
    },
    async fault(documentId, { failure, againAtMs }) {
      await inAccountScope(pool, await platformAccount(), async (client) => {
        const { rows } = await client.query<{ fault_count: number }>(
          `UPDATE collection SET failure = $2, fault_count = fault_count + 1 WHERE document_id = $1
           RETURNING fault_count`,
          [documentId, failure],
        );
        const at = new Date(againAtMs(rows[0]?.fault_count ?? 1));
        await client.query('UPDATE collection SET next_at = $2 WHERE document_id = $1', [documentId, at]);
      });
    },
  };
}

async function hold(
  client: PoolClient,
  documentId: string,
  platformId: string,
): Promise<HeldCollection | undefined> {
  // First, so that they are held in one order.
  const payouts = await holdPayouts(client, documentId);
  const { rows } = await client.query<CollectionRow>(
    'SELECT account_id, state, pending, refused_count, failure FROM collection WHERE document_id = $1 FOR UPDATE',
    [documentId],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const collection = collectionFromRow(row.state);
  const known = await client.query<{
    name: string;
    customer_id: string | null;
    payee_id: string | null;
    is_payable: boolean | null;
  }>(
    `SELECT a.name, r.customer_id, r.payee_id, r.is_payable FROM account a
     LEFT JOIN (SELECT account_id, customer_id, payee_id, is_payable FROM rail_party WHERE $2::text IS NULL
       UNION ALL SELECT account_id, customer_id, payee_id, is_payable FROM own_rail_party WHERE collector_id = $2) r
       ON r.account_id = a.id
     WHERE a.id = $1`,
    [row.account_id, collection.collectorId ?? null],
  );
  const [party] = known.rows;
  const said = await readParty(client, row.account_id);
  return {
    collection,
    platformId: collection.collectorId ?? platformId,
    refusedCount: row.refused_count,
    notes: collection.kind === 'invoice' ? await readNotes(client, collection) : [],
    others: payouts.filter((each) => each.documentId !== documentId),
    name: said?.legalName ?? party?.name ?? row.account_id,
    ...(said?.email === undefined ? {} : { email: said.email }),
    ...(row.pending === null ? {} : { pending: fromExactJson(row.pending) as PendingStep }),
    ...(row.failure === null ? {} : { failure: row.failure }),
    ...(party?.customer_id == null ? {} : { customerId: party.customer_id }),
    ...(party?.payee_id == null || party.is_payable !== true ? {} : { payeeId: party.payee_id }),
  };
}

/** Whether a balance is worth more or less by it. */
async function keep(
  client: PoolClient,
  { collection: before, ...held }: HeldCollection,
  { made, nowMs }: { readonly made: CollectionChange; readonly nowMs: number },
): Promise<boolean> {
  const collection = await withNotes(client, made.collection ?? before, nowMs);
  const pending = made.pending === undefined ? held.pending : made.pending;
  const failure = made.failure === undefined ? held.failure : made.failure;
  const { documentId, accountId } = collection;
  await client.query(
    `UPDATE collection SET state = $2, pending = $3, refused_count = $4, failure = $5, rail_id = $6,
       fault_count = CASE WHEN $8 THEN 0 ELSE fault_count END, next_at = coalesce($7::timestamptz, next_at)
     WHERE document_id = $1`,
    [
      documentId,
      toExactJson(collection),
      pending == null ? null : toExactJson(pending),
      made.refusedCount ?? held.refusedCount,
      failure ?? null,
      collection.kind === 'invoice' ? (collection.invoiceId ?? null) : null,
      made.nextAtMs === undefined
        ? null
        : made.nextAtMs === Number.POSITIVE_INFINITY
          ? 'infinity'
          : new Date(made.nextAtMs),
      made.failure === null,
    ],
  );
  await tellCollected(client, { before, after: collection, nowMs });
  await tellDifferences(client, { before, after: collection, collectorId: held.platformId, nowMs });
  // One that it was linked to meanwhile stays.
  if (made.customerId !== undefined)
    await (collection.collectorId === undefined
      ? client.query(
          `INSERT INTO rail_party (account_id, customer_id) VALUES ($1, $2)
           ON CONFLICT (account_id) DO UPDATE SET customer_id = coalesce(rail_party.customer_id, excluded.customer_id)`,
          [accountId, made.customerId],
        )
      : client.query(
          `INSERT INTO own_rail_party AS r (account_id, customer_id, collector_id) VALUES ($1, $2, $3)
           ON CONFLICT (collector_id, account_id)
             DO UPDATE SET customer_id = coalesce(r.customer_id, excluded.customer_id)`,
          [accountId, made.customerId, collection.collectorId],
        ));
  await writeNotes(client, made.notes ?? [], nowMs);
  await postTransactions(client, made.transactions ?? [], { platformId: held.platformId, nowMs });
  if (collection.kind === 'invoice' && collection.purpose === 'top-up') {
    const { currency } = collection;
    const toppedUp = nano(toppedUpOf(collection) * minorUnitOf(currency));
    const frame = { client, accountId, platformId: held.platformId, nowMs };
    return await creditTopUp(frame, { topUpId: documentId, toppedUp });
  }
  return false;
}

/** Issues a credit note for each refund that somebody made at the rail by hand: what went back is on a document, however it went. */
async function withNotes(client: PoolClient, collection: Collection, nowMs: number): Promise<Collection> {
  if (collection.kind !== 'invoice') return collection;
  const refunds = unnotedRefunds(collection);
  if (refunds.length === 0) return collection;
  const { rows } = await client.query<{ content: unknown }>('SELECT content FROM document WHERE id = $1', [
    collection.documentId,
  ]);
  if (rows[0] === undefined) return collection;
  const invoice = documentFromRow(rows[0].content);
  for (const { minorUnits } of refunds) await issueCreditNote(client, invoice, { minorUnits, nowMs });
  const noted = [...(collection.notedRefundIds ?? []), ...refunds.map(({ id }) => id)];
  return { ...collection, notedRefundIds: noted };
}

/** What a rail told and nobody looked at yet. */
export interface RailNotices {
  /** Whether it is new: a rail tells everything at least once. */
  keep(notice: RailNotice): Promise<boolean>;
  waiting(countMax: number): Promise<readonly RailNotice[]>;
  /** Has looked at what it is about: the document of an invoice, or payouts that wait for a payee. */
  handled(
    notice: RailNotice,
    about: { readonly invoiceId?: string; readonly isPayable?: boolean },
  ): Promise<void>;
  /** Removes what was told so long ago that it is not told again. */
  forget(beforeMs: number): Promise<number>;
}

/** What was told of the books of tests, beside what is of the platform or of a seller. */
const OF_TESTS = 'tests';

export function railNotices({
  pool,
  platformAccount,
  nowMs,
  isOfTests = false,
}: CollectionStoreOptions & { readonly isOfTests?: boolean }): RailNotices {
  const toldTo = (collectorId = ''): string => (isOfTests ? OF_TESTS : collectorId);
  return {
    async keep({ collectorId, id, type, subject }) {
      const { rowCount } = await pool.query(
        `INSERT INTO rail_notice (collector_id, id, type, subject) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [toldTo(collectorId), id, type, JSON.stringify(subject)],
      );
      return rowCount === 1;
    },
    async waiting(countMax) {
      const { rows } = await pool.query<Omit<RailNotice, 'collectorId'> & { readonly collector_id: string }>(
        `SELECT collector_id, id, type, subject FROM rail_notice
         WHERE handled_at IS NULL AND (collector_id = $2) = $3 ORDER BY received_at LIMIT $1`,
        [countMax, OF_TESTS, isOfTests],
      );
      return rows.map(({ collector_id, ...notice }) => ({
        ...notice,
        ...(collector_id === '' || isOfTests ? {} : { collectorId: collector_id }),
      }));
    },
    async handled({ collectorId = '', id, subject }, { invoiceId, isPayable }) {
      const at = new Date(nowMs());
      await inAccountScope(pool, await platformAccount(), async (client) => {
        if (invoiceId !== undefined)
          await client.query(
            "UPDATE collection SET next_at = $3 WHERE rail_id = $1 AND coalesce(collector_id, '') = $2",
            [invoiceId, collectorId, at],
          );
        if (subject.kind === 'transfer')
          await client.query(
            `UPDATE collection SET next_at = $3 WHERE kind IN ('payout', 'tax') AND next_at <> 'infinity'
               AND state -> 'transfers' @> jsonb_build_array(jsonb_build_object('transferId', $1::text))
               AND coalesce(collector_id, '') = $2`,
            [subject.id, collectorId, at],
          );
        if (isPayable !== undefined)
          await (collectorId === ''
            ? client.query(payableSql, [subject.id, isPayable, at])
            : client.query(ownPayableSql, [subject.id, isPayable, at, collectorId]));
        await client.query('UPDATE rail_notice SET handled_at = $3 WHERE collector_id = $1 AND id = $2', [
          toldTo(collectorId),
          id,
          at,
        ]);
      });
    },
    async forget(beforeMs) {
      const { rowCount } = await pool.query(
        'DELETE FROM rail_notice WHERE received_at < $1 AND handled_at IS NOT NULL',
        [new Date(beforeMs)],
      );
      return rowCount ?? 0;
    },
  };
}

/** Those of a month that is still being closed have no time yet. */
const payableSql = `
  WITH payee AS (UPDATE rail_party SET is_payable = $2 WHERE payee_id = $1 RETURNING account_id)
  UPDATE collection SET next_at = $3 WHERE kind IN ('payout', 'tax') AND next_at <> 'infinity' AND collector_id IS NULL
    AND account_id IN (SELECT account_id FROM payee)`;

const ownPayableSql = `
  WITH payee AS (UPDATE own_rail_party SET is_payable = $2 WHERE payee_id = $1 AND collector_id = $4 RETURNING account_id)
  UPDATE collection SET next_at = $3 WHERE kind IN ('payout', 'tax') AND next_at <> 'infinity' AND collector_id = $4
    AND account_id IN (SELECT account_id FROM payee)`;
