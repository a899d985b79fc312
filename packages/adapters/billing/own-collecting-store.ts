import { type InvoiceCollection, isRefunding } from '@patchbay/domain/billing/collection/invoice-collection';
import {
  KEY_HINT_LENGTH,
  type OwnCollectingBook,
  type OwnRailCredentials,
} from '@patchbay/domain/billing/own-collecting';
import { periodAt, periodOf } from '@patchbay/domain/billing/period';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import type { MintBranchCipher } from '../prisma/mint-branch-cipher.ts';
import { collectionFromRow } from './document-rows.ts';

interface SpanRow {
  readonly from_period: string;
  readonly to_period: string | null;
  readonly key_hint: string | null;
  readonly open_count: number;
}

/** Account ids begin with their time: these are the newest. */
const KNOWN_CUSTOMERS_MAX = 5;

/** What seals the key of one account opens that of no other, nor its secrets. */
const keyName = (accountId: string) => `own-rail-key:${accountId}`;
const secretsName = (accountId: string) => `own-rail-secrets:${accountId}`;

export interface OwnRailSecrets {
  /** Undefined: the account gave no key, or took it back. */
  credentialsOf(
    accountId: string,
  ): Promise<{ readonly credentials: OwnRailCredentials; readonly changedAtMs: number } | undefined>;
}

