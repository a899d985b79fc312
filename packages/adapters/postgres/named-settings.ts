import { type Database, rowsInAccount } from './at-once.ts';
import type { Statement } from './round-trip.ts';

export interface NamedSettingsTable<Settings> {
  /** With the columns `account_id`, `name`, `settings` and `changed_at`. */
  readonly table: 'channel_namespace' | 'conference_room';
  /** Of one account. */
  readonly countMax: number;
  /** Of what stands in a row. */
  readonly parse: (settings: unknown) => Settings;
}

interface Named {
  readonly accountId: string;
  readonly name: string;
}

/** What an account sets under names of its own, in its scope. */
export function namedSettings<Settings>(
  database: Database,
  { table, countMax, parse }: NamedSettingsTable<Settings>,
) {
  const rows = (accountId: string, text: string, values: Statement['values'] = []) =>
    rowsInAccount<{ readonly settings: unknown }>(database, accountId, {
      text,
      values: [accountId, ...values],
    });
  const find = async ({ accountId, name }: Named): Promise<Settings | undefined> => {
    const text = `SELECT settings FROM ${table} WHERE account_id = $1 AND name = $2`;
    const [row] = await rows(accountId, text, [name]);
    return row && parse(row.settings);
  };
  return {
    find,

    /**
     * What was set before. One at a time in an account until the unit of work is over, so that the bound holds and the log says
     * what was there (ACC-8).
     */
    async set({
      accountId,
      name,
      settings,
    }: Named & { readonly settings: Settings }): Promise<Settings | undefined | 'too_many'> {
      await rows(
        accountId,
        `SELECT pg_advisory_xact_lock(hashtextextended('patchbay.${table} ' || $1, 0))::text`,
        [],
      );
      const before = await find({ accountId, name });
      const set = await rows(
        accountId,
        `INSERT INTO ${table} (account_id, name, settings) SELECT $1, $2, $3
          WHERE EXISTS (SELECT 1 FROM ${table} x WHERE x.account_id = $1 AND x.name = $2)
            OR (SELECT count(*) FROM ${table} x WHERE x.account_id = $1) < $4
          ON CONFLICT (account_id, name) DO UPDATE SET settings = excluded.settings, changed_at = now() RETURNING settings`,
        [name, JSON.stringify(settings), countMax],
      );
      return set.length === 0 ? 'too_many' : before;
    },

    /** What was set until now; undefined where nothing was. */
    async remove({ accountId, name }: Named): Promise<Settings | undefined> {
      const text = `DELETE FROM ${table} WHERE account_id = $1 AND name = $2 RETURNING settings`;
      const [row] = await rows(accountId, text, [name]);
      return row && parse(row.settings);
    },
  };
}
