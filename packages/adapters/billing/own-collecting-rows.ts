import type { OwnCollectors } from '@patchbay/domain/billing/own-collecting';
import { nextPeriod, type Period } from '@patchbay/domain/billing/period';
import type { PoolClient } from 'pg';

/** Who of an account and those above it collects itself, in a month and in the next (decision 0017). */
export async function readOwnCollectors(
  client: PoolClient,
  accountId: string,
  period: Period,
): Promise<OwnCollectors> {
  const { rows } = await client.query<{ of: string; id: string }>(
    `SELECT p.name AS of, c.id FROM unnest($2::text[]) AS p(name) CROSS JOIN LATERAL own_collectors_around($1, p.name) AS c(id)`,
    [accountId, [period.name, nextPeriod(period).name]],
  );
  const idsOf = (name: string) => new Set(rows.filter((row) => row.of === name).map(({ id }) => id));
  return { period: idsOf(period.name), next: idsOf(nextPeriod(period).name) };
}
