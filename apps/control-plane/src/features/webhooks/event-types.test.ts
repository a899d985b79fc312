import { expect, test } from 'vitest';
import { eventGroups, withType } from './event-types.ts';

test('a chosen event stands beside those before it, once, and in place of what it makes needless', () => {
  expect(withType('', 'signaling.*')).toBe('signaling.*');
  expect(withType('tenancy.key.created', 'signaling.session.ended')).toBe(
    'tenancy.key.created, signaling.session.ended',
  );
  expect(withType('signaling.session.ended, tenancy.*', 'signaling.*')).toBe('tenancy.*, signaling.*');
  expect(withType('signaling.*', 'signaling.session.ended')).toBe('signaling.*');
  expect(withType('signaling.session.ended', 'signaling.session.ended')).toBe('signaling.session.ended');
  expect(withType('*', 'signaling.*')).toBe('signaling.*');
  expect(withType('signaling.*, tenancy.*', '*')).toBe('*');
});

test('the catalogue is offered by who tells of it; for a callback the events of its service alone, without all at once', () => {
  const groups = eventGroups(undefined);
  expect(groups.find(({ owner }) => owner === 'signaling')?.types.slice(0, 1)).toEqual(['signaling.*']);
  expect(groups.every(({ title, owner }) => title !== owner)).toBe(true);
  const [own, ...others] = eventGroups('network-discovery');
  expect(others).toEqual([]);
  expect(own?.types.length).toBeGreaterThan(0);
  expect(own?.types.every((type) => type.startsWith('network-discovery.') && !type.endsWith('*'))).toBe(true);
});
