import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { databaseFolder, databaseFolders } from './database-folder.ts';

const GIB = 2 ** 30;

test('databases lie in memory where it has room for all of a run, and else on the disk', () => {
  expect(databaseFolder({ folderBytes: 12 * GIB, memoryBytes: 20 * GIB })).toBe('/dev/shm');
  // What a container is given, no such folder at all, and a machine that is full.
  expect(databaseFolder({ folderBytes: 64 * 2 ** 20, memoryBytes: 20 * GIB })).toBe(tmpdir());
  expect(databaseFolder({ folderBytes: 0, memoryBytes: 20 * GIB })).toBe(tmpdir());
  expect(databaseFolder({ folderBytes: 12 * GIB, memoryBytes: 2 * GIB })).toBe(tmpdir());
});

test('wherever they may lie, what a killed run left is looked for', () => {
  expect(databaseFolders()).toContain(databaseFolder());
  expect(databaseFolders()).toContain(tmpdir());
});
