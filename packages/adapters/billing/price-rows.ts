import type { ChainPrices } from '@patchbay/domain/billing/billing-store';
import type { Price } from '@patchbay/domain/billing/price';
import type { PriceChange } from '@patchbay/domain/billing/price-change';
import { tariffFromWire, tariffToWire, termsOf, type WireTerms } from '@patchbay/domain/billing/wire-tariff';
import { createId } from '@patchbay/kit/ids';
import type { PoolClient } from 'pg';

/** As pg reads a timestamp: '-infinity' and 'infinity' are numbers. */
type Instant = Date | number;

interface EdgeRow {
  readonly seller_id: string;
  readonly buyer_id: string;
  readonly currency: string;
  readonly valid_from: Instant;
  readonly valid_to: Instant;
}

interface PriceRow {
  readonly id: string;
  readonly account_id: string;
  readonly child_id: string | null;
  readonly service: string;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly amount: string;
  readonly per: string;
  readonly terms: WireTerms;
  readonly currency: string;
  readonly effective_from: Instant;
  readonly effective_to: Instant;
}

/** Reads the part of the tree and of its profiles that an account's prices depend on, in the scope `client` is in. */
export async function readChain(
  client: PoolClient,
  accountId: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<ChainPrices> {
  const range = [accountId, new Date(fromMs), new Date(toMs)];
  const account = await client.query<{ currency: string }>('SELECT currency FROM account WHERE id = $1', [
    accountId,
  ]);
  const currency = account.rows[0]?.currency;
  if (currency === undefined) throw new RangeError(`There is no account ${accountId} in this scope.`);
  const edges = await client.query<EdgeRow>('SELECT * FROM billing_edges($1, $2, $3)', range);
  const prices = await client.query<PriceRow>('SELECT * FROM billing_prices($1, $2, $3)', range);
  return {
    currency,
    edges: edges.rows.map((row) => ({
      sellerId: row.seller_id,
      buyerId: row.buyer_id,
      currency: row.currency,
      fromMs: msOf(row.valid_from),
      toMs: msOf(row.valid_to),
    })),
    prices: prices.rows.map(priceFromRow),
  };
}

interface PlaceBelow {
  readonly accountId: string;
  readonly childId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The same as if another account of the tree stood directly below: with what the account asked of that one before. */
export async function readChainUnder(
  client: PoolClient,
  { accountId, childId, ...range }: PlaceBelow,
): Promise<ChainPrices> {
  const { currency, edges, prices } = await readChain(client, accountId, range);
  const { rows } = await client.query<PriceRow>(
    `SELECT * FROM price WHERE account_id = $1 AND child_id = $2
     AND effective_from < $4 AND $3 < effective_to AND effective_from < effective_to ORDER BY id`,
    [accountId, childId, new Date(range.fromMs), new Date(range.toMs)],
  );
  const edge = { sellerId: accountId, buyerId: childId, currency, ...range, toMs: Number.POSITIVE_INFINITY };
  return {
    currency,
    edges: [...edges.filter(({ buyerId }) => buyerId !== childId), edge],
    prices: [...prices.filter((price) => price.childId !== childId), ...rows.map(priceFromRow)],
  };
}

/**
 * Ends what a profile asked for a service, and writes what it asks from then on, up to what was planned for later before.
 * `client` is in the seller's scope.
 */
export async function writePrices(client: PoolClient, change: PriceChange, nowMs: number): Promise<void> {
  const { accountId, childId = null, service, currency, prices } = change;
  const from = new Date(change.fromMs);
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('patchbay.price.' || $1, 0))", [
    accountId,
  ]);
  await client.query(
    `UPDATE price SET effective_to = greatest(effective_from, $5) WHERE account_id = $1
     AND child_id IS NOT DISTINCT FROM $2 AND service = $3 AND currency = $4 AND effective_to > $5 AND effective_from <= $5`,
    [accountId, childId, service, currency, from],
  );
  const planned = await client.query<{ at: Instant | null }>(
    `SELECT min(effective_from) AS at FROM price WHERE account_id = $1 AND child_id IS NOT DISTINCT FROM $2
     AND service = $3 AND currency = $4 AND effective_from > $5 AND effective_from < effective_to`,
    [accountId, childId, service, currency, from],
  );
  const until = planned.rows[0]?.at ?? 'infinity';
  for (const { meter, where, tariff } of prices) {
    const wire = tariffToWire(tariff);
    await client.query(
      `INSERT INTO price (id, account_id, child_id, service, meter, dimensions, amount, per, terms, currency, effective_from, effective_to)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        createId('prc', nowMs),
        accountId,
        childId,
        service,
        meter,
        JSON.stringify(where),
        wire.amount,
        wire.per,
        JSON.stringify(termsOf(wire)),
        currency,
        from,
        until,
      ],
    );
  }
}

const priceFromRow = (row: PriceRow): Price => ({
  id: row.id,
  accountId: row.account_id,
  ...(row.child_id === null ? {} : { childId: row.child_id }),
  service: row.service,
  meter: row.meter,
  where: row.dimensions,
  tariff: tariffFromWire({ ...row.terms, amount: row.amount, per: row.per }),
  currency: row.currency,
  fromMs: msOf(row.effective_from),
  toMs: msOf(row.effective_to),
});

const msOf = (instant: Instant): number => (typeof instant === 'number' ? instant : instant.getTime());
