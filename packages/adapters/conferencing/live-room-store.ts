import type { RoomSnapshot } from '@patchbay/domain/conferencing/room-words';
import type { Pool } from 'pg';
import { type Database, rowsInAccount } from '../postgres/at-once.ts';

/** Of a home that tells nothing for so long, another node may become the home. Three times what a node waits between two words. */
export const ROOM_LEASE_MS = 15_000;

interface Named {
  readonly accountId: string;
  readonly name: string;
}

export interface ToldRoom extends Named {
  /** Absent: as it was told last. */
  readonly snapshot?: RoomSnapshot | undefined;
  readonly isOver: boolean;
}

/** Rooms that run, by account and name, and which media node is the home of each. */
export function liveRoomStore(database: Database, pool: Pool) {
  return {
    /** Where it is. Where it is nowhere, it is on this node from now on. */
    async home({ accountId, name, nodeId }: Named & { readonly nodeId: string }): Promise<string> {
      const [row] = await rowsInAccount<{ node_id: string }>(database, accountId, {
        text: `INSERT INTO live_room (account_id, name, node_id, lease_until)
          VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond')
          ON CONFLICT (account_id, name) DO UPDATE SET lease_until = CASE
              WHEN live_room.node_id = excluded.node_id OR live_room.lease_until < clock_timestamp() THEN excluded.lease_until
              ELSE live_room.lease_until END,
            snapshot = CASE WHEN live_room.lease_until < clock_timestamp() THEN NULL ELSE live_room.snapshot END,
            node_id = CASE WHEN live_room.lease_until < clock_timestamp() THEN excluded.node_id ELSE live_room.node_id END
          RETURNING node_id`,
        values: [accountId, name, nodeId, ROOM_LEASE_MS],
      });
      if (row === undefined) throw new Error('No home was written.');
      return row.node_id;
    },

    async told(nodeId: string, rooms: readonly ToldRoom[]): Promise<void> {
      const told = rooms.map(({ accountId, name, snapshot, isOver }) => ({
        account_id: accountId,
        name,
        snapshot: snapshot ?? null,
        is_over: isOver,
      }));
      await pool.query('SELECT live_rooms_told($1, $2, $3)', [nodeId, JSON.stringify(told), ROOM_LEASE_MS]);
    },
  };
}
