import { type RoomSettings, roomSettingsSchema } from '@patchbay/domain/conferencing/room-settings';
import { type RoomSnapshot, roomSnapshotSchema } from '@patchbay/domain/conferencing/room-words';
import { type Database, rowsInAccount } from '../postgres/at-once.ts';
import { pageFrom } from '../prisma/page.ts';

/** Of one account. What documents begin on the fly does not count. */
export const ROOM_COUNT_MAX = 1_000;

interface Named {
  readonly accountId: string;
  readonly name: string;
}

interface Row {
  readonly name: string;
  readonly settings: unknown;
  readonly node_id: string | null;
  readonly snapshot: unknown;
}

/** A field of a later version is passed over; one that is not there yet is as by default. */
const settingsOf = (settings: unknown): RoomSettings | undefined =>
  settings === null ? undefined : roomSettingsSchema.parse(settings);

function snapshotOf(snapshot: unknown): RoomSnapshot | undefined {
  const read = roomSnapshotSchema.safeParse(snapshot);
  return read.success ? read.data : undefined;
}

const fromRow = ({ name, settings, node_id: nodeId, snapshot }: Row) => ({
  name,
  settings: settingsOf(settings),
  live: nodeId === null ? undefined : { nodeId, snapshot: snapshotOf(snapshot) },
});

/** Set, running, or both. */
const shown = `SELECT n.name, c.settings, l.node_id, l.snapshot FROM (
    SELECT c.name FROM conference_room c WHERE c.account_id = $1
    UNION SELECT l.name FROM live_room l WHERE l.account_id = $1 AND l.lease_until >= clock_timestamp()
  ) n LEFT JOIN conference_room c ON c.account_id = $1 AND c.name = n.name
  LEFT JOIN live_room l ON l.account_id = $1 AND l.name = n.name AND l.lease_until >= clock_timestamp()`;

/** What accounts set for rooms of theirs, and how those are that run. */
export function roomStore(database: Database) {
  const setFor = async ({ accountId, name }: Named): Promise<RoomSettings | undefined> => {
    const [row] = await rowsInAccount<Pick<Row, 'settings'>>(database, accountId, {
      text: 'SELECT settings FROM conference_room WHERE account_id = $1 AND name = $2',
      values: [accountId, name],
    });
    return row && settingsOf(row.settings);
  };
  return {
    setFor,

    async list({
      accountId,
      cursor = '',
      limit,
    }: {
      accountId: string;
      cursor?: string | undefined;
      limit: number;
    }) {
      const rows = await rowsInAccount<Row>(database, accountId, {
        text: `${shown} WHERE n.name COLLATE "C" > $2 ORDER BY n.name COLLATE "C" LIMIT $3`,
        values: [accountId, cursor, limit + 1],
      });
      return pageFrom(rows, limit, { cursorOf: ({ name }) => name, toItem: fromRow });
    },

    async find({ accountId, name }: Named) {
      const [row] = await rowsInAccount<Row>(database, accountId, {
        text: `${shown} WHERE n.name = $2`,
        values: [accountId, name],
      });
      return row && fromRow(row);
    },

    /** What was set before. One at a time in an account until the unit of work is over, so that the bound holds. */
    async set({
      accountId,
      name,
      settings,
    }: Named & { readonly settings: RoomSettings }): Promise<RoomSettings | undefined | 'too_many'> {
      await rowsInAccount(database, accountId, {
        text: `SELECT pg_advisory_xact_lock(hashtextextended('patchbay.rooms ' || $1, 0))::text`,
        values: [accountId],
      });
      const before = await setFor({ accountId, name });
      const set = await rowsInAccount(database, accountId, {
        text: `INSERT INTO conference_room (account_id, name, settings) SELECT $1, $2, $3
          WHERE EXISTS (SELECT 1 FROM conference_room x WHERE x.account_id = $1 AND x.name = $2)
            OR (SELECT count(*) FROM conference_room x WHERE x.account_id = $1) < $4
          ON CONFLICT (account_id, name) DO UPDATE SET settings = excluded.settings, changed_at = now() RETURNING name`,
        values: [accountId, name, JSON.stringify(settings), ROOM_COUNT_MAX],
      });
      return set.length === 0 ? 'too_many' : before;
    },

    async remove({ accountId, name }: Named): Promise<RoomSettings | undefined> {
      const [row] = await rowsInAccount<Pick<Row, 'settings'>>(database, accountId, {
        text: 'DELETE FROM conference_room WHERE account_id = $1 AND name = $2 RETURNING settings',
        values: [accountId, name],
      });
      return row && settingsOf(row.settings);
    },
  };
}
