/**
 * Attacks the second wall (C6): acts as the application in one account's scope and tries to reach another's rows, in
 * every table that has an account. It finds the tables by itself, so a table added tomorrow is attacked tomorrow.
 */
import { createHash } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';

export interface Finding {
  readonly table: string;
  /** What went through, or what kept the attack from proving anything. */
  readonly what: string;
}

interface Target {
  readonly table: string;
  /** The column that says whose the row is. */
  readonly column: string;
}

/** Tables that belong to an account by another column than account_id. */
const ownColumns: Readonly<Record<string, string>> = {
  account: 'id',
  account_closure: 'descendant_id',
  endpoint_transfer: 'from_account_id',
  ledger_position: 'seller_id',
  ledger_transaction: 'seller_id',
};
/** Columns that may be absent each, and that a constraint asks for together. */
const neededTogether: Readonly<Record<string, readonly string[]>> = {
  speech: ['speech_order'],
  speech_detection_job: ['job_order'],
  transcoding_job: ['job_order'],
  credit: ['top_up_id'],
  policy: ['set_by'],
  sso_provider: ['client_id', 'client_secret', 'groups_claim', 'trusts_email'],
};
/** These two describe the tree itself: the accounts under attack have their rows in them already. */
const treeTables: readonly string[] = ['account', 'account_closure'];

/**
 * Tables of no tenant: of the platform, of its nodes, and of people, who may belong to several accounts and are reached
 * through roles and named functions alone.
 */
const platformTables: readonly string[] = [
  '_prisma_migrations',
  'app_user',
  'audit_check',
  'billing_closing',
  'bus_message',
  'email_link',
  'event_place',
  'job_run',
  'node',
  'node_join_token',
  'node_software',
  'organisation',
  'passkey',
  'passkey_challenge',
  'recovery_code',
  'second_factor',
  'policy_day_count',
  'policy_hold',
  'rail_notice',
  'retention_round',
  'set_up_link',
  'sign_in_attempt',
  'sign_in_session',
  'stored_bytes',
  'usage_dimension_set',
  'usage_layout',
  'usage_node_mark',
  'usage_sequence_block',
];

export async function connectAs(url: string, options?: string): Promise<Client> {
  const client = new Client({ connectionString: url, ...(options === undefined ? {} : { options }) });
  await client.connect();
  return client;
}

/** Where the rows lie: by the URL of the owner, and by that of the application. */
export interface AttackedDatabase {
  readonly url: string;
  readonly applicationUrl: string;
}

export const asApplication = ({ applicationUrl }: AttackedDatabase) =>
  connectAs(applicationUrl, '-c role=patchbay_app');

/** Every table of tenants, as the database itself lists them. Partitions are reached through their parent. */
export async function tenantTables(owner: Client): Promise<readonly Target[]> {
  const { rows } = await owner.query<Target>(`
    SELECT c.relname AS table, a.attname AS column
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attname = 'account_id' AND NOT a.attisdropped
    ORDER BY 1`);
  return [...rows, ...Object.entries(ownColumns).map(([table, column]) => ({ table, column }))];
}

/**
 * Tables that are neither of the platform nor behind forced row-level security: each is a hole, or a name to add above. A
 * view with the rights of who reads it shows what its tables show.
 */
export async function unguardedTables(owner: Client): Promise<readonly string[]> {
  const { rows } = await owner.query<{ relname: string }>(
    `SELECT c.relname FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND c.relname <> ALL ($1)
       AND NOT (c.relkind = 'v' AND 'security_invoker=true' = ANY (coalesce(c.reloptions, '{}')))
     ORDER BY 1`,
    [platformTables],
  );
  return rows.map(({ relname }) => relname);
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly is_array: boolean;
  readonly check: string | null;
}

/** The least row a table takes for an account, made from its own description. */
async function sampleRow(owner: Client, { table, column }: Target, accountId: string) {
  const { rows: columns } = await owner.query<Column>(
    `SELECT a.attname AS name, format_type(coalesce(nullif(t.typelem, 0), t.oid), null) AS type, t.typcategory = 'A' AS is_array,
       (SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
        WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum] LIMIT 1) AS check
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attgenerated = '' AND (a.attidentity = '') AND (a.attnotnull AND NOT a.atthasdef OR a.attname = $2 OR a.attname = ANY ($3))`,
    [table, column, neededTogether[table] ?? []],
  );
  const values = columns.map((described) =>
    described.name === column ? accountId : sampleValue(described, `sample ${table} ${accountId}`),
  );
  return { names: columns.map(({ name }) => name), values };
}

function sampleValue({ type, is_array, check }: Column, text: string): unknown {
  if (is_array && type !== 'bytea') return [];
  const allowed = check?.match(/'([^']+)'::text/)?.[1];
  const hash = createHash('sha256').update(text).digest();
  if (type === 'bytea') return hash;
  // Some tables are kept by a number alone: each account has one of its own.
  if (type === 'bigint') return 1 + hash.readUInt16BE();
  if (/^(text|character varying)/.test(type)) return check?.includes('[A-Z]') ? 'EUR' : (allowed ?? text);
  if (/^(json|jsonb)$/.test(type)) return '{}';
  // A whole minute, as some tables ask for.
  if (/^(timestamp|date)/.test(type)) return new Date(Math.floor(Date.now() / 60_000) * 60_000);
  if (type === 'boolean') return false;
  if (type === 'uuid') return '00000000-0000-4000-8000-000000000000';
  return Number(check?.match(/ARRAY\[(\d+)/)?.[1] ?? 1);
}

