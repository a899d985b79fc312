import {
  NAMESPACE_COUNT_MAX,
  type NamespaceSettings,
  namespaceSettings,
} from '@patchbay/domain/channels/namespace';
import type { NamespaceRecord, Page } from '@patchbay/domain/channels/records';
import { type Database, rowsInAccount } from '../postgres/at-once.ts';
import { namedSettings } from '../postgres/named-settings.ts';
import { pageFrom } from '../prisma/page.ts';

interface NamespaceRow {
  readonly name: string;
  readonly settings: unknown;
}

/** A field of a later version is passed over; one that is not there yet is as by default. */
const settingsOf = (settings: unknown): NamespaceSettings => namespaceSettings.strip().parse(settings);
const fromRow = ({ name, settings }: NamespaceRow): NamespaceRecord => ({
  name,
  settings: settingsOf(settings),
});

/** What is set for namespaces, in the scope of their account. */
export function namespaceStore(database: Database) {
  return {
    ...namedSettings(database, {
      table: 'channel_namespace',
      countMax: NAMESPACE_COUNT_MAX,
      parse: settingsOf,
    }),

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
  };
}

export type NamespaceStore = ReturnType<typeof namespaceStore>;
