import { triggers } from '@patchbay/domain/triggers/definition';
import { expect, test } from 'vitest';
import { messagesOf } from './field-messages.ts';
import { numberOf, typedNumber } from './typed-number.ts';

const { create, update } = triggers.resources.triggers.operations;

test('a number is read as people write it', () => {
  expect(['1,000', ' 1 000 ', '1_000', 'abc', '1e3', '-1', ''].map(numberOf)).toEqual([
    1_000,
    1_000,
    1_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a limit that is no number says so, and one that was left empty asks to be filled in', () => {
  const said = (text: string) => {
    const limit = typedNumber(text);
    const made = {
      name: 'A',
      counter: { meter: 'a.b' },
      condition: { kind: 'recurring', limit, per: 'day' },
    };
    const changed = { triggerId: 'trg_0', limit };
    return [[create.request, made, 'condition'] as const, [update.request, changed, 'limit'] as const].map(
      ([schema, values, field]) => {
        const { error } = schema.safeParse(values);
        return error && messagesOf(error, values)[field];
      },
    );
  };
  expect(said('abc')).toEqual(['A whole number, such as 3600.', 'A whole number, such as 3600.']);
  expect(said('-5')).toEqual(['A whole number, such as 3600.', 'A whole number, such as 3600.']);
  expect(said('0')).toEqual(['At least 1.', 'At least 1.']);
  expect(said(' ')).toEqual(['Fill this in.', 'Fill this in.']);
});
