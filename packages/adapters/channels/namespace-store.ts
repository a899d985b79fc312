import {
  NAMESPACE_COUNT_MAX,
  type NamespaceSettings,
  namespaceSettings,
} from '@patchbay/domain/channels/namespace';
import type { NamespaceRecord, Page } from '@patchbay/domain/channels/records';
import { type Database, rowsInAccount } from '../postgres/at-once.ts';
import { pageFrom } from '../prisma/page.ts';

interface NamespaceRow {
  readonly name: string;
  readonly settings: unknown;
}

interface Named {
  readonly accountId: string;
  readonly name: string;
}

/** A field of a later version is passed over; one that is not there yet is as by default. */
const settingsOf = (row: NamespaceRow): NamespaceSettings => namespaceSettings.strip().parse(row.settings);
const fromRow = (row: NamespaceRow): NamespaceRecord => ({ name: row.name, settings: settingsOf(row) });

/** What is set for namespaces, in the scope of their account. */
export function namespaceStore(database: Database) {
  const find = async ({ accountId, name }: Named): Promise<NamespaceSettings | undefined> => {
    const [row] = await rowsInAccount<NamespaceRow>(database, accountId, {
      text: 'SELECT name, settings FROM channel_namespace WHERE account_id = $1 AND name = $2',
      values: [accountId, name],
    });
    return row && settingsOf(row);
  };
  return {
    find,

    async list({
      accountId,
      cursor = '',
      limit,
    }: {
      accountId: string;
      cursor?: string | undefined;
      limit: number;
    }): Promise<Page<NamespaceRecord>> {
      const rows = await rowsInAccount<NamespaceRow>(database, accountId, {
        text: `SELECT name, settings FROM channel_namespace WHERE account_id = $1 AND name COLLATE "C" > $2
          ORDER BY name COLLATE "C" LIMIT $3`,
        values: [accountId, cursor, limit + 1],
      });
      return pageFrom(rows, limit, { cursorOf: ({ name }) => name, toItem: fromRow });
    },

    /**
     * What was set before. One at a time in an account until the unit of work is over, so that the bound holds and the log says
     * what was there (ACC-8).
     */
    async set({
      accountId,
      name,
      settings,
    }: Named & { settings: NamespaceSettings }): Promise<NamespaceSettings | undefined | 'too_many'> {
      await rowsInAccount(database, accountId, {
        text: `SELECT pg_advisory_xact_lock(hashtextextended('patchbay.channel-namespaces ' || $1, 0))::text`,
        values: [accountId],
      });
      const before = await find({ accountId, name });
      const set = await rowsInAccount(database, accountId, {
        text: `INSERT INTO channel_namespace (account_id, name, settings) SELECT $1, $2, $3
          WHERE EXISTS (SELECT 1 FROM channel_namespace x WHERE x.account_id = $1 AND x.name = $2)
            OR (SELECT count(*) FROM channel_namespace x WHERE x.account_id = $1) < $4
          ON CONFLICT (account_id, name) DO UPDATE SET settings = excluded.settings, changed_at = now() RETURNING name`,
        values: [accountId, name, JSON.stringify(settings), NAMESPACE_COUNT_MAX],
      });
      return set.length === 0 ? 'too_many' : before;
    },

    async remove({ accountId, name }: Named): Promise<NamespaceSettings | undefined> {
      const [row] = await rowsInAccount<NamespaceRow>(database, accountId, {
        text: 'DELETE FROM channel_namespace WHERE account_id = $1 AND name = $2 RETURNING name, settings',
        values: [accountId, name],
      });
      return row && settingsOf(row);
    },
  };
}

export type NamespaceStore = ReturnType<typeof namespaceStore>;
