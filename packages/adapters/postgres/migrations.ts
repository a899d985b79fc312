import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SchemasContainer } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Client, DatabaseError } from 'pg';
import { openSchemaEngine, type SchemaFile } from './schema-engine.ts';

const lockfileName = 'migration_lock.toml';
const noFilters = { externalTables: [], externalEnums: [] };
/** Any number that nothing else uses as an advisory lock: two processes that start at once must not both migrate. */
const deployLock = 7_204_118;

/** The folder `prisma/` of a checkout or of an image. */
export interface PrismaFolder {
  readonly schemaDirectory: string;
  readonly migrationsDirectory: string;
}

export function prismaFolder(rootDirectory: string): PrismaFolder {
  return {
    schemaDirectory: path.join(rootDirectory, 'prisma/schema'),
    migrationsDirectory: path.join(rootDirectory, 'prisma/migrations'),
  };
}

/** Of the repository that this file lies in. */
export const ownPrismaFolder: PrismaFolder = prismaFolder(path.join(import.meta.dirname, '../../..'));

function readSchema({ schemaDirectory }: PrismaFolder): SchemaFile[] {
  return readdirSync(schemaDirectory)
    .filter((name) => name.endsWith('.prisma'))
    .sort()
    .map((name) => path.join(schemaDirectory, name))
    .map((file) => [file, readFileSync(file, 'utf8')]);
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

function readMigrations({ migrationsDirectory }: PrismaFolder): Migration[] {
  if (!existsSync(migrationsDirectory)) return [];
  return readdirSync(migrationsDirectory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(migrationsDirectory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/** SQL that takes the committed migrations to the schema, or undefined when they agree. Needs no server: 3 to 6 s. */
export async function pendingSql(folder: PrismaFolder = ownPrismaFolder): Promise<string | undefined> {
  // A database in this process plays the shadow database; whoever only deploys does not load it.
  const { PGlite } = await import('@electric-sql/pglite');
  const { PrismaPGlite } = await import('pglite-prisma-adapter');
  const shadow = new PGlite();
  for (const { sql } of readMigrations(folder)) await shadow.exec(sql);
  const schema = readSchema(folder);
  const container: SchemasContainer = { files: schema.map(([file, content]) => ({ path: file, content })) };
  const engine = await openSchemaEngine(schema, new PrismaPGlite(shadow));
  const { exitCode, stdout } = await engine.diff({
    from: { tag: 'schemaDatasource', configDir: path.dirname(folder.schemaDirectory), ...container },
    to: { tag: 'schemaDatamodel', ...container },
    script: true,
    exitCode: true,
    filters: noFilters,
  });
  return exitCode === 0 ? undefined : (stdout ?? '');
}

/** Writes `sql` as the newest migration and returns its folder. */
export function writeMigration(name: string, sql: string, folder: PrismaFolder = ownPrismaFolder): string {
  if (!/^[a-z0-9_]+$/.test(name)) throw new Error('A migration has a name of a-z, 0-9 and _');
  const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const directory = path.join(folder.migrationsDirectory, `${timestamp}_${name}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'migration.sql'), sql);
  writeFileSync(path.join(folder.migrationsDirectory, lockfileName), 'provider = "postgresql"\n');
  return directory;
}

interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
}

/** Prisma's own table, so that `prisma migrate deploy` can take over where its engine is at hand. */
const historyTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

async function withHistory<T>(
  databaseUrl: string,
  run: (client: Client, applied: readonly AppliedMigration[]) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [deployLock]);
    await client.query(historyTable);
    const { rows } = await client.query<AppliedMigration>(
      'SELECT migration_name AS name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    );
    return await run(client, rows);
  } finally {
    await client.end(); // Releases the lock, too.
  }
}

/** One transaction: a migration is there with its entry, or has left no trace. */
async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  const startedAt = new Date();
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
       VALUES ($1, $2, now(), $3, $4, 1)`,
      [randomUUID(), checksum, name, startedAt],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new Error(`The migration ${name} failed, and nothing of it was kept: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** What PostgreSQL says, with its hint: where a migration refuses a server, the hint is the remedy. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause instanceof DatabaseError && cause.hint !== undefined
    ? `${cause.message} ${cause.hint}`
    : cause.message;
}

/** What a database has of the migrations in the folder. */
export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** In the database, and not in this version of the folder: the database is newer than the code. */
  readonly unknown: readonly string[];
  /** Changed in the folder since they were applied. */
  readonly edited: readonly string[];
}

function compare(migrations: readonly Migration[], applied: readonly AppliedMigration[]): MigrationStatus {
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const names = new Set(migrations.map(({ name }) => name));
  return {
    applied: applied.map(({ name }) => name),
    pending: migrations.filter(({ name }) => !checksums.has(name)).map(({ name }) => name),
    unknown: applied.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    edited: migrations
      .filter(({ name, checksum }) => checksums.has(name) && checksums.get(name) !== checksum)
      .map(({ name }) => name),
  };
}

/**
 * Applies the migrations that the database does not have, in order, and returns their names. Processes that do
 * it at once wait for each other. `databaseUrl` must be of the owner of the schema. The wasm engine could apply
 * them too, were it not that it cuts a script at every semicolon, inside the body of a function as well.
 * @throws when one fails, or was edited after it was applied.
 */
export function deployMigrations(
  databaseUrl: string,
  folder: PrismaFolder = ownPrismaFolder,
): Promise<readonly string[]> {
  const migrations = readMigrations(folder);
  return withHistory(databaseUrl, async (client, applied) => {
    const { edited, pending } = compare(migrations, applied);
    if (edited.length > 0) {
      throw new Error(
        `Edited after it was applied: ${edited.join(', ')}. Restore it, and add a new migration`,
      );
    }
    for (const migration of migrations.filter(({ name }) => pending.includes(name))) {
      await apply(client, migration);
    }
    return pending;
  });
}

export function migrationStatus(
  databaseUrl: string,
  folder: PrismaFolder = ownPrismaFolder,
): Promise<MigrationStatus> {
  return withHistory(databaseUrl, async (_client, applied) => compare(readMigrations(folder), applied));
}
