import type { PlatformEvent } from '@patchbay/domain/hooks/platform-event';
import type { PoolClient } from 'pg';
import { storable } from '../prisma/storable.ts';

/** Adds what has no session to the transaction of its cause, which is in the scope of the event's account. */
export async function appendEvent(
  client: PoolClient,
  { id, type, accountId, atMs, applicationId, data }: PlatformEvent,
): Promise<void> {
  await client.query(
    'INSERT INTO platform_event (id, type, account_id, at, application_id, data) VALUES ($1, $2, $3, $4, $5, $6)',
    [id, type, accountId, new Date(atMs), applicationId ?? null, JSON.stringify(storable(data))],
  );
}
