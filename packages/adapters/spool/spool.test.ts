import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '@patchbay/testing/until';
import { afterEach, expect, test } from 'vitest';
import { spoolOfTest } from './spool.testing.ts';
import type { Spool } from './spool.ts';

const folders: string[] = [];
const newFolder = () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'spool-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const itemsOf = (spool: Spool<string>) => spool.peek(1_000).map(({ item }) => item);

test('what was written and not acknowledged is there after a crash, under the same ids (MET-2)', async () => {
  const folder = newFolder();
  const first = await spoolOfTest<string>(folder);
  first.append('a');
  first.append('b');
  await first.tick();
  const before = first.peek(10);
  const second = await spoolOfTest<string>(folder);
  expect(second.peek(10)).toEqual(before);
  expect(second.boot).toBeGreaterThan(first.boot);
});

test('what was still growing is finished as far as it had grown, once, however often the crash repeats', async () => {
  const folder = newFolder();
  const first = await spoolOfTest<string>(folder);
  first.append('a');
  first.checkpoint([['b', 'b 1']]);
  await first.tick();
  first.checkpoint([['b', 'b 2']]);
  await first.tick();
  const second = await spoolOfTest<string>(folder);
  expect(itemsOf(second)).toEqual(['a', 'b 2']);
  const ids = second.peek(10).map(({ boot, sequence }) => `${boot}/${sequence}`);
  const third = await spoolOfTest<string>(folder);
  expect(third.peek(10).map(({ boot, sequence }) => `${boot}/${sequence}`)).toEqual(ids);
});

test('a growing item that was finished is not counted again', async () => {
  const folder = newFolder();
  const first = await spoolOfTest<string>(folder);
  first.checkpoint([['b', 'b 1']]);
  await first.tick();
  first.append('b 2', 'b');
  await first.tick();
  expect(itemsOf(await spoolOfTest<string>(folder))).toEqual(['b 2']);
});

test('what ends is written without anything following it', async () => {
  const folder = newFolder();
  const first = await spoolOfTest<string>(folder);
  first.startTicking(10, (error) => {
    throw error;
  });
  first.checkpoint([['a', 'a 1']]);
  first.append('a 2', 'a');
  await until(() => first.peek(1).length > 0, { what: 'the tick' });
  expect(itemsOf(await spoolOfTest<string>(folder))).toEqual(['a 2']);
  await first.close();
});

test('a torn last frame is passed over, and nothing before it', async () => {
  const folder = newFolder();
  const first = await spoolOfTest<string>(folder);
  first.append('a');
  await first.tick();
  const [name = ''] = readdirSync(folder);
  appendFileSync(path.join(folder, name), Buffer.from([0, 0, 0, 200, 1, 2, 3, 4, 5]));
  expect(itemsOf(await spoolOfTest<string>(folder))).toEqual(['a']);
});

test('what was acknowledged does not come back, and its files go', async () => {
  const folder = newFolder();
  const first = await spoolOfTest<string>(folder);
  first.append('a');
  first.append('b');
  await first.tick();
  await first.acknowledge(first.peek(1));
  await first.tick();
  const second = await spoolOfTest<string>(folder);
  expect(itemsOf(second)).toEqual(['b']);
  await second.acknowledge(second.peek(10));
  expect(readdirSync(folder)).toHaveLength(1);
  await second.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a batch never mixes boots: an acknowledgement is of one file', async () => {
  const folder = newFolder();
  const first = await spoolOfTest<string>(folder);
  first.append('a');
  await first.tick();
  const second = await spoolOfTest<string>(folder);
  second.append('b');
  await second.tick();
  expect(itemsOf(second)).toEqual(['a']);
  await second.acknowledge(second.peek(10));
  expect(itemsOf(second)).toEqual(['b']);
});
