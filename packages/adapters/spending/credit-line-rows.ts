import { unpaidCreditOf } from '@patchbay/domain/billing/collection/invoice-collection';
import { unpaidSetOffOf } from '@patchbay/domain/billing/collection/payout-collection';
import { minorUnitOf, nano } from '@patchbay/domain/billing/money';
import type { CreditLineWord, StandingCreditLine } from '@patchbay/domain/spending/credit-line';
import type { PoolClient } from 'pg';
import { collectionFromRow } from '../billing/document-rows.ts';

/**
 * Whoever gives credit of an account, or changes its line, does so one after the other, in whichever process, until the
 * transaction ends: no two credits are given of the same room. It is taken before everything else that they hold.
 */
export async function lockCreditLine(client: PoolClient, giverId: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('patchbay.credit_line.' || $1, 0))", [
    giverId,
  ]);
}

interface LineRow {
  readonly currency: string;
  readonly is_test: boolean;
  readonly unpaid: string;
}

/** How the line of an account stands, in its own scope or that of one above. */
export async function readCreditLine(
  client: PoolClient,
  { accountId, topId }: { readonly accountId: string; readonly topId: string },
): Promise<StandingCreditLine> {
  const { rows } = await client.query<LineRow>(
    `SELECT a.currency, a.is_test, (SELECT coalesce(-sum(e.amount), 0) FROM ledger_entry e
       WHERE e.account_id = a.id AND e.book = 'granted' AND ledger_is_collecting(e.book) AND e.currency = a.currency) AS unpaid
     FROM account a WHERE a.id = $1`,
    [accountId],
  );
  const [row] = rows;
  if (row === undefined) throw new RangeError(`There is no account ${accountId} in this scope.`);
  return {
    currency: row.currency,
    topId,
    isBounded: accountId !== topId && !row.is_test,
    words: await readWords(client, accountId),
    unpaid: nano(
      BigInt(row.unpaid) +
        ((await readUnpaidByInvoice(client, accountId)) + (await readUnpaidOfPayouts(client, accountId))) *
          minorUnitOf(row.currency),
    ),
  };
}

/** In minor units, what invoices ask for what others used, and is not paid: asking is no paying. */
async function readUnpaidByInvoice(client: PoolClient, accountId: string): Promise<bigint> {
  const { rows } = await client.query<{ state: unknown }>(
    `SELECT state FROM collection WHERE account_id = $1 AND kind = 'invoice' AND state ? 'givenCreditMinorUnits'`,
    [accountId],
  );
  return rows.reduce((total, { state }) => {
    const collection = collectionFromRow(state);
    return collection.kind === 'invoice' ? total + unpaidCreditOf(collection) : total;
  }, 0n);
}

/** In minor units, what is kept of payouts that nobody has paid in for yet: those may never be. */
async function readUnpaidOfPayouts(client: PoolClient, accountId: string): Promise<bigint> {
  const { rows } = await client.query<{ state: unknown }>(
    `SELECT state FROM collection WHERE account_id = $1 AND kind = 'payout' AND EXISTS (SELECT 1 FROM collection k
       WHERE k.account_id = $1 AND k.kind = 'payout' AND k.state ? 'setOffMinorUnits')`,
    [accountId],
  );
  const payouts = rows.flatMap(({ state }) => {
    const collection = collectionFromRow(state);
    return collection.kind === 'payout' ? [collection] : [];
  });
  return payouts.reduce((total, payout) => total + unpaidSetOffOf(payout, payouts), 0n);
}

async function readWords(client: PoolClient, accountId: string): Promise<readonly CreditLineWord[]> {
  const { rows } = await client.query<{ by_id: string; amount: string }>(
    'SELECT by_id, amount FROM credit_line WHERE account_id = $1 ORDER BY by_id',
    [accountId],
  );
  return rows.map(({ by_id, amount }) => ({ byId: by_id, amount: nano(BigInt(amount)) }));
}

/** In place of what the same account said, or nothing where `amount` is left out. */
export async function writeCreditLine(
  client: PoolClient,
  accountId: string,
  { byId, amount }: { readonly byId: string; readonly amount: bigint | undefined },
): Promise<void> {
  if (amount === undefined)
    await client.query('DELETE FROM credit_line WHERE account_id = $1 AND by_id = $2', [accountId, byId]);
  else
    await client.query(
      `INSERT INTO credit_line (account_id, by_id, amount) VALUES ($1, $2, $3)
       ON CONFLICT (account_id, by_id) DO UPDATE SET amount = excluded.amount`,
      [accountId, byId, amount.toString()],
    );
}
