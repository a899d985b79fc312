import { describe, expect, test } from 'vitest';
import { usageRecordSchema } from './usage-record.ts';
import { UseCounter } from './use-counter.ts';

const read = (resource: string) => ({ meter: 'api.requests', quantity: 1, dimensions: { resource } });

describe('uses that are counted together (MET-6)', () => {
  test('a thousand uses of one entity are one record, and a take forgets what it answered', () => {
    const counter = new UseCounter({ region: 'local' });
    for (let n = 0; n < 1_000; n++) counter.count({ accountId: 'acc_a' }, read('keys'), 100 + n);
    const [record, ...others] = counter.take(2_000);
    expect(others).toEqual([]);
    expect(record).toMatchObject({ accountId: 'acc_a', service: 'api', fromMs: 100, toMs: 2_000 });
    expect(record?.quantities).toEqual([
      { meter: 'requests', quantity: 1_000, dimensions: { resource: 'keys' } },
    ]);
    expect(counter.take(3_000)).toEqual([]);
  });

  test('entities are told apart, and dimensions named in another order are the same', () => {
    const counter = new UseCounter({ region: 'local' });
    const use = (dimensions: Record<string, string>) => ({ meter: 'api.requests', quantity: 1, dimensions });
    counter.count({ accountId: 'acc_a' }, use({ kind: 'read', caller: 'key' }), 1);
    counter.count({ accountId: 'acc_a' }, use({ caller: 'key', kind: 'read' }), 1);
    counter.count({ accountId: 'acc_a', endpoint: 'user:bob' }, use({ kind: 'read', caller: 'key' }), 1);
    expect(
      counter
        .take(2)
        .map(({ endpointId, quantities }) => [endpointId, quantities.map(({ quantity }) => quantity)]),
    ).toEqual([
      [undefined, [2]],
      ['user:bob', [1]],
    ]);
  });

  test('every record is one that the ingest takes, and of one dimension set: mixtures would have totals without end', () => {
    const counter = new UseCounter({ region: 'local' });
    for (let n = 0; n < 70; n++) counter.count({ accountId: 'acc_a' }, read(`resource-${n}`), 5);
    // The clock was set back meanwhile.
    const records = counter.take(4);
    expect(records.map(({ quantities }) => quantities.length)).toEqual(Array.from({ length: 70 }, () => 1));
    for (const record of records)
      expect(
        usageRecordSchema.safeParse({ ...record, id: { nodeId: 'n', boot: 1, sequence: 1 } }).success,
      ).toBe(true);
  });

  test('endpoints beyond the bound count for their account: none is lost, and memory has an end', () => {
    const counter = new UseCounter({ region: 'local', entityCountMax: 2 });
    for (let n = 0; n < 50; n++)
      counter.count({ accountId: 'acc_a', endpoint: `user:${n}` }, read('keys'), 1);
    const records = counter.take(2);
    expect(records).toHaveLength(3);
    expect(
      records.flatMap(({ quantities }) => quantities).reduce((sum, each) => sum + each.quantity, 0),
    ).toBe(50);
  });
});
