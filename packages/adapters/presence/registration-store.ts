import {
  type Gone,
  PLACES_MAX,
  type Place,
  REGISTRATION_LIVE_MS,
  type Registration,
} from '@patchbay/domain/presence/registration';
import { type Database, rowsInAccount, rowsOf } from '../postgres/at-once.ts';

/** What a node left behind goes when it was not heard of for so long: one that was away tells everything anew. */
const LEFT_BEHIND_MS = 60_000;
const GONE_COUNT_MAX = 1_000;

/** Where endpoints are connected. */
export function registrationStore(database: Database) {
  return {
    /** By the word of a node, of all accounts that it serves. */
    async tell(
      { nodeId, boot }: { readonly nodeId: string; readonly boot: string },
      { here, gone }: { readonly here: readonly Registration[]; readonly gone: readonly Gone[] },
    ): Promise<void> {
      const told = [
        ...gone.map((each) => ({ ...keyOf(each), is_gone: true })),
        ...here.map((each) => ({
          ...keyOf(each),
          device_id: each.device.id,
          device_name: each.device.name,
          device_kind: each.device.kind,
          application_id: each.applicationId,
          since_ms: each.sinceMs,
          is_gone: false,
        })),
      ];
      await rowsOf(database, {
        text: 'SELECT endpoints_registered($1, $2, $3::jsonb)',
        values: [nodeId, boot, JSON.stringify(told)],
      });
    },

    /** At other nodes than this one, those that came last first. */
    async find({
      accountId,
      identity,
      exceptNodeId,
    }: {
      readonly accountId: string;
      readonly identity: string;
      readonly exceptNodeId: string;
    }): Promise<readonly Place[]> {
      const rows = await rowsInAccount<{ node_id: string; connection_id: string }>(database, accountId, {
        text: `SELECT r.node_id, r.connection_id FROM endpoint_registration r
          WHERE r.account_id = $1 AND r.identity = $2 AND r.node_id <> $3 AND is_registered_now(r, ${REGISTRATION_LIVE_MS})
          ORDER BY r.since DESC, r.connection_id LIMIT $4`,
        values: [accountId, identity, exceptNodeId, PLACES_MAX],
      });
      return rows.map(({ node_id: nodeId, connection_id: connectionId }) => ({ nodeId, connectionId }));
    },

    /** Of all accounts: takes out what nodes that are gone have left behind, so many rows at most. */
    async forgetLeftBehind(): Promise<number> {
      const rows = await rowsOf(database, {
        text: 'SELECT 1 AS gone FROM endpoint_registrations_gone($1, $2)',
        values: [LEFT_BEHIND_MS, GONE_COUNT_MAX],
      });
      return rows.length;
    },
  };
}

const keyOf = ({ accountId, identity, connectionId }: Gone) => ({
  account_id: accountId,
  identity,
  connection_id: connectionId,
});

export type RegistrationStore = ReturnType<typeof registrationStore>;
