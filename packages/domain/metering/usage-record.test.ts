import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineageAt } from './lineage.ts';
import { assertCountable, type MeterCatalogue, meterCatalogue, UsageRefusal } from './meter-catalogue.ts';
import { rollUp } from './roll-up.ts';
import {
  canonicalDimensions,
  dayOf,
  dimensionsFromCanonical,
  entriesOf,
  minuteOf,
  modalities,
  QUANTITY_MAX,
  type UsageRecord,
  usageRecordSchema,
} from './usage-record.ts';

const midnight = Date.UTC(2026, 10, 23);
const record: UsageRecord = {
  id: { nodeId: 'nod_1', boot: 1_790_000_000_000, sequence: 7 },
  accountId: 'acc_1',
  sessionId: 'ses_1',
  segment: 0,
  service: 'relay',
  region: 'eu',
  modality: 'audio',
  fromMs: midnight - 5_000,
  toMs: midnight - 1,
  quantities: [
    { meter: 'bytes', quantity: 1200, dimensions: { direction: 'in' } },
    { meter: 'bytes', quantity: 900, dimensions: { direction: 'out' } },
  ],
};
const catalogue: MeterCatalogue = new Map([
  [
    'relay.bytes',
    {
      service: 'relay',
      name: 'bytes',
      unit: 'byte',
      dimensions: { direction: ['in', 'out'], region: 'open', modality: modalities },
      isPriced: true,
    },
  ],
]);

describe('a usage record', () => {
  test('counts in the minute and the UTC day in which it ends', () => {
    expect(usageRecordSchema.parse(record)).toEqual(record);
    expect([dayOf(record), minuteOf(record)]).toEqual(['2026-11-22', midnight - 60_000]);
    expect([dayOf({ toMs: midnight }), minuteOf({ toMs: midnight })]).toEqual(['2026-11-23', midnight]);
  });

  test.each([
    ['a quantity below zero', { quantities: [{ meter: 'bytes', quantity: -1, dimensions: {} }] }],
    ['a fraction', { quantities: [{ meter: 'bytes', quantity: 0.5, dimensions: {} }] }],
    ['a number past 2^53', { quantities: [{ meter: 'bytes', quantity: 2 ** 53, dimensions: {} }] }],
    ['no quantity', { quantities: [] }],
    ['an end before its start', { fromMs: midnight, toMs: midnight - 1 }],
    [
      'the same meter and dimensions twice',
      { quantities: [0, 1].map((quantity) => ({ meter: 'bytes', quantity, dimensions: {} })) },
    ],
    ['an unknown modality', { modality: 'smell' }],
    ['no node', { id: { nodeId: '', boot: 0, sequence: 0 } }],
  ])('is refused with %s', (_, change) => {
    expect(usageRecordSchema.safeParse({ ...record, ...change }).success).toBe(false);
  });

  test('has one form of its dimensions, whatever the order they came in', () => {
    expect(canonicalDimensions({ b: '2', a: '1' })).toBe(canonicalDimensions({ a: '1', b: '2' }));
    expect(dimensionsFromCanonical(canonicalDimensions({ b: '"', a: '' }))).toEqual({ a: '', b: '"' });
    const reversed = { ...record, quantities: [...record.quantities].reverse() };
    expect(entriesOf(reversed)).toEqual(entriesOf(record));
  });
});

