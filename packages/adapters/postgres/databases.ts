import { setTimeout as wait } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';

/** The same server and user, another database. */
export function urlOfDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

async function onServer(serverUrl: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: urlOfDatabase(serverUrl, 'postgres') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** A new database with all that `template` holds, to which nobody may be connected. Returns its URL. */
export async function cloneDatabase(serverUrl: string, template: string, database: string): Promise<string> {
  await onServer(serverUrl, (client) =>
    client.query(
      `CREATE DATABASE ${escapeIdentifier(database)} TEMPLATE ${escapeIdentifier(template)} STRATEGY file_copy`,
    ),
  );
  return urlOfDatabase(serverUrl, database);
}

/** A pool says that it has ended before its connections have: one that is cut off then is an error that nobody takes. */
const LEAVING_MS_MAX = 250;
const LOOK_MS = 5;

/** Removes a database. Whoever is connected has a moment to leave, and is ended then. */
export function dropDatabase(serverUrl: string, database: string): Promise<void> {
  return onServer(serverUrl, async (client) => {
    const endMs = performance.now() + LEAVING_MS_MAX;
    while (performance.now() < endMs) {
      const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE datname = $1 LIMIT 1', [
        database,
      ]);
      if (rowCount === 0) break;
      await wait(LOOK_MS);
    }
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`);
  });
}