/** Sellers that collect themselves, in PostgreSQL (decision 0017). */
export const ownCollectingStore = (
  pool: Pool,
  cipher: Pick<MintBranchCipher, 'seal' | 'open'>,
): OwnCollectingBook & OwnRailSecrets => ({
  find: (accountId) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<SpanRow>(
        `SELECT o.from_period, o.to_period, r.key_hint,
           (SELECT count(*)::int FROM collection c WHERE c.collector_id = o.account_id AND c.kind = 'invoice'
             AND c.state ->> 'state' = 'open') AS open_count
         FROM own_collecting o LEFT JOIN own_rail r ON r.account_id = o.account_id
         WHERE o.account_id = $1 ORDER BY o.from_period DESC LIMIT 1`,
        [accountId],
      );
      const [row] = rows;
      if (row === undefined) return undefined;
      return {
        span: {
          fromPeriod: row.from_period,
          ...(row.to_period === null ? {} : { toPeriod: row.to_period }),
        },
        ...(row.key_hint === null ? {} : { keyHint: row.key_hint }),
        openInvoiceCount: row.open_count,
      };
    }),

  knownCustomers: (accountId) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<{ customer_id: string }>(
        `SELECT customer_id FROM own_rail_party WHERE collector_id = $1 AND customer_id IS NOT NULL
         ORDER BY account_id DESC LIMIT $2`,
        [accountId, KNOWN_CUSTOMERS_MAX],
      );
      return rows.map(({ customer_id }) => customer_id);
    }),

  connect: (accountId, { credentials: { secretKey, webhookSecrets }, fromPeriod }) =>
    inAccountScope(pool, accountId, async (client) => {
      // As a move does: nothing comes to stand below it meanwhile.
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0))");
      const prepaid = await client.query('SELECT 1 FROM prepaid_account WHERE is_prepaid LIMIT 1');
      if (prepaid.rowCount !== 0) return false;
      await client.query(
        `INSERT INTO own_rail (account_id, key_sealed, key_hint, webhook_secrets_sealed, changed_at)
         VALUES ($1, $2, $3, $4, clock_timestamp())
         ON CONFLICT (account_id) DO UPDATE SET key_sealed = excluded.key_sealed, key_hint = excluded.key_hint,
           webhook_secrets_sealed = excluded.webhook_secrets_sealed, changed_at = excluded.changed_at`,
        [
          accountId,
          cipher.seal(keyName(accountId), Buffer.from(secretKey)),
          secretKey.slice(-KEY_HINT_LENGTH),
          cipher.seal(secretsName(accountId), Buffer.from(webhookSecrets.join(','))),
        ],
      );
      // One that would end before the next begins goes on as it was.
      await client.query(
        `UPDATE own_collecting SET to_period = NULL WHERE account_id = $1 AND to_period >= $2
           AND NOT EXISTS (SELECT 1 FROM own_collecting o WHERE o.account_id = $1 AND o.to_period IS NULL)`,
        [accountId, before(fromPeriod)],
      );
      await client.query(
        `INSERT INTO own_collecting (account_id, from_period) SELECT $1, $2
         WHERE NOT EXISTS (SELECT 1 FROM own_collecting WHERE account_id = $1 AND to_period IS NULL)`,
        [accountId, fromPeriod],
      );
      return true;
    }),

  disconnect: (accountId, { currentPeriod, forgetsKey }) =>
    inAccountScope(pool, accountId, async (client) => {
      const refundingNumbers = forgetsKey ? await readRefunding(client, accountId) : [];
      if (refundingNumbers.length > 0) return { refundingNumbers };
      await client.query('DELETE FROM own_collecting WHERE account_id = $1 AND from_period > $2', [
        accountId,
        currentPeriod,
      ]);
      await client.query(
        'UPDATE own_collecting SET to_period = $2 WHERE account_id = $1 AND to_period IS NULL',
        [accountId, currentPeriod],
      );
      // At another account of Stripe, by a key to come, nobody is known of those who were.
      if (forgetsKey)
        await client.query(
          `UPDATE own_rail_party SET customer_id = NULL, payee_id = NULL, is_payable = false
           WHERE collector_id = $1`,
          [accountId],
        );
      // What never began has asked for nothing that its key would follow.
      await client.query(
        `DELETE FROM own_rail WHERE account_id = $1
           AND ($2 OR NOT EXISTS (SELECT 1 FROM own_collecting o WHERE o.account_id = $1))`,
        [accountId, forgetsKey],
      );
      return { refundingNumbers };
    }),

  async collectorOf(accountId, period) {
    const { rows } = await pool.query<{ id: string | null }>('SELECT own_collector_of($1, $2) AS id', [
      accountId,
      period,
    ]);
    return rows[0]?.id ?? undefined;
  },

  isWithin: (accountId, periods) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rowCount } = await client.query(
        'SELECT 1 FROM unnest($2::text[]) AS p(name) CROSS JOIN LATERAL own_collectors_around($1, p.name)',
        [accountId, [...periods]],
      );
      return rowCount !== 0;
    }),

  credentialsOf: (accountId) =>
    inAccountScope(pool, accountId, async (client) => {
      const { rows } = await client.query<{
        key_sealed: Uint8Array;
        webhook_secrets_sealed: Uint8Array;
        changed_at: Date;
      }>('SELECT key_sealed, webhook_secrets_sealed, changed_at FROM own_rail WHERE account_id = $1', [
        accountId,
      ]);
      const [row] = rows;
      if (row === undefined) return undefined;
      const text = (name: string, sealed: Uint8Array) => Buffer.from(cipher.open(name, sealed)).toString();
      return {
        credentials: {
          secretKey: text(keyName(accountId), row.key_sealed),
          webhookSecrets: text(secretsName(accountId), row.webhook_secrets_sealed).split(','),
        },
        changedAtMs: row.changed_at.getTime(),
      };
    }),
});

/** Held, so that nothing is asked to go back meanwhile. */
async function readRefunding(client: PoolClient, collectorId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ state: unknown }>(
    `SELECT state FROM collection WHERE collector_id = $1 AND kind = 'invoice'
       AND (state ? 'voidNoteId' OR jsonb_array_length(state -> 'askedRefunds') > 0)
     ORDER BY document_id FOR UPDATE`,
    [collectorId],
  );
  return rows
    .map(({ state }) => collectionFromRow(state) as InvoiceCollection)
    .filter(isRefunding)
    .map(({ number }) => number);
}

/** The month before another. */
const before = (period: string): string => periodAt(periodOf(period).fromMs - 1).name;
