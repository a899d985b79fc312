import { expect, test } from 'vitest';
import { type AuditEntry, changesOf, tellingChanges } from './changes.ts';

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

test('what the line of an entry says itself is not said again', () => {
  const entry: AuditEntry = {
    id: 'aud_1',
    at: '2026-11-24T12:00:00.000Z',
    accountId: 'acc_1',
    actorId: 'usr_1',
    actorName: 'Ada',
    action: 'keys.create',
    target: 'key_1',
    requestId: 'req_1',
    after: {
      id: 'key_1',
      accountId: 'acc_1',
      name: 'Production',
      createdAt: '2026-11-24T11:59:59.900Z',
      expiresAt: '2027-02-24T12:00:00.000Z',
    },
  };
  expect(tellingChanges(entry).map(({ field }) => field)).toEqual(['name', 'expiresAt']);
});

test('where nothing else changed, the time is told: a key that was revoked', () => {
  const at = '2026-11-24T12:00:00.000Z';
  const revoked = { before: { name: 'Laptop' }, after: { name: 'Laptop', revokedAt: at } };
  const line = {
    id: 'aud_1',
    at,
    accountId: 'acc_1',
    actorId: 'usr_1',
    actorName: 'Ada',
    requestId: 'req_1',
  };
  const entry: AuditEntry = { ...line, ...revoked, action: 'keys.revoke', target: 'key_1' };
  expect(tellingChanges(entry).map(({ field }) => field)).toEqual(['revokedAt']);
});

test('a time that was changed is told, however near it is', () => {
  const at = '2026-11-24T12:00:00.000Z';
  const entry: AuditEntry = {
    id: 'aud_1',
    at,
    accountId: 'acc_1',
    actorId: 'usr_1',
    actorName: 'Ada',
    action: 'keys.update',
    target: 'key_1',
    requestId: 'req_1',
    before: { expiresAt: '2027-02-24T12:00:00.000Z' },
    after: { expiresAt: at },
  };
  expect(tellingChanges(entry)).toHaveLength(1);
});
