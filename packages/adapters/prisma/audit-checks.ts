import type { Pool } from 'pg';
import { rowsInAccount } from '../postgres/at-once.ts';
import type { PrismaClient } from './generated/client.ts';

/** What the nightly look at all chains of audit entries needs (C53). */
export interface AuditChecks {
  /** The next accounts, by their ids, whose chain was not looked at since then. */
  due(page: {
    readonly sinceMs: number;
    readonly afterId: string;
    readonly limit: number;
  }): Promise<readonly string[]>;
  /** The first entry at which a chain is broken, from 1; undefined when it is whole. */
  brokenAt(accountId: string): Promise<number | undefined>;
  /** Keeps what was found, and says whether it is a break that was not known. */
  keep(accountId: string, brokenAt: number | undefined): Promise<boolean>;
  /** Chains that were broken when they were looked at last. */
  brokenCount(): Promise<number>;
}

/** A long chain is read on the pool, whose statements may take their time; what was found is kept in a unit of work. */
export function auditChecks(pool: Pool, prisma: PrismaClient): AuditChecks {
  return {
    async due({ sinceMs, afterId, limit }) {
      const { rows } = await pool.query<{ account_id: string }>(
        'SELECT account_id FROM audit_chains_due($1, $2, $3)',
        [new Date(sinceMs), afterId, limit],
      );
      return rows.map((row) => row.account_id);
    },

    async brokenAt(accountId) {
      const [row] = await rowsInAccount<{ at: string | null }>(pool, accountId, {
        text: 'SELECT audit_broken_at($1) AS at',
        values: [accountId],
      });
      return row?.at == null ? undefined : Number(row.at);
    },

    async keep(accountId, brokenAt) {
      const [row] = await prisma.$queryRaw<{ isNews: boolean }[]>`
        SELECT audit_check_keep(${accountId}, ${brokenAt ?? null}::bigint) AS "isNews"`;
      return row?.isNews === true;
    },

    async brokenCount() {
      const { rows } = await pool.query<{ count: string }>('SELECT audit_broken_count() AS count');
      return Number(rows[0]?.count ?? 0);
    },
  };
}
