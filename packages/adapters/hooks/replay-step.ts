import { replayedOf } from '@patchbay/domain/hooks/replay';
import type { Subscription } from '@patchbay/domain/hooks/subscription';
import { createId } from '@patchbay/kit/ids';
import type { Pool, PoolClient } from 'pg';
import { inAccountScope } from '../metering/account-scope.ts';
import { NOBODY } from './nobody.ts';
import { toldEndpoints } from './told-endpoints.ts';

/** Of a replay, so many deliveries wait at a time: what happens meanwhile is never behind more than these. */
const WAITING_COUNT_MAX = 32;
/** Events that are looked at in one step. Those that the webhook does not hear of are passed over. */
const EVENT_COUNT_MAX = 500;

interface Running {
  readonly webhook: Subscription;
  readonly after: string;
  readonly until: string;
  readonly room: number;
}

/**
 * Takes one replay a step on: makes the deliveries that are next, and keeps how far it came, in one transaction. So a step
 * that dies in the middle was never made, and no event is skipped or sent twice by one replay.
 * @returns whether there was one to take on.
 */
export function takeReplayOn(pool: Pool): Promise<boolean> {
  return inAccountScope(pool, NOBODY, async (client) => {
    const running = await nextReplay(client);
    if (running === undefined) return false;
    const { webhook, after, until, room } = running;
    const events = await eventsOf(client, running);
    const heard = replayedOf(events, webhook);
    const taken = heard.slice(0, room);
    // What is left is looked at again, from the last that was taken on.
    const last = heard.length > room ? taken.at(-1) : events.at(-1);
    const isAtEnd = events.length < EVENT_COUNT_MAX && heard.length <= room;
    const deliveries = taken.map(({ id }) => ({ id: createId('dlv'), eventId: id }));
    await client.query('SELECT replay_go_on($1, $2, $3)', [
      webhook.webhookId,
      JSON.stringify(deliveries),
      isAtEnd ? until : (last?.position ?? after),
    ]);
    return true;
  });
}

async function nextReplay(client: PoolClient): Promise<Running | undefined> {
  const { rows } = await client.query<{
    webhook_id: string;
    account_id: string;
    event_types: string[];
    scope: Subscription['scope'];
    application_id: string | null;
    instance_type: string | null;
    endpoint: string | null;
    after_position: string;
    until_position: string;
    room: number;
  }>('SELECT * FROM replay_next($1)', [WAITING_COUNT_MAX]);
  const [row] = rows;
  if (row === undefined) return undefined;
  const webhook = {
    webhookId: row.webhook_id,
    accountId: row.account_id,
    eventTypes: row.event_types,
    scope: row.scope,
    applicationId: row.application_id ?? undefined,
    instanceType: row.instance_type ?? undefined,
    endpoint: row.endpoint ?? undefined,
  };
  return { webhook, after: row.after_position, until: row.until_position, room: row.room };
}

async function eventsOf(client: PoolClient, { webhook, after, until }: Running) {
  const { rows } = await client.query<{
    id: string;
    position: string;
    account_id: string;
    type: string;
    application_id: string | null;
    instance_type: string | null;
    data: Record<string, unknown>;
    identities: string[];
  }>('SELECT * FROM replay_events($1, $2, $3, $4, $5)', [
    webhook.accountId,
    webhook.scope === 'own',
    after,
    until,
    EVENT_COUNT_MAX,
  ]);
  return rows.map(({ account_id, application_id, instance_type, identities, ...rest }) => ({
    ...rest,
    accountId: account_id,
    applicationId: application_id ?? undefined,
    instanceType: instance_type ?? undefined,
    endpoints: toldEndpoints({ identities, data: rest.data }),
  }));
}
