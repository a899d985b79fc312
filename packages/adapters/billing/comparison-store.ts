import type { ComparisonBook } from '@patchbay/domain/billing/comparison';
import { minorUnitOf } from '@patchbay/domain/billing/money';
import { periodAt, periodOf } from '@patchbay/domain/billing/period';
import type { Pool } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';

/** More than anybody looks through on a page. */
const CUSTOMER_COUNT_MAX = 2_000;

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly from_period: string;
  readonly to_period: string | null;
}

interface ComparisonRow {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly document_id: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
}

/** Customers that are rated beside another biller, in PostgreSQL (BIL-6). */
export const comparisonStore = (pool: Pool): ComparisonBook => ({
  accounts: (accountId) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<AccountRow>(
        `SELECT * FROM (SELECT DISTINCT ON (a.id) a.id, a.name, a.currency, m.from_period, m.to_period FROM account a
           JOIN compared_months m ON m.account_id = a.id WHERE a.parent_id = $1 ORDER BY a.id, m.from_period DESC) l
         ORDER BY name, id LIMIT $2`,
        [accountId, CUSTOMER_COUNT_MAX],
      );
      return rows.map((row) => ({
        childId: row.id,
        name: row.name,
        currency: row.currency,
        fromPeriod: row.from_period,
        ...(row.to_period === null ? {} : { toPeriod: row.to_period }),
      }));
    }),

  compare: (accountId, period) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<ComparisonRow>(
        `SELECT a.id, a.name, a.currency, d.id AS document_id, d.total_minor_units AS ours, f.minor_units AS theirs
         FROM account a
         LEFT JOIN document d ON d.account_id = a.id AND d.seller_id = $1 AND d.period = $2
           AND d.kind IN ('comparison', 'invoice')
         LEFT JOIN compared_figure f ON f.account_id = a.id AND f.seller_id = $1 AND f.period = $2
         WHERE a.parent_id = $1 AND (f.account_id IS NOT NULL OR d.kind = 'comparison'
           OR EXISTS (SELECT 1 FROM compared_months m WHERE m.account_id = a.id
             AND $2 BETWEEN m.from_period AND coalesce(m.to_period, '9999-12')))
         ORDER BY a.name, a.id LIMIT $3`,
        [accountId, period, CUSTOMER_COUNT_MAX],
      );
      return rows.map((row) => ({
        childId: row.id,
        name: row.name,
        currency: row.currency,
        ...(row.document_id === null ? {} : { documentId: row.document_id }),
        ...(row.ours === null ? {} : { oursMinorUnits: BigInt(row.ours) }),
        ...(row.theirs === null ? {} : { theirsMinorUnits: BigInt(row.theirs) }),
      }));
    }),

  customers: (accountId) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<{ id: string; external_id: string | null; currency: string }>(
        'SELECT id, external_id, currency FROM account WHERE parent_id = $1',
        [accountId],
      );
      return rows.map((row) => ({
        id: row.id,
        ...(row.external_id === null ? {} : { externalId: row.external_id }),
        unit: minorUnitOf(row.currency),
      }));
    }),

  start: (accountId, { childId, fromPeriod }) =>
    inAccountScope(pool, accountId, async (client) => {
      const prepaid = await client.query(
        `SELECT 1 FROM prepaid_account p JOIN account_closure c ON c.descendant_id = p.account_id
         WHERE p.is_prepaid AND c.ancestor_id = $1 AND c.valid_to = 'infinity' LIMIT 1`,
        [childId],
      );
      if (prepaid.rowCount !== 0) return 'prepaid';
      // One that was to end later goes on, and one that is to begin later begins now.
      await client.query('DELETE FROM compared_months WHERE account_id = $1 AND from_period >= $2', [
        childId,
        fromPeriod,
      ]);
      const { rowCount } = await client.query(
        `UPDATE compared_months SET to_period = NULL WHERE account_id = $1 AND coalesce(to_period, '9999-12') >= $2`,
        [childId, monthBefore(fromPeriod)],
      );
      if (rowCount === 0)
        await client.query('INSERT INTO compared_months (account_id, from_period) VALUES ($1, $2)', [
          childId,
          fromPeriod,
        ]);
      return 'started';
    }),

  end: (accountId, { childId, collectFrom }) =>
    inAccountScope(pool, accountId, async (client) => {
      const later = await client.query(
        'DELETE FROM compared_months WHERE account_id = $1 AND from_period >= $2',
        [childId, collectFrom],
      );
      const { rowCount } = await client.query(
        `UPDATE compared_months SET to_period = $2 WHERE account_id = $1 AND coalesce(to_period, '9999-12') > $2`,
        [childId, monthBefore(collectFrom)],
      );
      return (later.rowCount ?? 0) + (rowCount ?? 0) > 0;
    }),

  setFigures: (accountId, figures) =>
    inAccountScope(pool, accountId, async (client) => {
      await client.query(
        `INSERT INTO compared_figure (account_id, seller_id, period, minor_units, changed_at)
         SELECT f.account_id, $1, f.period, f.minor_units, now()
         FROM unnest($2::text[], $3::text[], $4::bigint[]) AS f(account_id, period, minor_units) ORDER BY 1, 3
         ON CONFLICT (account_id, seller_id, period)
           DO UPDATE SET minor_units = excluded.minor_units, changed_at = excluded.changed_at`,
        [
          accountId,
          figures.map((figure) => figure.accountId),
          figures.map((figure) => figure.period),
          figures.map((figure) => figure.minorUnits.toString()),
        ],
      );
    }),
});

const monthBefore = (period: string): string => periodAt(periodOf(period).fromMs - 1).name;
