import { expect, test } from 'vitest';
import { toDraft } from './policy-draft.ts';
import { changesIn, mergedDraft } from './policy-merge.ts';

const base = toDraft({ concurrentSessionsMax: 10, regions: ['eu'] });
const theirs = toDraft({ concurrentSessionsMax: 5, regions: ['eu'], locked: ['regions'] });

test('of two who edit a policy, what each typed stays, and what neither touched is as it was', () => {
  const mine = { ...base, sessionSecondsMax: { value: '60', bound: '', isLocked: false } };
  expect(mergedDraft({ base, mine, theirs })).toEqual({
    ...theirs,
    sessionSecondsMax: { value: '60', bound: '', isLocked: false },
  });
  expect(changesIn({ base, mine, theirs })).toEqual([
    { label: 'Regions', before: 'eu', after: 'eu, locked', isContested: false },
    { label: 'Concurrent sessions, max', before: '10 sessions', after: '5 sessions', isContested: false },
  ]);
});

test('what both changed is said to be so, and stays as it was typed', () => {
  const mine = { ...base, concurrentSessionsMax: { value: '7', bound: '', isLocked: false } };
  expect(mergedDraft({ base, mine, theirs }).concurrentSessionsMax.value).toBe('7');
  const contested = changesIn({ base, mine, theirs }).filter(({ isContested }) => isContested);
  expect(contested.map(({ label }) => label)).toEqual(['Concurrent sessions, max']);
});
