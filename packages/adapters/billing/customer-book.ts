import type { CustomerBook, CustomerLink } from '@patchbay/domain/billing/customer-links';
import type { Pool } from 'pg';
import { inAccountScope, sqlStateOf } from '../metering/account-scope.ts';

const UNIQUE_VIOLATION = '23505';

interface LinkRow {
  readonly account_id: string;
  readonly customer_id: string;
}

const linkFromRow = ({ account_id, customer_id }: LinkRow): CustomerLink => ({
  accountId: account_id,
  customerId: customer_id,
});

/** Customers at the rail, in PostgreSQL. */
export const customerBook = (pool: Pool): CustomerBook => ({
  accountsOf: (accountId, asked) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<{ asked: string; id: string }>(
        `SELECT w.asked, a.id FROM unnest($1::text[]) AS w(asked) JOIN account a ON a.id = w.asked OR a.external_id = w.asked
         WHERE a.state <> 'closed' ORDER BY a.id`,
        [[...asked]],
      );
      return new Map(
        [...Map.groupBy(rows, (row) => row.asked)].map(([name, found]) => [name, found.map(({ id }) => id)]),
      );
    }),
  linksOf: (accountId, { accountIds, customerIds }) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<LinkRow>(
        `SELECT account_id, customer_id FROM rail_party
         WHERE customer_id IS NOT NULL AND (account_id = ANY ($1) OR customer_id = ANY ($2))`,
        [[...accountIds], [...customerIds]],
      );
      return rows.map(linkFromRow);
    }),
  async link(accountId, links) {
    try {
      return await inAccountScope(pool, accountId, async (client) => {
        const { rowCount } = await client.query(
          `INSERT INTO rail_party AS r (account_id, customer_id)
           SELECT * FROM unnest($1::text[], $2::text[]) AS l(account_id, customer_id) ORDER BY 1
           ON CONFLICT (account_id) DO UPDATE SET customer_id = excluded.customer_id
           WHERE r.customer_id IS NULL OR r.customer_id = excluded.customer_id`,
          [links.map((link) => link.accountId), links.map((link) => link.customerId)],
        );
        // What was linked otherwise meanwhile takes the others back with it.
        if (rowCount !== links.length) throw new LinkedMeanwhile();
        return true;
      });
    } catch (cause) {
      if (cause instanceof LinkedMeanwhile || sqlStateOf(cause) === UNIQUE_VIOLATION) return false;
      throw cause;
    }
  },
  list: (accountId, { cursor = '', limit }) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<LinkRow & { readonly name: string }>(
        `SELECT r.account_id, r.customer_id, a.name FROM rail_party r JOIN account a ON a.id = r.account_id
         WHERE r.customer_id IS NOT NULL AND r.account_id > $1 ORDER BY r.account_id LIMIT $2`,
        [cursor, limit + 1],
      );
      const items = rows.slice(0, limit).map((row) => ({ ...linkFromRow(row), name: row.name }));
      const last = items.at(-1);
      return {
        items,
        ...(rows.length > limit && last !== undefined ? { nextCursor: last.accountId } : {}),
      };
    }),
});

class LinkedMeanwhile extends Error {
  override readonly name = 'LinkedMeanwhile';
}
