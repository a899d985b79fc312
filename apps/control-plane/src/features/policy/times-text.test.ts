import { expect, test } from 'vitest';
import { toRows, toTimesText } from './times-text.ts';

test('times read back as they were, whatever nobody touched', () => {
  const text = 'mon-fri 08:00-18:00; sat,sun 10:00-24:00; wed 22:00-06:00';
  expect(toRows(text)).toEqual([
    { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' },
    { days: ['sat', 'sun'], from: '10:00', to: '24:00' },
    { days: ['wed'], from: '22:00', to: '06:00' },
  ]);
  expect(toTimesText(toRows(text))).toBe(text);
  expect(toRows('')).toEqual([]);
});

test('days over the end of a week are the same days, in the order of the week', () => {
  expect(toTimesText(toRows('fri-mon 08:00-09:00'))).toBe('mon,fri,sat,sun 08:00-09:00');
});
