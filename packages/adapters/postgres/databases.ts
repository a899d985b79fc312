import { Client, escapeIdentifier } from 'pg';

/** The same server and user, another database. */
export function urlOfDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

async function onServer(serverUrl: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: urlOfDatabase(serverUrl, 'postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A new database with all that `template` holds, to which nobody may be connected. Returns its URL. */
export async function cloneDatabase(serverUrl: string, template: string, database: string): Promise<string> {
  await onServer(
    serverUrl,
    `CREATE DATABASE ${escapeIdentifier(database)} TEMPLATE ${escapeIdentifier(template)} STRATEGY file_copy`,
  );
  return urlOfDatabase(serverUrl, database);
}

/** Removes a database and ends whoever is connected to it. */
export function dropDatabase(serverUrl: string, database: string): Promise<void> {
  return onServer(serverUrl, `DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`);
}