describe('what a service did not declare is refused (MET-1)', () => {
  const reasonOf = (change: Partial<UsageRecord>, nowMs = midnight) => {
    try {
      assertCountable({ ...record, ...change }, catalogue, nowMs);
      return 'counted';
    } catch (refusal) {
      return refusal instanceof UsageRefusal ? refusal.reason : 'another error';
    }
  };
  const bytes = (dimensions: Record<string, string>) => [{ meter: 'bytes', quantity: 1, dimensions }];

  test('a meter, a dimension, or a dimension left out', () => {
    expect(reasonOf({})).toBe('counted');
    expect(reasonOf({ service: 'mixing' })).toBe('meter_undeclared');
    expect(reasonOf({ quantities: [{ meter: 'packets', quantity: 1, dimensions: {} }] })).toBe(
      'meter_undeclared',
    );
    expect(reasonOf({ quantities: bytes({ direction: 'in', colour: 'red' }) })).toBe('dimension_undeclared');
    expect(reasonOf({ quantities: bytes({}) })).toBe('dimension_missing');
  });

  test('a value that the dimension does not have; an open dimension takes any', () => {
    expect(reasonOf({ quantities: bytes({ direction: 'outgoing' }) })).toBe('value_undeclared');
    expect(reasonOf({ quantities: bytes({ direction: 'out' }) })).toBe('counted');
    expect(reasonOf({ region: 'atlantis' })).toBe('counted');
    expect(reasonOf({ quantities: bytes({ direction: 'in', constructor: 'x' }) })).toBe(
      'dimension_undeclared',
    );
  });

  test('whatever a record names: it is counted if it is what was declared, and only then', () => {
    const dimension = fc.constantFrom('direction', 'colour', 'region', 'modality', 'constructor');
    const value = fc.constantFrom('in', 'out', 'up', 'a\0', '\uD800');
    fc.assert(
      fc.property(
        fc.dictionary(dimension, value, { maxKeys: 3 }),
        fc.constantFrom(undefined, 'ok', 'a\0'),
        (dimensions, endpointId) => {
          const own = Object.keys(dimensions).filter((name) => name !== 'region' && name !== 'modality');
          const isDeclared = own.join() === 'direction' && ['in', 'out'].includes(dimensions.direction ?? '');
          const isText = ![endpointId, ...Object.values(dimensions)].some(
            (text) => text?.includes('\0') || text?.isWellFormed() === false,
          );
          const reason = reasonOf({
            quantities: bytes(dimensions),
            ...(endpointId === undefined ? {} : { endpointId }),
          });
          expect(reason === 'counted').toBe(isDeclared && isText);
          expect(reason === 'text_invalid').toBe(!isText);
        },
      ),
    );
  });

  test('a dimension that takes any value is not any dimension', () => {
    const meter = { service: 'relay', name: 'named', unit: 'byte', isPriced: true } as const;
    const dimensions = { name: 'open', region: 'open', modality: modalities } as const;
    const open: MeterCatalogue = new Map([['relay.named', { ...meter, dimensions }]]);
    const of = (given: Record<string, string>) => () =>
      assertCountable(
        { ...record, quantities: [{ meter: 'named', quantity: 1, dimensions: given }] },
        open,
        midnight,
      );
    expect(of({ name: 'x' })).not.toThrow();
    expect(of({ constructor: 'x' })).toThrow('has no dimension constructor');
    expect(of({})).toThrow('needs the dimension name');
  });

  test('more than a report can be of', () => {
    const of = (quantity: number) => ({
      quantities: [{ meter: 'bytes', quantity, dimensions: { direction: 'in' } }],
    });
    expect(reasonOf(of(QUANTITY_MAX))).toBe('counted');
    expect(reasonOf(of(QUANTITY_MAX + 1))).toBe('quantity_too_large');
  });

  test('a clock that is far ahead, and usage older than two periods', () => {
    expect(reasonOf({}, record.toMs - 300_000)).toBe('counted');
    expect(reasonOf({}, record.toMs - 300_001)).toBe('in_future');
    expect(reasonOf({}, record.toMs + 62 * 86_400_000 + 1)).toBe('too_old');
  });

  test('the catalogue is the definitions of the services, with the dimensions that all meters have', () => {
    const checks = {
      service: 'relay',
      meter: 'checks',
      unit: 'byte',
      dimensions: { direction: ['in', 'out'] },
      isPriced: false,
    } as const;
    expect(meterCatalogue({ 'relay.checks': checks }).get('relay.checks')).toEqual({
      service: 'relay',
      name: 'checks',
      unit: 'byte',
      dimensions: { direction: ['in', 'out'], region: 'open', modality: modalities },
      isPriced: false,
    });
  });
});

describe('rolling up', () => {
  const edges = [
    { sellerId: 'top', buyerId: 'acc_1', fromMs: -Infinity, toMs: midnight },
    { sellerId: 'other', buyerId: 'acc_1', fromMs: midnight, toMs: Infinity },
  ];

  test('goes to the ancestors of the minute of use, and own use stays apart', () => {
    const after = { ...record, id: { ...record.id, sequence: 8 }, toMs: midnight };
    const { cells } = rollUp([record, after], edges);
    const sums = cells.map(({ accountId, inclusive, own }) => [accountId, inclusive, own]);
    expect(sums.filter(([, inclusive]) => inclusive === 1200n)).toEqual([
      ['acc_1', 1200n, 1200n],
      ['top', 1200n, 0n],
      ['acc_1', 1200n, 1200n],
      ['other', 1200n, 0n],
    ]);
    expect(lineageAt(edges, 'acc_1', midnight - 1)).toEqual(['acc_1', 'top']);
  });

  test('the same id with another body is kept as a conflict and never summed', () => {
    const changed = { ...record, sessionId: 'ses_2' };
    const { cells, conflicts } = rollUp([record, record, changed], edges);
    expect(conflicts).toEqual([changed]);
    expect(cells.every(({ entryCount }) => entryCount === 1)).toBe(true);
  });
});
