import type { UsagePush, UsagePushes } from '@patchbay/domain/billing/collection/usage-push';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';

const HOUR_MS = 3_600_000;
/** Customers that are read at once. */
const PAGE_ACCOUNTS = 200;

export interface UsagePushOptions {
  readonly pool: Pool;
  readonly platformAccount: () => Promise<string>;
  readonly nowMs: () => number;
}

interface Customer {
  readonly account_id: string;
  readonly customer_id: string;
}

interface PushRow {
  readonly meter: string;
  readonly hour: Date;
  readonly revision: number;
  readonly pending: string;
  readonly pending_since: Date;
}

/** What is told to the rail of use, in PostgreSQL. */
export function usagePushes({ pool, platformAccount, nowMs }: UsagePushOptions): UsagePushes {
  const asPlatform = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> =>
    inAccountScope(pool, await platformAccount(), work);
  const keyOf = ({ accountId, meter, hourMs, revision }: UsagePush) => [
    ...[accountId, meter, new Date(hourMs)],
    revision,
  ];
  return {
    async *plan({ fromMs, toMs, meters }) {
      const starts: Date[] = [];
      for (let hourMs = fromMs; hourMs < toMs; hourMs += HOUR_MS) starts.push(new Date(hourMs));
      for (let after: string | undefined = ''; after !== undefined; ) {
        const customers: readonly Customer[] = await asPlatform((client) =>
          readCustomers(client, after ?? ''),
        );
        for (const customer of customers) {
          const hours = { starts, until: new Date(toMs), meters };
          const pushes = await asPlatform((client) => planOf(client, customer, { ...hours, nowMs: nowMs() }));
          yield* pushes;
        }
        after = customers.length < PAGE_ACCOUNTS ? undefined : customers.at(-1)?.account_id;
      }
    },
    told: (push) =>
      asPlatform(async (client) => {
        await client.query(
          `UPDATE pushed_usage SET quantity = quantity + pending, pending = NULL, pending_since = NULL
           WHERE account_id = $1 AND meter = $2 AND hour = $3 AND revision = $4 AND pending IS NOT NULL`,
          keyOf(push),
        );
      }),
    giveUp: (push) =>
      asPlatform(async (client) => {
        // As told: what may be there is not told again, so that nothing is counted twice.
        await client.query(
          `UPDATE pushed_usage SET quantity = quantity + pending, pending = NULL, pending_since = NULL
           WHERE account_id = $1 AND meter = $2 AND hour = $3 AND revision = $4 AND pending IS NOT NULL`,
          keyOf(push),
        );
      }),
    forget: (beforeMs) =>
      asPlatform(async (client) => {
        await client.query('DELETE FROM pushed_usage WHERE hour < $1 AND pending IS NULL', [
          new Date(beforeMs),
        ]);
      }),
  };
}

async function readCustomers(client: PoolClient, after: string): Promise<readonly Customer[]> {
  const { rows } = await client.query<Customer>(
    `SELECT account_id, customer_id FROM rail_party WHERE customer_id IS NOT NULL AND account_id > $1
     ORDER BY account_id LIMIT $2`,
    [after, PAGE_ACCOUNTS],
  );
  return rows;
}

interface Hours {
  readonly starts: readonly Date[];
  readonly until: Date;
  readonly meters: readonly string[];
  readonly nowMs: number;
}

async function planOf(
  client: PoolClient,
  { account_id: accountId, customer_id: customerId }: Customer,
  { starts, until, meters, nowMs }: Hours,
): Promise<readonly UsagePush[]> {
  for (const meter of meters)
    await client.query(planSql, [accountId, [...starts], until, meter, new Date(nowMs)]);
  const { rows } = await client.query<PushRow>(
    `SELECT meter, hour, revision, pending, pending_since FROM pushed_usage
     WHERE account_id = $1 AND meter = ANY ($2) AND pending IS NOT NULL ORDER BY hour, meter`,
    [accountId, [...meters]],
  );
  return rows.map((row) => ({
    ...{ accountId, customerId, meter: row.meter, revision: row.revision },
    hourMs: row.hour.getTime(),
    quantity: BigInt(row.pending),
    sinceMs: row.pending_since.getTime(),
  }));
}

/** Own use alone: that of those below is told of them. What is under way keeps what it was begun with. */
const planSql = `
  INSERT INTO pushed_usage AS p (account_id, meter, hour, revision, pending, pending_since)
  SELECT $1, $4, ($2::timestamptz[])[u.span], 1, u.own, $5
  FROM (SELECT span, sum(own) AS own FROM billing_usage($1, $2::timestamptz[], $3, 0, $4) GROUP BY 1) AS u WHERE u.own > 0
  ON CONFLICT (account_id, meter, hour) DO UPDATE SET revision = p.revision + 1, pending = excluded.pending - p.quantity,
    pending_since = excluded.pending_since
  WHERE p.pending IS NULL AND excluded.pending > p.quantity`;
