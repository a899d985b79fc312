/** A patch as it looks after a day of calls: cables of each kind, that do well, wait and fail. */
import { createId } from '@patchbay/kit/ids';
import type { Patchbay } from '@patchbay/sdk-node';
import { Pool } from 'pg';

/** How many of the last day there are of each state, by what the URL of a callback begins with. */
const figures = [
  { url: 'service:notification/publish?channel=calls', delivered: 214, failed: 0, waiting: 0 },
  { url: 'service:text-to-speech', delivered: 61, failed: 0, waiting: 3 },
  { url: 'service:notification?channel=announcements', delivered: 58, failed: 0, waiting: 0 },
  { url: 'https://api.telehealth.example/wards', delivered: 12, failed: 4, waiting: 1 },
] as const;

/** Callbacks of an account and of an application, with deliveries that nobody makes: their events are over. */
export async function addPatch(
  pb: Patchbay,
  {
    accountId,
    applicationId,
    databaseUrl,
  }: { readonly accountId: string; readonly applicationId: string; readonly databaseUrl: string },
): Promise<void> {
  const [calls, spoken, announced, wards] = figures;
  await pb.signaling.putCallbacks(accountId, {
    callbacks: [
      { url: `${calls.url}.{applicationId}`, events: ['session.started', 'session.ended'] },
      {
        url: `${spoken.url}?text=A caller from {data.identity} waits at the desk.`,
        events: ['participant.joined'],
      },
    ],
  });
  await pb.textToSpeech.putCallbacks(accountId, {
    callbacks: [{ url: `${announced.url}&data={data.path}`, events: ['completed'] }],
  });
  await pb.networkDiscovery.putApplicationCallbacks(accountId, {
    applicationId,
    callbacks: [{ url: wards.url, fallbackUrl: calls.url, events: ['limit.reached'] }],
  });
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  try {
    const { rows } = await pool.query<{ id: string; url: string; type: string }>(
      'SELECT id, url, t.type FROM webhook, unnest(event_types) t (type) WHERE account_id = $1 AND service IS NOT NULL',
      [accountId],
    );
    const nowMs = Date.now();
    const made = rows.flatMap(({ id: webhookId, url, type }) => {
      const known = figures.find((one) => url.startsWith(one.url));
      if (known === undefined) return [];
      return (['waiting', 'failed', 'delivered'] as const).flatMap((state) =>
        Array.from({ length: known[state] }, (_, index) => {
          const atMs = nowMs - 5_000 - index * 97_000;
          return {
            ...{ webhookId, type, state, at: new Date(atMs).toISOString() },
            ...{ event: createId('evt', atMs), delivery: createId('dlv', atMs) },
          };
        }),
      );
    });
    await pool.query(
      `WITH row AS (SELECT r.value AS row, r.number FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY r (value, number)),
         placed AS (UPDATE event_place SET position = position + 10000 RETURNING position - 10000 AS before),
         told AS (INSERT INTO platform_event (id, position, account_id, type, at, data)
           SELECT row->>'event', before + number, $2, row->>'type', (row->>'at')::timestamptz, '{}' FROM row, placed
           RETURNING id, position)
       INSERT INTO webhook_delivery (id, webhook_id, account_id, event_id, position, state, attempt_count, next_attempt_at, created_at, ended_at)
       SELECT row->>'delivery', row->>'webhookId', $2, told.id, told.position, row->>'state', 1,
         CASE WHEN row->>'state' = 'waiting' THEN now() + interval '1 hour' END, (row->>'at')::timestamptz,
         CASE WHEN row->>'state' <> 'waiting' THEN (row->>'at')::timestamptz END
       FROM row JOIN told ON told.id = row->>'event'`,
      [JSON.stringify(made), accountId],
    );
  } finally {
    await pool.end();
  }
}
