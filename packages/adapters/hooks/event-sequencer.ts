import { placed } from '@patchbay/domain/hooks/placing';
import type { PlatformEvent } from '@patchbay/domain/hooks/platform-event';
import type { Subscription } from '@patchbay/domain/hooks/subscription';
import { createId, type Id } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { NOBODY } from './nobody.ts';
import { toldEndpoints } from './told-endpoints.ts';

/** Events that get their places in one transaction; those of their sessions come along. */
const PLACED_COUNT_MAX = 500;

/**
 * Gives events that have none their positions, and makes the deliveries of the webhooks that hear of them: one writer at a
 * time, in one transaction, so that each event has one place and each of its webhooks one delivery by construction. A
 * transaction that writes events and takes long holds nobody up: its events get later places.
 * @returns how many got a place: 0 when there were none, or another process was at it.
 */
export function placeEvents(pool: Pool, countMax: number = PLACED_COUNT_MAX): Promise<number> {
  return inAccountScope(pool, NOBODY, async (client) => {
    const arrived = await unplaced(client, countMax);
    if (arrived.length === 0) return 0;
    const accountIds = [...new Set(arrived.map(({ accountId }) => accountId))];
    const subscriptions = await subscriptionsAbove(client, accountIds);
    const events = placed(arrived, (accountId) => subscriptions.get(accountId) ?? []).map(
      ({ eventId, webhookIds }) => ({
        id: eventId,
        deliveries: webhookIds.map((webhookId) => ({ id: createId('dlv'), webhookId })),
      }),
    );
    await client.query('SELECT events_place($1)', [JSON.stringify(events)]);
    return arrived.length;
  });
}

async function unplaced(client: PoolClient, countMax: number): Promise<readonly PlatformEvent[]> {
  const { rows } = await client.query<{
    id: Id<'evt'>;
    account_id: string;
    type: string;
    application_id: string | null;
    instance_type: string | null;
    session_id: string | null;
    session_sequence: number | null;
    data: Record<string, unknown>;
    identities: string[];
  }>('SELECT * FROM events_to_place($1)', [countMax]);
  return rows.map(
    ({
      id,
      account_id,
      application_id,
      instance_type,
      session_id,
      session_sequence,
      identities,
      ...rest
    }) => ({
      id,
      accountId: account_id,
      atMs: 0,
      applicationId: application_id ?? undefined,
      instanceType: instance_type ?? undefined,
      sessionId: session_id ?? undefined,
      sessionSequence: session_sequence ?? undefined,
      endpoints: toldEndpoints({ identities, data: rest.data }),
      ...rest,
    }),
  );
}

async function subscriptionsAbove(
  client: PoolClient,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Subscription[]>> {
  const { rows } = await client.query<{
    below_id: string;
    webhook_id: string;
    account_id: string;
    event_types: string[];
    scope: Subscription['scope'];
    application_id: string | null;
    instance_type: string | null;
    endpoint: string | null;
  }>('SELECT * FROM webhooks_above($1)', [accountIds]);
  const named = rows.map((row) => ({
    belowId: row.below_id,
    webhookId: row.webhook_id,
    accountId: row.account_id,
    eventTypes: row.event_types,
    scope: row.scope,
    applicationId: row.application_id ?? undefined,
    instanceType: row.instance_type ?? undefined,
    endpoint: row.endpoint ?? undefined,
  }));
  return Map.groupBy(named, ({ belowId }) => belowId);
}
