import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refusal } from '../refusal.ts';
import { openDataFolder } from './data-folder.ts';
import { refuseForeignHost } from './ports.ts';

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'patchbay-data-'));
});
afterAll(() => rmSync(parent, { recursive: true }));

test('a data folder is made with all levels above it, closed where it holds secrets, and opened again', () => {
  const root = path.join(parent, 'a', 'b');
  const folder = openDataFolder(root);
  expect(statSync(folder.files).mode & 0o777).toBe(0o700);
  expect(statSync(root).mode & 0o777).toBe(0o711);
  expect(openDataFolder(root)).toEqual(folder);
});

test('where no folder can be made the start is refused at once, with the setting', () => {
  const file = path.join(parent, 'file');
  writeFileSync(file, '');
  for (const root of ['/proc/patchbay/data', path.join(file, 'data'), file]) {
    expect(() => openDataFolder(root)).toThrow(Refusal);
    expect(() => openDataFolder(root)).toThrow(`--data ${root} cannot be used`);
  }
});

test('an address that is not of this machine is refused with the setting and what to do', async () => {
  await expect(refuseForeignHost('127.0.0.1')).resolves.toBeUndefined();
  // RFC 5737 §3: an address of documentation, which nobody has.
  for (const host of ['203.0.113.77', 'host.invalid']) {
    await expect(refuseForeignHost(host)).rejects.toThrow(Refusal);
    await expect(refuseForeignHost(host)).rejects.toThrow(`--host ${host} is no address of this machine`);
  }
});
