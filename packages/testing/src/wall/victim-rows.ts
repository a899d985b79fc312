import { readFileSync } from 'node:fs';
import path from 'node:path';
import { tenantTables } from '@patchbay/adapters/prisma/tenant-attack';
import { Client, escapeIdentifier } from 'pg';

/** A connection of the owner to the database of a started platform. */
export async function ownerOf(dataDir: string): Promise<Client> {
  const place = path.join(dataDir, 'postgres');
  const password = readFileSync(path.join(place, 'password'), 'utf8');
  const [, , , port] = readFileSync(path.join(place, 'cluster/postmaster.pid'), 'utf8').split('\n');
  const connectionString = `postgresql://patchbay:${password}@127.0.0.1:${port}/patchbay`;
  const client = new Client({ connectionString });
  client.on('error', () => undefined); // The platform may stop first.
  await client.connect();
  return client;
}

/** What changes by itself, or by the victim's own reading. */
const ownDoing: readonly string[] = ['last_used_at', 'last_heard_at'];

/** Written by a task of the platform every now and then, from use that is compared itself. */
const ofTasks: readonly string[] = ['ledger_entry', 'spend_total'];

/** Sums of what those below use, whose own requests are counted (MET-6). The records that they sum are compared themselves. */
const ofThoseBelow: readonly string[] = ['usage_minute_total', 'usage_span_total'];

/** Every row of an account in every table of tenants, by table. */
export async function rowsOf(owner: Client, accountId: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { table, column } of await tenantTables(owner)) {
    if (ofTasks.includes(table) || ofThoseBelow.includes(table)) continue;
    const { rows } = await owner.query<{ row: string }>(
      `SELECT (to_jsonb(t) - $2::text[])::text AS row FROM ${escapeIdentifier(table)} t WHERE ${escapeIdentifier(column)} = $1 ORDER BY 1`,
      [accountId, ownDoing],
    );
    found.set(table, rows.map(({ row }) => row).join('\n'));
  }
  return found;
}

/** Rows that are new, gone or other than before, each with its table. */
export function changedRows(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [...after.keys()].flatMap((table) => {
    const [was, is] = [before, after].map((rows) => new Set((rows.get(table) ?? '').split('\n')));
    const changed = [...(is ?? []), ...(was ?? [])].filter((row) => !was?.has(row) || !is?.has(row));
    return changed.map((row) => `${table}: ${row}`);
  });
}
