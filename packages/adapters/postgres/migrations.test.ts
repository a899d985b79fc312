import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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

it('writes what takes the committed migrations to the schema, and deploys it once', {
  // All migrations run three times, on a database in this process.
  timeout: 240_000,
}, async () => {
  expect(await pendingSql(folder)).toBeUndefined();
  appendFileSync(
    path.join(folder.schemaDirectory, readdirSync(folder.schemaDirectory)[0] ?? ''),
    '\nmodel OnlyInThisTest {\n  id String @id\n}\n',
  );
  const sql = await pendingSql(folder);
  expect(sql).toContain('CREATE TABLE "OnlyInThisTest"');
  const written = writeMigration('only_in_this_test', sql ?? '', folder);
  expect(existsSync(path.join(written, 'migration.sql'))).toBe(true);
  expect(await pendingSql(folder)).toBeUndefined();

  const both = await Promise.all([
    deployMigrations(database.url, folder),
    deployMigrations(database.url, folder),
  ]);
  expect(both.flat()).toEqual([path.basename(written)]);
  expect(await migrationStatus(database.url, folder)).toMatchObject({ pending: [], unknown: [], edited: [] });
  expect((await migrationStatus(database.url)).unknown).toEqual([path.basename(written)]);

  appendFileSync(path.join(written, 'migration.sql'), '-- and on second thoughts');
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
