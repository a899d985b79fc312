import type { RelayTotals, SessionsPorts } from '@patchbay/domain/sessions/ports';
import type { Pool } from 'pg';
import { rowsInAccount } from '../postgres/at-once.ts';
import { textArray } from './array-literal.ts';

/** Billed relay use of sessions, as far as the scope sees it (LIV-0: a leg's use belongs to the leg's account). */
export function sessionUsage(pool: Pool): SessionsPorts['usage'] {
  return {
    totalsOf: async ({ accountId, sessionIds }) => {
      if (sessionIds.length === 0) return new Map();
      const rows = await rowsInAccount<{ session_id: string; bytes: string; milliseconds: string }>(
        pool,
        accountId,
        {
          text: `SELECT session_id,
              coalesce(sum(sum) FILTER (WHERE meter = 'network-discovery.bytes'), 0)::text AS bytes,
              coalesce(sum(sum) FILTER (WHERE meter = 'network-discovery.allocationMs'), 0)::text AS milliseconds
            FROM usage_session WHERE session_id = ANY ($1) GROUP BY session_id`,
          values: [textArray(sessionIds)],
        },
      );
      return new Map(
        rows.map((row): [string, RelayTotals] => [
          row.session_id,
          { relayBytes: BigInt(row.bytes), relayMilliseconds: BigInt(row.milliseconds) },
        ]),
      );
    },
  };
}
