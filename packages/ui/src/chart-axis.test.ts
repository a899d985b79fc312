import { expect, test } from 'vitest';
import { axisWidth } from './chart-axis.ts';

const widthOf = (text: string) => text.length * 7;

test('no mark of an axis is cut off, however large the sums are, and short ones take what charts agree on', () => {
  expect(axisWidth(['0 EUR', '20 EUR'], { least: 64, widthOf })).toBe(64);
  expect(axisWidth(['0 EUR', '40,000,000 EUR'], { least: 64, widthOf })).toBe(14 * 7 + 12);
  expect(axisWidth([], { least: 64, widthOf })).toBe(64);
});
