import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { recordKey, type UsageRecord, usageRecordSchema } from '@patchbay/domain/metering/usage-record';
import { until } from '@patchbay/testing/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiUsage } from './api-usage.ts';

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'api-usage-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

const request = { meter: 'api.requests', quantity: 1, dimensions: { resource: 'keys' } };
const sources = () => readdirSync(path.join(dataFolder, 'control-plane', 'usage'));

/** A database that keeps each record once, and may be away. */
function world() {
  const kept = new Map<string, UsageRecord>();
  const noted: string[] = [];
  const state = { isAway: false, failureCount: 0, batchCount: 0 };
  const open = () =>
    new ApiUsage({
      dataFolder,
      region: 'local',
      everyMs: 20,
      ingest: async (records) => {
        if (state.isAway) throw new Error('The database is away.');
        state.batchCount += 1;
        for (const record of records) kept.set(recordKey(record), usageRecordSchema.parse(record));
      },
      noteSource: async ({ nodeId, boot }) => {
        if (state.isAway) throw new Error('The database is away.');
        noted.push(`${nodeId} ${boot}`);
      },
      onFailure: () => {
        state.failureCount += 1;
      },
    });
  const total = () =>
    [...kept.values()].flatMap(({ quantities }) => quantities).reduce((sum, each) => sum + each.quantity, 0);
  return { kept, noted, state, open, total };
}

test('ten thousand requests are one record of their account, and none of them waits (MET-6)', async () => {
  const { open, total, kept, state } = world();
  const usage = open();
  for (let n = 0; n < 10_000; n++) usage.record({ accountId: 'acc_a' }, request);
  await until(() => total() === 10_000, { what: 'the usage is stored' });
  expect(kept.size).toBeLessThan(5);
  expect(state.batchCount).toBeLessThan(5);
  await usage.stop();
  expect(sources()).toEqual([]);
});

test('a stop brings in what was counted in the last moment', async () => {
  const { open, total } = world();
  const usage = open();
  usage.record({ accountId: 'acc_a' }, request);
  await usage.stop();
  expect(total()).toBe(1);
});

test('while the database is away nothing is lost, and each use counts once when it is back', async () => {
  const { kept, noted, open, state, total } = world();
  const usage = open();
  state.isAway = true;
  usage.record({ accountId: 'acc_a' }, request);
  await until(() => state.failureCount > 0, { what: 'the database to be missed' });
  usage.record({ accountId: 'acc_a' }, request);
  state.isAway = false;
  await until(() => total() === 2, { what: 'both are stored' });
  // What counted it is told once, and with it.
  expect(noted).toEqual([...new Set([...kept.values()].map(({ id }) => `${id.nodeId} ${id.boot}`))]);
  await usage.stop();
  expect(total()).toBe(2);
});

test('what a process left behind when it died is brought in by the next, under the ids that it had (MET-2)', async () => {
  const { open, state, total, kept } = world();
  state.isAway = true;
  const dead = open();
  dead.record({ accountId: 'acc_a' }, request);
  await until(() => state.failureCount > 0, { what: 'it is on disk' });
  await dead.stop();
  const [name = ''] = sources();
  // As the system says of a number that no process has.
  const owner = path.join(dataFolder, 'control-plane', 'usage', name, 'process.json');
  writeFileSync(owner, JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' }));
  state.isAway = false;
  const next = open();
  next.record({ accountId: 'acc_b' }, request);
  await until(() => total() === 2, { what: 'both are stored' });
  expect([...kept.values()].map(({ accountId, id }) => [accountId, id.nodeId === name])).toContainEqual([
    'acc_a',
    true,
  ]);
  await until(() => !sources().includes(name), { what: 'the folder of the dead one is gone' });
  await next.stop();
});
