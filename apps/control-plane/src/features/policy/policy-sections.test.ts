import { policyNames } from '@patchbay/domain/policy/settings';
import { expect, test } from 'vitest';
import { toDraft } from './policy-draft.ts';
import { changedNames, sectionsOf } from './policy-sections.ts';
import { levelText } from './setting-words.ts';

const base = toDraft({ concurrentSessionsMax: 100, locked: ['codecs'] });
const typed = { ...base, regions: { value: 'eu', bound: '', isLocked: false } };

test('each setting stands in one section, and only those stand open of which something is said', () => {
  const sections = sectionsOf({ draft: base, base }, '');
  expect(sections.flatMap(({ settings }) => settings).sort()).toEqual([...policyNames].sort());
  expect(
    sections.filter(({ isOpenAtFirst }) => isOpenAtFirst).map(({ name, setCount }) => [name, setCount]),
  ).toEqual([
    ['media', 1],
    ['sessions', 1],
  ]);
});

test('what is typed counts as changed until it is as it was, and its section stays open though it is emptied', () => {
  expect(changedNames({ draft: typed, base })).toEqual(['regions']);
  expect(changedNames({ draft: { ...typed, regions: base.regions }, base })).toEqual([]);
  const emptied = { ...base, concurrentSessionsMax: { value: '', bound: '', isLocked: false } };
  expect(sectionsOf({ draft: emptied, base }, '').find(({ name }) => name === 'sessions')).toMatchObject({
    ...{ setCount: 0, changedCount: 1, isOpenAtFirst: true },
  });
});

test('a setting is found by words of its name, of what it is, and of its section', () => {
  const found = (filter: string) =>
    sectionsOf({ draft: base, base }, filter).flatMap(({ settings }) => settings);
  expect(found('concurrent')).toEqual(['concurrentSessionsMax']);
  expect(found('  BIT rate allocation')).toEqual(['bitsPerSecondMax', 'burstBytesMax']);
  expect(found('hour relayed')).toEqual(['relayBytesPerHourMax']);
  expect(found('sessionsPerDayMax')).toEqual(['sessionsPerDayMax']);
  expect(found('nothing of the kind')).toEqual([]);
});

test('what a trigger holds names it, and by its id where its name is not known', () => {
  const origin = {
    level: 'account',
    accountId: 'acc_1',
    isHeld: true,
    heldBy: 'trigger',
    triggerId: 'trg_1',
  } as const;
  const names = new Map([['acc_1', 'Acme']]);
  expect(levelText(origin, names)).toBe('Acme, held by trigger trg_1');
  expect(levelText(origin, new Map([...names, ['trg_1', 'Too much']]))).toBe(
    'Acme, held by the trigger “Too much”',
  );
});
