import { expect, test } from 'vitest';
import { type KnownPresence, maySee, shownPresence } from './presence.ts';

const nowMs = 1_000_000;
const phone = { kind: 'mobile' as const, sinceMs: 900_000 };
const bob = (known: Partial<KnownPresence> = {}) =>
  shownPresence({ identity: 'bob', devices: [phone], isInCall: false, ...known }, nowMs);

test('whoever is connected and says nothing is available', () => {
  expect(bob()).toEqual({ identity: 'bob', state: 'available', isInCall: false, devices: [phone] });
});

test('whoever has no device is offline, whatever they said, and was seen last when the last one went', () => {
  const gone = bob({
    devices: [],
    isInCall: true,
    said: { state: 'busy', note: 'Back at 3' },
    lastSeenAtMs: 5,
  });
  expect(gone).toEqual({
    ...{ identity: 'bob', state: 'offline', note: 'Back at 3', isInCall: false },
    ...{ lastSeenAtMs: 5, devices: [] },
  });
});

test('whoever talks is busy, unless they are away or want to be left alone', () => {
  const states = [undefined, 'available', 'busy', 'away', 'dnd'] as const;
  const talking = states.map((state) => bob({ isInCall: true, said: state && { state } }));
  expect(talking.map(({ state }) => state)).toEqual(['busy', 'busy', 'busy', 'away', 'dnd']);
  expect(talking.every(({ isInCall }) => isInCall)).toBe(true);
});

test('a word that was to hold for a time holds no longer, and its note with it', () => {
  const said = { state: 'dnd', note: 'In a meeting', untilMs: nowMs } as const;
  expect(bob({ said })).toMatchObject({ state: 'available' });
  expect(bob({ said })).not.toHaveProperty('note');
  expect(bob({ said: { ...said, untilMs: nowMs + 1 } })).toMatchObject({
    state: 'dnd',
    note: 'In a meeting',
  });
});

test('who sees whom is a word of the account, and everybody sees themselves', () => {
  const who = { viewer: 'alice', identity: 'bob' };
  expect(maySee({ visibleTo: 'account' }, who)).toBe(true);
  expect(maySee({ visibleTo: 'nobody', visibleToIdentities: ['alice'] }, who)).toBe(false);
  expect(maySee({ visibleTo: 'listed', visibleToIdentities: ['alice'] }, who)).toBe(true);
  expect(maySee({ visibleTo: 'listed' }, who)).toBe(false);
  expect(maySee({ visibleTo: 'nobody' }, { viewer: 'bob', identity: 'bob' })).toBe(true);
});
