import { expect, test } from 'vitest';
import { changesOf } from './changes.ts';

test('only what differs is shown, with its path (ACC-8)', () => {
  const before = { name: 'Acme', state: 'active', bytes: { amount: '1', per: '2' } };
  const after = { name: 'Acme', state: 'suspended', bytes: { amount: '3', per: '2' } };
  expect(changesOf({ before, after })).toEqual([
    { field: 'state', before: 'active', after: 'suspended' },
    { field: 'bytes.amount', before: '1', after: '3' },
  ]);
});

test('what was made has no before, and what was removed has no after', () => {
  expect(changesOf({ after: { name: 'Acme', scopes: ['*'] } })).toEqual([
    { field: 'name', before: undefined, after: 'Acme' },
    { field: 'scopes', before: undefined, after: '["*"]' },
  ]);
  expect(changesOf({ before: { name: 'Acme' } })).toEqual([
    { field: 'name', before: 'Acme', after: undefined },
  ]);
});

test('lists of objects, such as prices, are compared place by place', () => {
  const [before, after] = [[], [{ meter: 'bytes', amount: '4' }]];
  expect(changesOf({ before, after })).toEqual([
    { field: '0.meter', before: undefined, after: 'bytes' },
    { field: '0.amount', before: undefined, after: '4' },
  ]);
});

test('an absent value and null look alike', () => {
  expect(changesOf({ before: { revokedAt: null }, after: {} })).toEqual([]);
});
