import { services } from '@patchbay/services/registry.generated';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { boundsText, fieldsOf, readDraft, readingOf, readName, showValue } from './schema-fields.ts';

const schema = z.object({
  credentialTtlSecondsMax: z.int().min(10).max(604_800).default(86_400).describe('How long.'),
  bitsPerSecondMax: z.int().min(8_000).optional(),
  mode: z.enum(['auto', 'relay']).default('auto'),
  identity: z.string().min(1),
  peerCidrs: z.array(z.string()).optional(),
});
const fields = fieldsOf(schema);
const fieldOf = (name: string) => {
  const field = fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`There is no field ${name}.`);
  return field;
};

test.each([
  ['credentialTtlSecondsMax', 'Credential lifetime, at most', 's'],
  ['sessionSecondsMax', 'Session time, at most', 's'],
  ['bitsPerSecondMax', 'Bit rate, at most', 'bit/s'],
  ['bytesMax', 'Bytes, at most', 'B'],
  ['burstBytes', 'Burst', 'B'],
  ['secondsMax', 'Time, at most', 's'],
  ['usesMax', 'Uses, at most', undefined],
  ['retryDelayMsMin', 'Retry delay, at least', 'ms'],
  ['peerCidrs', 'Peer networks', undefined],
  ['applicationId', 'Application', undefined],
  ['mode', 'Mode', undefined],
])('the name %s says %j and counts in %s', (name, label, unit) => {
  expect(readName(name)).toMatchObject({ label });
  expect(readName(name).quantity?.unit).toBe(unit);
});

test('a field has its kind, bounds, choices, description, and what holds while it is empty', () => {
  expect(fieldOf('credentialTtlSecondsMax')).toMatchObject({
    kind: 'integer',
    min: 10,
    max: 604_800,
    otherwise: 86_400,
    summary: 'How long.',
    isRequired: false,
  });
  expect(fieldOf('bitsPerSecondMax')).toMatchObject({ otherwise: undefined, emptyText: 'no cap' });
  expect(fieldOf('bitsPerSecondMax').max).toBeUndefined();
  expect(fieldOf('mode')).toMatchObject({ kind: 'choice', choices: ['auto', 'relay'], otherwise: 'auto' });
  expect(fieldOf('identity')).toMatchObject({ kind: 'text', isRequired: true, emptyText: 'not set' });
  expect(boundsText(fieldOf('credentialTtlSecondsMax'))).toBe('10 s to 7 d.');
  expect(boundsText(fieldOf('bitsPerSecondMax'))).toBe('At least 8.000 kbit/s.');
});

test('a draft becomes the request that the schema takes, and what is empty is left out', () => {
  const draft = {
    credentialTtlSecondsMax: ' 3,600 ',
    bitsPerSecondMax: '',
    identity: 'bob',
    peerCidrs: '10.0.0.0/8, fd00::/8',
  };
  const request = readDraft(fields, draft);
  expect(request).toEqual({
    credentialTtlSecondsMax: 3_600,
    identity: 'bob',
    peerCidrs: ['10.0.0.0/8', 'fd00::/8'],
  });
  expect(schema.safeParse(request).success).toBe(true);
});

test('what is no number is refused by the schema and never rounded or dropped', () => {
  for (const text of ['an hour', '1.5', '10s', '-5'])
    expect(
      schema.safeParse(readDraft(fields, { identity: 'b', credentialTtlSecondsMax: text })).success,
    ).toBe(false);
  expect(schema.safeParse(readDraft(fields, { identity: '' })).success).toBe(false);
});

test('a value is shown with its unit, and read out where the number alone is hard to read', () => {
  expect(showValue(fieldOf('credentialTtlSecondsMax'), 86_400)).toBe('86,400 s');
  expect(showValue(fieldOf('bitsPerSecondMax'), undefined)).toBe('no cap');
  expect(showValue(fieldOf('mode'), 'relay')).toBe('relay');
  expect(readingOf(fieldOf('credentialTtlSecondsMax'), '86400')).toBe('1 d');
  expect(readingOf(fieldOf('credentialTtlSecondsMax'), '5400')).toBe('1 h 30 min');
  expect(readingOf(fieldOf('credentialTtlSecondsMax'), '45')).toBeUndefined();
  expect(readingOf(fieldOf('bitsPerSecondMax'), '2500000')).toBe('2.500 Mbit/s');
  expect(readingOf(fieldOf('identity'), 'bob')).toBeUndefined();
});

test('every service has a configuration that a form can ask for, and each field says what it is for', () => {
  for (const { name, config } of Object.values(services))
    for (const field of fieldsOf(config)) expect(field.summary, `${name}: ${field.name}`).toMatch(/\.$/);
});

test('a kind that no form can ask for is an error', () => {
  expect(() => fieldsOf(z.object({ nested: z.object({}) }))).toThrow('No form is known for nested');
});
