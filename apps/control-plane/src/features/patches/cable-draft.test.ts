import { expect, test } from 'vitest';
import { fieldsOf, placeholdersOf, shownAtFirst } from './cable-draft.ts';
import { takerCalled } from './known-services.ts';

const publish = takerCalled('notification', 'publish');
const speak = takerCalled('text-to-speech', 'synthesize');
if (publish === undefined || speak === undefined) throw new Error('An operation that takes events is gone.');

test('a form asks first for what an operation cannot do without, and never for what no callback may say', () => {
  expect(fieldsOf(publish)[0]).toMatchObject({ name: 'channel', isRequired: true });
  expect(fieldsOf(publish).find(({ name }) => name === 'data')).toMatchObject({
    isRequired: false,
    filledWith: '{}',
  });
  const names = fieldsOf(speak).map(({ name }) => name);
  expect(names).toContain('voice');
  expect(names).not.toContain('delivery');
  expect(fieldsOf(speak).find(({ name }) => name === 'format')?.values).toContain('ogg-opus');
});

test('it shows what has to be said and what is said; where that is nothing, one field to begin with', () => {
  expect(shownAtFirst(publish, { ttlSeconds: '60' })).toEqual(['channel', 'ttlSeconds']);
  expect(shownAtFirst(speak, {})).toEqual(['text']);
});

test('what may stand in braces is what the chosen event has, the whole of it first', () => {
  const offered = placeholdersOf('signaling.session.ended');
  expect(offered[0]).toBe('{}');
  expect(offered).toEqual(expect.arrayContaining(['{sessionId}', '{data.code}']));
  expect(placeholdersOf('signaling.*')).toEqual([]);
});
