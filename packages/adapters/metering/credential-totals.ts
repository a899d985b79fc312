import { RELAY_RECORD_MS_MAX, SIGNALING_RECORD_MS_MAX } from '@patchbay/domain/metering/record-span';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from './account-scope.ts';

export interface CredentialTotalsRequest {
  readonly accountId: string;
  readonly credentialId: string;
  /** The levels of the credential, its own included. */
  readonly prefixIds: readonly string[];
  readonly sessionId?: string | undefined;
}

interface Total {
  readonly bytes: number;
  /** Time of sessions: one counts once, with however many allocations and parties. */
  readonly milliseconds: number;
}

export interface PrefixTotal extends Total {
  readonly prefixId: string;
  /** Of it, what the session used that the request names. */
  readonly ofSession?: Total;
}

interface TotalRow {
  readonly prefix_id: string;
  readonly bytes: string;
  readonly milliseconds: string;
  readonly session_bytes: string;
  readonly session_milliseconds: string;
}

/**
 * What was used with a credential's levels so far: at each level the use of all credentials narrowed from it. Asking
 * makes the credential known at its levels, so a node asks before it first admits one that counts in total (ACC-7).
 *
 * Time is that of sessions (ACC-7), not of allocations: a browser with two network interfaces makes two allocations and
 * one call. Signaling says how long a session was connected. Without it, a named session took what its allocations took,
 * but no longer than from the first to the last record, of which the first may have begun a record's span before it ended; one at a relay no longer than from its start to its end, which
 * its relay knows. What names no session is one client's: the union of its records.
 */
export async function credentialTotals(
  pool: Pool,
  request: CredentialTotalsRequest,
): Promise<readonly PrefixTotal[]> {
  const { accountId, credentialId, prefixIds } = request;
  return inAccountScope(pool, accountId, async (client) => {
    await client.query(
      `INSERT INTO credential_prefix (account_id, prefix_id, credential_id)
       SELECT $1, prefix_id, $3 FROM unnest($2::text[]) AS prefix_id ORDER BY 2 ON CONFLICT DO NOTHING`,
      [accountId, prefixIds, credentialId],
    );
    return await totalsOf(client, request);
  });
}

/** The same of a credential that nobody proved to hold: what is only looked at becomes known nowhere. */
export function readCredentialTotals(
  pool: Pool,
  request: Omit<CredentialTotalsRequest, 'credentialId'>,
): Promise<readonly PrefixTotal[]> {
  return inAccountScope(pool, request.accountId, (client) => totalsOf(client, request));
}

async function totalsOf(
  client: PoolClient,
  { accountId, prefixIds, sessionId }: Omit<CredentialTotalsRequest, 'credentialId'>,
): Promise<readonly PrefixTotal[]> {
  const { rows } = await client.query<TotalRow>(
    `WITH level AS (
         SELECT prefix_id, credential_id FROM credential_prefix WHERE account_id = $1 AND prefix_id = ANY ($2)
       ), used AS (
         SELECT prefix_id, session_id, meter, sum(sum) AS sum,
           extract(epoch FROM max(last_at) - min(first_at)) * 1000 AS apart_ms
         FROM level JOIN usage_session USING (credential_id) WHERE account_id = $1 GROUP BY 1, 2, 3
       ), at_relay AS (
         SELECT id AS session_id, extract(epoch FROM ended_at - started_at) * 1000 AS lasted_ms
         FROM session WHERE account_id = $1 AND kind = 'relay' AND id IN (SELECT session_id FROM used)
       ), session_time AS (
         SELECT prefix_id, session_id, coalesce(
           min(least(sum, apart_ms + $3)) FILTER (WHERE meter = 'signaling.connectedMs'),
           min(least(sum, lasted_ms, apart_ms + $4)) FILTER (WHERE meter = 'network-discovery.allocationMs'))
             AS milliseconds
         FROM used LEFT JOIN at_relay USING (session_id) WHERE session_id <> '' GROUP BY prefix_id, session_id
       ), client_span AS (
         SELECT prefix_id, unnest(range_agg(tstzrange(from_at, to_at))) AS span
         FROM level JOIN usage_record USING (credential_id)
         WHERE account_id = $1 AND session_id IS NULL AND 'network-discovery.allocationMs' = ANY (meters)
         GROUP BY prefix_id, credential_id
       ), client_time AS (
         SELECT prefix_id, extract(epoch FROM upper(span) - lower(span)) * 1000 AS milliseconds FROM client_span
       ), time AS (
         SELECT prefix_id, milliseconds FROM session_time UNION ALL SELECT prefix_id, milliseconds FROM client_time
       )
       SELECT prefix_id,
         coalesce((SELECT sum(sum) FROM used
           WHERE used.prefix_id = p.prefix_id AND meter = 'network-discovery.bytes'), 0)::text AS bytes,
         coalesce((SELECT round(sum(milliseconds)) FROM time WHERE time.prefix_id = p.prefix_id), 0)::text AS milliseconds,
         coalesce((SELECT sum(sum) FROM used WHERE used.prefix_id = p.prefix_id AND session_id = $5
           AND meter = 'network-discovery.bytes'), 0)::text AS session_bytes,
         coalesce((SELECT round(sum(milliseconds)) FROM session_time
           WHERE session_time.prefix_id = p.prefix_id AND session_id = $5), 0)::text AS session_milliseconds
       FROM (SELECT DISTINCT prefix_id FROM level) AS p`,
    [accountId, prefixIds, SIGNALING_RECORD_MS_MAX, RELAY_RECORD_MS_MAX, sessionId ?? ''],
  );
  return rows.map((row) => ({
    prefixId: row.prefix_id,
    bytes: Number(row.bytes),
    milliseconds: Number(row.milliseconds),
    ...(sessionId === undefined
      ? {}
      : {
          ofSession: {
            bytes: Number(row.session_bytes),
            milliseconds: Number(row.session_milliseconds),
          },
        }),
  }));
}
