import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  deployMigrations,
  migrationStatus,
  ownPrismaFolder,
  type PrismaFolder,
  pendingSql,
  prismaFolder,
  writeMigration,
} from './migrations.ts';

let root: string;
let folder: PrismaFolder;
let database: TestDatabase;

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'patchbay-migrations-'));
  folder = prismaFolder(root);
  cpSync(path.dirname(ownPrismaFolder.schemaDirectory), path.join(root, 'prisma'), { recursive: true });
  database = await createTestDatabase();
});

afterEach(async () => {
  await database.drop();
  rmSync(root, { recursive: true });
});

/** A schema of one table, and the migration that made it. */
function smallFolder(): PrismaFolder {
  const small = prismaFolder(path.join(root, 'small'));
  mkdirSync(small.schemaDirectory, { recursive: true });
  writeFileSync(
    schemaFileOf(small),
    'datasource db {\n  provider = "postgresql"\n}\n\nmodel First {\n  id String @id\n}\n',
  );
  writeMigration(
    'first',
    'CREATE TABLE "First" (id text NOT NULL, CONSTRAINT "First_pkey" PRIMARY KEY (id))',
    small,
  );
  return small;
}

const schemaFileOf = ({ schemaDirectory }: PrismaFolder) => path.join(schemaDirectory, 'schema.prisma');

it('the committed migrations are all that the schema asks for', { timeout: 120_000 }, async () => {
  expect(await pendingSql(folder)).toBeUndefined();
});

it('writes what takes the committed migrations to the schema, and deploys it once', {
  timeout: 120_000,
}, async () => {
  // One table: with all of ours it is found in the same way, and takes ten times as long.
  const small = smallFolder();
  appendFileSync(schemaFileOf(small), '\nmodel OnlyInThisTest {\n  id String @id\n}\n');
  const sql = await pendingSql(small);
  expect(sql).toContain('CREATE TABLE "OnlyInThisTest"');
  expect(sql).not.toContain('"First"');
  const written = writeMigration('only_in_this_test', sql ?? '', small);
  expect(existsSync(path.join(written, 'migration.sql'))).toBe(true);
  expect(await pendingSql(small)).toBeUndefined();
  // The others have the committed ones before it.
  cpSync(written, path.join(folder.migrationsDirectory, path.basename(written)), { recursive: true });

  const both = await Promise.all([
    deployMigrations(database.url, folder),
    deployMigrations(database.url, folder),
  ]);
  expect(both.flat()).toEqual([path.basename(written)]);
  expect(await migrationStatus(database.url, folder)).toMatchObject({ pending: [], unknown: [], edited: [] });
  expect((await migrationStatus(database.url)).unknown).toEqual([path.basename(written)]);

  appendFileSync(
    path.join(folder.migrationsDirectory, path.basename(written), 'migration.sql'),
    '-- and on second thoughts',
  );
  await expect(deployMigrations(database.url, folder)).rejects.toThrow('Edited after it was applied');
});

it('keeps nothing of a migration that fails half way', async () => {
  const fresh = await createTestDatabase();
  const half = prismaFolder(path.join(root, 'half'));
  writeMigration('half', 'CREATE TABLE first_half (id int); SELECT 1 / 0;', half);
  await expect(deployMigrations(fresh.url, half)).rejects.toThrow('division by zero');
  const status = await migrationStatus(fresh.url, half);
  expect(status.pending).toHaveLength(1);
  writeMigration('half_again', 'CREATE TABLE first_half (id int);', prismaFolder(path.join(root, 'whole')));
  expect(await deployMigrations(fresh.url, prismaFolder(path.join(root, 'whole')))).toHaveLength(1);
  await fresh.drop();
});

it('passes on the hint of a migration that refuses a server: it says what to do', async () => {
  const fresh = await createTestDatabase();
  const refusing = prismaFolder(path.join(root, 'refusing'));
  const raise = `RAISE EXCEPTION 'This server is too old.' USING HINT = 'Bring in a newer one.'`;
  writeMigration('refusing', `DO $$ BEGIN ${raise}; END $$;`, refusing);
  await expect(deployMigrations(fresh.url, refusing)).rejects.toThrow(
    'nothing of it was kept: This server is too old. Bring in a newer one.',
  );
  await fresh.drop();
});

it('refuses a name that is no file name', () => {
  expect(() => writeMigration('../elsewhere', 'SELECT 1', folder)).toThrow('a-z');
});
