import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { wayRoundTheWall } from '@patchbay/adapters/postgres/application-login';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { openDatabase } from './database.ts';
import { Progress } from './progress.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let database: TestDatabase;
let folder: DataFolder;
const silent = new Progress({ write: () => undefined });

beforeAll(async () => {
  database = await createTestDatabase();
  folder = openDataFolder(mkdtempSync(path.join(tmpdir(), 'patchbay-up-')));
});
afterAll(async () => {
  await database.drop();
  rmSync(folder.root, { recursive: true });
});

const open = (databaseUrl: string, migrationUrl?: string) =>
  openDatabase({ folder, databaseUrl, migrationUrl, progress: silent, onLost: () => undefined });

async function askedAs(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text: sql, rowMode: 'array' }).finally(() => client.end());
  return rows[0]?.[0];
}

test('the owner’s URL is for migrations: what is started gets a login of its own, which outlives the start (C6)', async () => {
  const first = await open(database.url);
  expect(await wayRoundTheWall(first.url)).toBeUndefined();
  expect(await askedAs(first.url, 'SELECT session_user')).toMatch(/^patchbay_login_[0-9a-f]{12}$/);
  for (const way of ['RESET ROLE', 'SET ROLE NONE']) {
    await expect(askedAs(first.url, `${way}; SELECT password_hash FROM app_user`)).rejects.toThrow(
      'permission denied',
    );
  }
  expect((await open(database.url)).url).toBe(first.url);
  const file = path.join(folder.root, 'database-login.json');
  expect(statSync(file).mode & 0o077).toBe(0);
  await askedAs(database.url, `DROP ROLE ${JSON.parse(readFileSync(file, 'utf8')).name}`);
});

test('an operator who keeps owner and application apart has both taken as they are', async () => {
  expect((await open(database.applicationUrl, database.url)).url).toBe(database.applicationUrl);
});

test('an application that could get round the wall does not start, and is told what to do', async () => {
  await expect(open(database.url, database.url)).rejects.toThrow(
    /wall between tenants would not hold: patchbay may bypass.*DATABASE_MIGRATION_URL/,
  );
  await expect(open(database.applicationUrl)).rejects.toThrow(/permission denied.*of the owner/);
});
