import { expect, test } from 'vitest';
import { dimensionFilterText, FILTER_COUNT_MAX, readDimensionFilter } from './dimension-filter.ts';

test('names and values are read, spaces around them left out, and colons of a value kept', () => {
  expect(readDimensionFilter(' direction:in, region : eu,endpoint:user:bob ')).toEqual({
    direction: 'in',
    region: 'eu',
    endpoint: 'user:bob',
  });
  expect(readDimensionFilter('')).toEqual({});
});

test('what is read is written as it was', () => {
  const text = 'direction:in,endpoint:user:bob';
  const read = readDimensionFilter(text);
  expect(typeof read === 'string' ? read : dimensionFilterText(read)).toBe(text);
});

test('a name from the prototype is a name like any other', () => {
  expect(Object.keys(readDimensionFilter('__proto__:x,constructor:y'))).toEqual(['__proto__', 'constructor']);
});

test('what is of no such form is refused with the pair that is wrong', () => {
  expect(readDimensionFilter('direction=in')).toBe('direction=in is not of the form name:value.');
  expect(readDimensionFilter(':in')).toBe(':in is not of the form name:value.');
  expect(readDimensionFilter('a:1,a:2')).toBe('a is named twice.');
  const many = Array.from({ length: FILTER_COUNT_MAX + 1 }, (_, index) => `d${index}:x`).join(',');
  expect(readDimensionFilter(many)).toBe(`At most ${FILTER_COUNT_MAX} dimensions are taken.`);
});
