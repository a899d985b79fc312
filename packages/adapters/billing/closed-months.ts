import type {
  ClosedMonth,
  Correction,
  KeptStatement,
  MonthDocument,
} from '@patchbay/domain/billing/closed-statement';
import { minorUnitOf } from '@patchbay/domain/billing/money';
import type { Period } from '@patchbay/domain/billing/period';
import type { PoolClient } from 'pg';
import { fromExactJson } from './exact-json.ts';

interface ClosedMonthRow {
  readonly issued_at: Date;
  readonly currency: string;
  readonly had_statement: boolean;
  readonly statement: unknown;
}

/** Of test accounts, the closing of their own tree. */
const closedSql = `
  SELECT c.issued_at, a.currency, s.account_id IS NOT NULL AS had_statement, s.statement
  FROM account a
    JOIN billing_closing c ON c.tree_id = CASE WHEN a.is_test THEN a.root_id ELSE '' END
      AND c.period = $2 AND c.issued_at IS NOT NULL
    LEFT JOIN closed_statement s ON s.account_id = a.id AND s.period = $2
  WHERE a.id = $1`;

/** How an account's month was closed. Undefined: it is not, or its documents are still being issued. */
export async function readClosedMonth(
  client: PoolClient,
  accountId: string,
  { name }: Period,
): Promise<ClosedMonth | undefined> {
  const { rows } = await client.query<ClosedMonthRow>(closedSql, [accountId, name]);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    closedAtMs: row.issued_at.getTime(),
    currency: row.currency,
    hadStatement: row.had_statement,
    ...(row.statement === null ? {} : { kept: fromExactJson(row.statement) as KeptStatement }),
    documents: await readDocuments(client, accountId, name),
    corrections: await readCorrections(client, accountId, { period: name, currency: row.currency }),
  };
}

async function readDocuments(
  client: PoolClient,
  accountId: string,
  period: string,
): Promise<readonly MonthDocument[]> {
  const { rows } = await client.query<{ id: string; number: string; kind: string; total: string }>(
    `SELECT id, number, kind, total_minor_units::text AS total FROM document
     WHERE account_id = $1 AND period = $2 AND kind IN ('invoice', 'payout-note') ORDER BY kind`,
    [accountId, period],
  );
  return rows.map(({ id, number, kind, total }) => ({
    side: kind === 'invoice' ? 'charge' : 'payout',
    ...{ id, number, totalMinorUnits: BigInt(total) },
  }));
}

interface CorrectionRow {
  readonly side: Correction['side'];
  readonly minor_units: string;
  readonly id: string | null;
  readonly number: string | null;
}

/** In later documents, and after those what is in none yet. */
const correctionsSql = `
  SELECT CASE WHEN d.kind IN ('invoice', 'comparison') THEN 'charge' ELSE 'payout' END AS side,
    d.by_period ->> $2 AS minor_units, d.id, d.number
  FROM document d
  WHERE d.account_id = $1 AND d.period > $2 AND d.kind <> 'credit-note' AND d.by_period ? $2
  UNION ALL
  SELECT w.side, w.minor_units, NULL, NULL
  FROM billing_outstanding($1, '9999-99', $3) o
    CROSS JOIN LATERAL (VALUES ('charge', trunc(o.charge)::text), ('payout', trunc(o.payout)::text)) w(side, minor_units)
  WHERE o.period = $2 AND w.minor_units <> '0'
  ORDER BY id NULLS LAST, side`;

async function readCorrections(
  client: PoolClient,
  accountId: string,
  { period, currency }: { readonly period: string; readonly currency: string },
): Promise<readonly Correction[]> {
  const { rows } = await client.query<CorrectionRow>(correctionsSql, [
    accountId,
    period,
    minorUnitOf(currency).toString(),
  ]);
  return rows.map(({ side, minor_units, id, number }) => ({
    side,
    minorUnits: BigInt(minor_units),
    ...(id === null || number === null ? {} : { document: { id, number } }),
  }));
}
