import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { isPlainUsageRecord, uploadedRecordsSchema } from './plain-usage-record.ts';
import { modalities, QUANTITY_COUNT_MAX, RECORD_COUNT_MAX, usageRecordSchema } from './usage-record.ts';

const schema = z.array(usageRecordSchema).max(RECORD_COUNT_MAX);
const name = fc.constantFrom('a', 'direction', 'x'.repeat(64), 'constructor', '\u{1f600}');
const count = fc.oneof(fc.nat(2_000_000), fc.constantFrom(0, -0, Number.MAX_SAFE_INTEGER));
const record = fc.record(
  {
    id: fc.record({ nodeId: fc.constantFrom('nod_1', 'x'.repeat(200)), boot: count, sequence: count }),
    accountId: name,
    applicationId: fc.option(name, { nil: undefined }),
    endpointId: name,
    credentialId: name,
    sessionId: name,
    segment: fc.nat(1_000_000),
    service: name,
    region: name,
    modality: fc.constantFrom(...modalities),
    fromMs: fc.constantFrom(0, 1_790_000_000_000),
    toMs: fc.constantFrom(1_790_000_000_000, 8_640_000_000_000_000),
    quantities: fc.uniqueArray(
      fc.record({
        meter: name,
        quantity: count,
        dimensions: fc.dictionary(name, fc.constantFrom('', 'in', 'x'.repeat(64)), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      }),
      {
        minLength: 1,
        maxLength: 8,
        selector: ({ meter, dimensions }) => JSON.stringify([meter, Object.entries(dimensions).sort()]),
      },
    ),
  },
  {
    requiredKeys: [
      'id',
      'accountId',
      'segment',
      'service',
      'region',
      'modality',
      'fromMs',
      'toMs',
      'quantities',
    ],
    noNullPrototype: true,
  },
);

/** What stands somewhere else in a record, or nowhere. */
const strange = fc.constantFrom<unknown>(
  ...[
    undefined,
    null,
    '',
    'x'.repeat(65),
    'x'.repeat(201),
    -1,
    0.5,
    2 ** 53,
    1_000_001,
    8_640_000_000_000_001,
  ],
  ...['1', true, [], {}, [1], { a: 'b' }, { toString: 'a' }, 'Audio', Number.NaN],
);

/** Every place of a value at which there may be another one. */
function placesOf(value: unknown): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([key, each]) => placesOf(each).map((rest) => [key, ...rest])),
  ];
}

function changed(value: unknown, path: readonly (string | number)[], becomes: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return becomes;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  // As JSON has it: a name like any other.
  const becoming = changed(copy[key], rest, becomes);
  Object.defineProperty(copy, key, { value: becoming, enumerable: true, configurable: true, writable: true });
  return copy;
}

interface Break {
  readonly whole: z.input<typeof usageRecordSchema>;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

const breaks: Readonly<Record<string, (given: Break) => unknown>> = {
  replaced: ({ whole, path, value }) => changed(whole, path, value),
  removed: ({ whole, path }) => changed(whole, path, undefined),
  added: ({ whole, path, value }) => changed(whole, [...path.slice(0, -1), 'extra'], value),
  addedPrototype: ({ whole, path, value }) => changed(whole, [...path.slice(0, -1), '__proto__'], value),
  addedNameless: ({ whole, path, value }) => changed(whole, [...path.slice(0, -1), ''], value),
  repeated: ({ whole }) => ({ ...whole, quantities: [...whole.quantities, whole.quantities[0]] }),
  tooMany: ({ whole }) => ({
    ...whole,
    quantities: Array.from({ length: QUANTITY_COUNT_MAX + 1 }, (_, place) => ({
      meter: `m${place}`,
      quantity: 1,
      dimensions: {},
    })),
  }),
};

const broken = fc
  .tuple(record, fc.nat(), strange, fc.constantFrom(...Object.values(breaks)))
  .map(([whole, seed, value, breaking]) => {
    const places = placesOf(whole);
    return breaking({ whole, path: places[seed % places.length] ?? [], value });
  });

/** As a request brings it. */
const asSent = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

const outcomeOf = (parsed: z.ZodSafeParseResult<unknown>) =>
  parsed.success
    ? { data: parsed.data }
    : { issues: parsed.error.issues.map(({ code, path, message }) => ({ code, path, message })) };

test('what is uploaded is taken, changed and refused as the schema has it, with the same words at the same places', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(record, broken), { maxLength: 3 }), (given) => {
      const uploaded: unknown = given.map(asSent);
      expect(outcomeOf(uploadedRecordsSchema.safeParse(uploaded))).toEqual(
        outcomeOf(schema.safeParse(uploaded)),
      );
    }),
    { numRuns: 500 },
  );
});

test('what nodes send is plain, and nothing is that the schema refuses or changes', () => {
  fc.assert(
    fc.property(record.map(asSent), broken.map(asSent), (whole, other) => {
      expect(isPlainUsageRecord(whole)).toBe(true);
      if (!isPlainUsageRecord(other)) return;
      expect(outcomeOf(usageRecordSchema.safeParse(other))).toEqual({ data: other });
    }),
    { numRuns: 500 },
  );
});

test('more records than a batch may have are refused', () => {
  const many = Array.from({ length: RECORD_COUNT_MAX + 1 }, () => ({}));
  expect(uploadedRecordsSchema.safeParse(many).error?.issues[0]?.code).toBe('too_big');
});
