import { expect, test } from 'vitest';
import { whoResumes, whoSuspended } from './suspension-text.ts';

const fromAbove = { isFromAbove: true, isYours: false, mayResume: false };

test('it is told that somebody above did it, and never who; and whoever cannot resume it, where that is done', () => {
  expect(whoSuspended(fromAbove)).toBe('An account above it suspended it.');
  expect(whoSuspended({ ...fromAbove, isYours: true })).toBe('You suspended it.');
  // Of an account that stopped itself “you” is nobody but it: what counts is that it was not done from above.
  expect(whoSuspended({ ...fromAbove, isFromAbove: false, isYours: true })).toBe('It suspended itself.');
  expect(whoResumes(fromAbove, true)).toMatch('An account above yours');
  expect(whoResumes(fromAbove, false)).toMatch('not from here');
});