const insertSql = (table: string, names: readonly string[]) =>
  `INSERT INTO ${escapeIdentifier(table)} (${names.map(escapeIdentifier).join(', ')})
   VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`;

/** Puts a row of each account into every table of tenants, so that there is something to steal. */
export async function plantRows(owner: Client, accountIds: readonly string[]): Promise<void> {
  // Rows that refer to nothing: the wall is tested, not the references. Only a superuser may do so.
  await owner.query('SET session_replication_role = replica');
  for (const target of await tenantTables(owner)) {
    if (treeTables.includes(target.table)) continue;
    for (const accountId of accountIds) {
      const { names, values } = await sampleRow(owner, target, accountId);
      await owner.query(`${insertSql(target.table, names)} ON CONFLICT DO NOTHING`, values);
    }
  }
  await owner.query('SET session_replication_role = DEFAULT');
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** What a statement of the attacker did. It never lasts. */
async function attempt(attacker: Client, sql: string, values: readonly unknown[]) {
  await attacker.query('SAVEPOINT attempt');
  try {
    const { rowCount } = await attacker.query(sql, [...values]);
    return { isRefused: false, rowCount: rowCount ?? 0, code: '' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { isRefused: code === INSUFFICIENT_PRIVILEGE, rowCount: 0, code };
  } finally {
    await attacker.query('ROLLBACK TO SAVEPOINT attempt');
  }
}

/**
 * Tries everything from the scope of `attackerId` on the rows of `victimId`, and reports what went through. It reports a
 * table that it cannot attack, too: one without a row of the victim, or in which the attacker does not see its own.
 */
export async function attackTenants(
  database: AttackedDatabase,
  { attackerId, victimId }: { readonly attackerId: string; readonly victimId: string },
): Promise<readonly Finding[]> {
  const owner = await connectAs(database.url);
  const attacker = await asApplication(database);
  const findings: Finding[] = [];
  try {
    for (const target of await tenantTables(owner)) {
      const found = await attackTable({ owner, attacker, target }, { attackerId, victimId });
      findings.push(...found.map((what) => ({ table: target.table, what })));
    }
  } finally {
    await Promise.all([owner.end(), attacker.end()]);
  }
  return findings;
}

interface Attack {
  readonly owner: Client;
  readonly attacker: Client;
  readonly target: Target;
}

async function attackTable(
  { owner, attacker, target }: Attack,
  { attackerId, victimId }: { readonly attackerId: string; readonly victimId: string },
): Promise<string[]> {
  const table = escapeIdentifier(target.table);
  const column = escapeIdentifier(target.column);
  const findings: string[] = [];
  const planted = await owner.query(`SELECT 1 FROM ${table} WHERE ${column} = $1 LIMIT 1`, [victimId]);
  if (planted.rowCount === 0) findings.push('unproven: the victim has no row');

  await attacker.query('BEGIN');
  const { rows: rights } = await attacker.query<{ reads: boolean }>(
    `SELECT has_any_column_privilege($1::regclass, 'SELECT') AS reads`,
    [table],
  );
  // A table that no statement of the application names is read in no scope: its functions are tested by themselves.
  const isReadable = rights[0]?.reads !== false;
  if (isReadable) {
    const unscoped = await attacker.query(`SELECT ${column} FROM ${table}`);
    if (unscoped.rowCount !== 0) findings.push('reads without any scope');
  }
  await attacker.query(`SELECT set_config('patchbay.account_id', $1, true)`, [attackerId]);
  if (isReadable) {
    const seen = await attacker.query<Record<string, string>>(`SELECT DISTINCT ${column} FROM ${table}`);
    const owners = seen.rows.map((row) => row[target.column]);
    if (owners.includes(victimId)) findings.push('reads');
    if (!owners.includes(attackerId)) findings.push('unproven: the attacker does not see its own row');
  }

  const changes: readonly (readonly [string, string, readonly string[]])[] = [
    ['updates', `UPDATE ${table} SET ${column} = ${column} WHERE ${column} = $1`, [victimId]],
    ['takes over', `UPDATE ${table} SET ${column} = $2 WHERE ${column} = $1`, [victimId, attackerId]],
    ['gives away', `UPDATE ${table} SET ${column} = $2 WHERE ${column} = $1`, [attackerId, victimId]],
    ['deletes', `DELETE FROM ${table} WHERE ${column} = $1`, [victimId]],
  ];
  for (const [verb, sql, values] of changes) {
    const { isRefused, rowCount, code } = await attempt(attacker, sql, values);
    if (rowCount > 0) findings.push(verb);
    // Row security is checked before keys and references: any other error means that it let the row through.
    else if (code !== '' && !isRefused) findings.push(`${verb} (${code})`);
  }
  findings.push(...(await insertAs({ owner, attacker, target }, victimId)));
  await attacker.query('ROLLBACK');
  return findings;
}

async function insertAs({ owner, attacker, target }: Attack, victimId: string): Promise<string[]> {
  const { names, values } =
    target.table === 'account'
      ? {
          names: ['id', 'parent_id', 'root_id', 'name', 'currency'],
          values: ['forged', victimId, '', 'forged', 'EUR'],
        }
      : await sampleRow(owner, target, victimId);
  const { isRefused, code } = await attempt(attacker, insertSql(target.table, names), values);
  return isRefused ? [] : [`inserts${code === '' ? '' : ` (${code})`}`];
}
