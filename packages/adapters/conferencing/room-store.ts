import { type RoomSettings, roomSettingsSchema } from '@patchbay/domain/conferencing/room-settings';
import { type RoomSnapshot, roomSnapshotSchema } from '@patchbay/domain/conferencing/room-words';
import { type Database, rowsInAccount } from '../postgres/at-once.ts';
import { namedSettings } from '../postgres/named-settings.ts';
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
const settingsOf = (settings: unknown): RoomSettings => roomSettingsSchema.parse(settings);

function snapshotOf(snapshot: unknown): RoomSnapshot | undefined {
  const read = roomSnapshotSchema.safeParse(snapshot);
  return read.success ? read.data : undefined;
}

const fromRow = ({ name, settings, node_id: nodeId, snapshot }: Row) => ({
  name,
  settings: settings === null ? undefined : settingsOf(settings),
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
  const {
    find: setFor,
    set,
    remove,
  } = namedSettings(database, { table: 'conference_room', countMax: ROOM_COUNT_MAX, parse: settingsOf });
  return {
    setFor,
    set,
    remove,

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
  };
}
