import { dataClassNames, dataClassOf } from '@patchbay/domain/privacy/data-classes';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClassTable, tablesOf } from './class-tables.ts';

let database: TestDatabase;
let owner: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
}, 120_000);
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const classed = dataClassNames.flatMap((name) => tablesOf(name).map((table) => ({ name, ...table })));
const exported = classed.filter(({ columns }) => columns !== undefined);

async function columnsOf(table: string): Promise<readonly string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute a
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1`,
    [table],
  );
  return rows.map(({ name }) => name);
}

test('every table of the database is in one class of data, and in no other (PRD-4)', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
     AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition ORDER BY 1`,
  );
  expect(classed.map(({ table }) => table).sort()).toEqual(rows.map(({ name }) => name));
});

test.each(exported.map((table): [string, ClassTable] => [table.table, table]))(
  '%s: each column is in an export, or it is said that it is not (C17)',
  async (_name, { table, columns = [], without = [], order = [], ownedBy = 'account_id' }) => {
    const all = await columnsOf(table);
    expect([...columns, ...without].sort()).toEqual(all);
    expect(all).toEqual(expect.arrayContaining([...order, ...(ownedBy.includes('.') ? [] : [ownedBy])]));
    expect(order).not.toEqual([]);
  },
);

test('no secret is in an export: nothing encrypted, and no hash of what authenticates', () => {
  const secret = /cipher|secret|password|token|api_hash/;
  const held = exported.flatMap(({ table, columns = [] }) => columns.map((column) => `${table}.${column}`));
  expect(held.filter((column) => secret.test(column))).toEqual([]);
});

test('every class is in the export of an account, or says why it is not', () => {
  const left = dataClassNames.filter((name) => !exported.some((table) => table.name === name));
  expect(left.filter((name) => dataClassOf(name).notExportedWhy === undefined)).toEqual([]);
  expect(exported.filter(({ name }) => dataClassOf(name).notExportedWhy !== undefined)).toEqual([]);
});
