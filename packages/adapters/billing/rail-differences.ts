import type { FoundDifference } from '@patchbay/domain/billing/collection/found-difference';
import type { KeptDifference, Reconciliation } from '@patchbay/domain/billing/collection/reconciliation';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { fromExactJson } from './exact-json.ts';

interface DifferenceRow {
  readonly document_id: string;
  readonly account_id: string;
  readonly period: string;
  readonly number: string | null;
  readonly currency: string;
  readonly differences: unknown;
}

const listSql = `
  SELECT c.document_id, c.account_id, c.period, d.number, c.state ->> 'currency' AS currency, c.state -> 'differences' AS differences
  FROM collection c LEFT JOIN document d ON d.id = c.document_id
  WHERE c.state ? 'differences' AND (c.state ->> 'state' = 'void' AND c.rail_id IS NULL) IS NOT TRUE AND c.collector_id IS NOT DISTINCT FROM $1
    AND ($2::text IS NULL OR c.document_id < $2)
  ORDER BY c.document_id DESC LIMIT $3`;

/** What was asked for and is there at the rail, or was sent: of anything else there is nothing to read. */
const readAgainSql = `
  UPDATE collection SET next_at = $2
  WHERE collector_id IS NOT DISTINCT FROM $1 AND next_at > $2 AND next_at <> 'infinity'
    AND (rail_id IS NOT NULL OR jsonb_array_length(coalesce(state -> 'transfers', '[]')) > 0)`;

/** Where the rail has something else than was asked for, in PostgreSQL. */
export function reconciliation(pool: Pool): Reconciliation {
  return {
    list: ({ accountId, collectorId }, { cursor, limit }) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rows } = await client.query<DifferenceRow>(listSql, [
          collectorId ?? null,
          cursor ?? null,
          limit + 1,
        ]);
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        return {
          items: shown.flatMap(keptOf),
          ...(rows.length > limit && last !== undefined ? { nextCursor: last.document_id } : {}),
        };
      }),
    readAgain: ({ accountId, collectorId }, nowMs) =>
      inAccountScope(pool, accountId, async (client) => {
        const { rowCount } = await client.query(readAgainSql, [collectorId ?? null, new Date(nowMs)]);
        return rowCount ?? 0;
      }),
  };
}

const keptOf = (row: DifferenceRow): readonly KeptDifference[] =>
  (fromExactJson(row.differences) as readonly FoundDifference[]).map((difference) => ({
    ...difference,
    documentId: row.document_id,
    accountId: row.account_id,
    period: row.period,
    currency: row.currency,
    ...(row.number === null ? {} : { documentNumber: row.number }),
  }));
