import type { CollectionTransaction } from '@patchbay/domain/billing/collection/postings';
import { nano } from '@patchbay/domain/billing/money';
import type { Balance, Credit, Draw } from '@patchbay/domain/spending/balance';
import type { Hold } from '@patchbay/domain/spending/hold';
import type { PoolClient } from 'pg';
import { postTransactions } from '../billing/document-rows.ts';

/**
 * Whoever reads money of an account in order to change it does so one after the other, in whichever process: it is held
 * until the transaction ends. So no two sessions hold the same money, and nothing is paid for twice.
 */
export async function lockBalance(client: PoolClient, accountId: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('patchbay.balance.' || $1, 0))", [
    accountId,
  ]);
}

interface CreditRow {
  readonly id: string;
  readonly left_amount: string;
  readonly priority: number;
  readonly services: readonly string[] | null;
  readonly expires_at: Date | null;
  readonly created_at: Date;
}

interface DrawRow {
  readonly period: string;
  readonly service: string;
  readonly credit_id: string;
  readonly amount: string;
}

/**
 * What is prepaid, and what of it paid for the months that may still change, or is owed. Draws of older months stay where
 * they are: nothing changes them any more.
 */
export async function readBalance(
  client: PoolClient,
  accountId: string,
  sincePeriod: string,
): Promise<Balance> {
  const credits = await client.query<CreditRow>(
    `SELECT id, left_amount, priority, services, expires_at, created_at FROM credit
     WHERE account_id = $1 AND (left_amount > 0 OR id IN (
       SELECT credit_id FROM prepaid_draw WHERE account_id = $1 AND period >= $2 AND amount > 0))`,
    [accountId, sincePeriod],
  );
  const draws = await client.query<DrawRow>(
    `SELECT period, service, credit_id, amount FROM prepaid_draw
     WHERE account_id = $1 AND amount > 0 AND (period >= $2 OR credit_id = '') ORDER BY period, service, credit_id`,
    [accountId, sincePeriod],
  );
  return { credits: credits.rows.map(creditFromRow), draws: draws.rows.map(drawFromRow) };
}

const creditFromRow = (row: CreditRow): Credit => ({
  id: row.id,
  left: nano(BigInt(row.left_amount)),
  priority: row.priority,
  ...(row.services === null ? {} : { services: row.services }),
  ...(row.expires_at === null ? {} : { expiresAtMs: row.expires_at.getTime() }),
  createdAtMs: row.created_at.getTime(),
});

const drawFromRow = (row: DrawRow): Draw => ({
  period: row.period,
  service: row.service,
  creditId: row.credit_id,
  amount: nano(BigInt(row.amount)),
});

/** Writes what differs. New credits have their row already. */
export async function writeBalance(
  client: PoolClient,
  accountId: string,
  { before, after }: { readonly before: Balance; readonly after: Balance },
): Promise<void> {
  const leftBefore = new Map(before.credits.map(({ id, left }) => [id, left]));
  for (const { id, left } of after.credits) {
    if (leftBefore.get(id) === left) continue;
    await client.query('UPDATE credit SET left_amount = $3 WHERE account_id = $1 AND id = $2', [
      accountId,
      id,
      left.toString(),
    ]);
  }
  const keyOf = ({ period, service, creditId }: Draw) => JSON.stringify([period, service, creditId]);
  const drawnBefore = new Map(before.draws.map((draw) => [keyOf(draw), draw.amount]));
  for (const draw of after.draws) {
    if ((drawnBefore.get(keyOf(draw)) ?? 0n) === draw.amount) continue;
    await client.query(
      `INSERT INTO prepaid_draw (account_id, period, service, credit_id, amount) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (account_id, period, service, credit_id) DO UPDATE SET amount = excluded.amount`,
      [accountId, draw.period, draw.service, draw.creditId, draw.amount.toString()],
    );
  }
}

interface HoldRow {
  readonly hold_id: string;
  readonly services: readonly string[];
  readonly amount: string;
  readonly expires_at: Date;
}

/** What is held for sessions that run, in the order in which they began. */
export async function readHolds(
  client: PoolClient,
  accountId: string,
  nowMs: number,
): Promise<readonly Hold[]> {
  const { rows } = await client.query<HoldRow>(
    `SELECT hold_id, services, amount, expires_at FROM prepaid_hold WHERE account_id = $1 AND expires_at > $2
     ORDER BY began_at, hold_id`,
    [accountId, new Date(nowMs)],
  );
  return rows.map((row) => ({
    id: row.hold_id,
    services: row.services,
    amount: nano(BigInt(row.amount)),
    expiresAtMs: row.expires_at.getTime(),
  }));
}

/** Money that is posted besides what documents move. */
export async function post(
  client: PoolClient,
  transactions: readonly CollectionTransaction[],
  at: { readonly platformId: string; readonly nowMs: number },
): Promise<void> {
  await postTransactions(client, transactions, at);
}
