import type { SimulationQuery } from '@patchbay/domain/billing/billing-store';
import { spanStarts } from '@patchbay/domain/billing/price-book';
import { binaryMeters } from '@patchbay/domain/billing/session-cells';
import {
  type SellerPlace,
  type SimulationPage,
  simulateSeller,
  simulationPage,
} from '@patchbay/domain/billing/simulation';
import type { MeterCatalogue } from '@patchbay/domain/metering/meter-catalogue';
import type { PoolClient } from 'pg';
import type { KnownDimensionSets } from '../metering/dimension-sets.ts';
import { readChain } from './price-rows.ts';
import { readCells, readSessionTimes } from './usage-cells.ts';

interface Reckoning {
  readonly sets: KnownDimensionSets;
  readonly catalogue: MeterCatalogue;
}

/** One page of what other prices would have made of a month's use. `client` is in the scope of the account that asks. */
export async function simulate(
  client: PoolClient,
  { period, change, cursor, limit }: SimulationQuery,
  { sets, catalogue }: Reckoning,
): Promise<SimulationPage> {
  const { rows: sellers } = await client.query<SellerPlace>(sellersSql, [
    change.accountId,
    change.childId ?? change.accountId,
    new Date(period.fromMs),
    new Date(period.toMs),
    cursor?.depth ?? 0,
    cursor?.id ?? '',
    limit + 1,
  ]);
  const metersOfChange = Object.entries(change.services).flatMap(([service, prices]) =>
    binaryMeters(prices.map((price) => ({ ...price, service }))),
  );
  return await simulationPage({
    change,
    cursor,
    limit,
    sellers,
    simulate: async (accountId) => {
      const { currency, ...chain } = await readChain(client, accountId, period);
      const range = { accountId, toMs: period.toMs, starts: spanStarts(chain, period) };
      const cells = await readCells(client, sets, range);
      const meters = [...new Set([...binaryMeters(chain.prices), ...metersOfChange])];
      const sessions = await readSessionTimes(client, sets, { ...range, meters });
      const book = { ...chain, catalogue };
      return simulateSeller({ accountId, period, currency, cells, sessions, book }, change);
    },
  });
}

/**
 * The account itself, and who sells below it, or below the child whose prices are changed: from the cursor on. Each has an
 * edge, so no page needs more of them than it has edges, and one to see that there are more.
 */
const sellersSql = `
  SELECT id, depth FROM (
    SELECT $1::text AS id, 0 AS depth
    UNION
    SELECT c.descendant_id, max(c.depth)::int + CASE WHEN $1 = $2 THEN 0 ELSE 1 END FROM account_closure c
    WHERE c.ancestor_id = $2 AND c.descendant_id <> $1 AND c.valid_from < $4 AND $3 < c.valid_to
      AND EXISTS (SELECT 1 FROM account_closure e WHERE e.ancestor_id = c.descendant_id AND e.depth = 1
        AND e.valid_from < $4 AND $3 < e.valid_to)
    GROUP BY c.descendant_id
  ) seller
  WHERE (depth, id) >= ($5, $6)
  ORDER BY depth, id LIMIT $7`;
