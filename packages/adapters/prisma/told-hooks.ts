import type { SessionsPorts } from '@patchbay/domain/sessions/ports';
import type { ToldHookRecord } from '@patchbay/domain/sessions/told-hook';
import { rowsInAccount } from '../postgres/at-once.ts';
import type { PrismaClient } from './generated/client.ts';

/** Of one page of a log: what is beyond is left out. */
const HOOKS_MAX = 1_000;

type Row = { readonly [Name in keyof ToldHookRecord]: ToldHookRecord[Name] | null } & Pick<
  ToldHookRecord,
  'sequence' | 'webhookId' | 'url' | 'state' | 'attemptCount' | 'hopCount'
>;

/**
 * A line's event is found by the line's account and time, which an index has: what it costs follows from how long the page is.
 * Deliveries are those of one account alone. Whoever stands above it, or has a part in the session, sees what they set themselves (LIV-0).
 */
const TOLD = `SELECT l.sequence, d.webhook_id AS "webhookId", coalesce(a.url, w.url) AS url, a.target AS via, d.state,
    d.attempt_count AS "attemptCount", a.started_at AS at, a.status, a.error, a.latency_ms AS "latencyMs", e.hops AS "hopCount"
  FROM session_event l
    JOIN platform_event e ON e.account_id = l.account_id AND e.at = l.at AND e.session_id = l.session_id AND e.session_sequence = l.sequence
    JOIN webhook_delivery d ON d.event_id = e.id AND d.account_id = $1 AND d.replay_id = ''
    JOIN webhook w ON w.id = d.webhook_id
    LEFT JOIN LATERAL (SELECT a.* FROM webhook_attempt a WHERE a.delivery_id = d.id ORDER BY a.number DESC, a.target LIMIT 1) a ON true
  WHERE l.session_id = $2 AND l.sequence BETWEEN $3 AND $4
  ORDER BY l.sequence, d.id LIMIT ${HOOKS_MAX}`;

export function toldHooks(prisma: PrismaClient): SessionsPorts['hooks'] {
  return {
    told: async ({ accountId, sessionId, from, to }) => {
      const rows = await rowsInAccount<Row>(prisma, accountId, {
        text: TOLD,
        values: [accountId, sessionId, from, to],
      });
      return rows.map(
        ({ via, at, status, error, latencyMs, ...row }): ToldHookRecord => ({
          ...row,
          via: via ?? 'main',
          at: at ?? undefined,
          status: status ?? undefined,
          error: error ?? undefined,
          latencyMs: latencyMs ?? undefined,
        }),
      );
    },
  };
}
