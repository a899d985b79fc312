import { expect, it } from 'vitest';
import { otherFamilyOf } from './other-family.ts';

it('a relay on loopback has the other family where the machine has it; elsewhere it is set or absent', () => {
  const both = ['127.0.0.1', '::1', '203.0.113.7'];
  expect(otherFamilyOf('127.0.0.1', undefined, both)).toBe('::1');
  expect(otherFamilyOf('::1', undefined, both)).toBe('127.0.0.1');
  expect(otherFamilyOf('127.0.0.1', undefined, ['127.0.0.1'])).toBeUndefined();
  expect(otherFamilyOf('203.0.113.7', undefined, both)).toBeUndefined();
  expect(otherFamilyOf('203.0.113.7', '2001:db8::7', both)).toBe('2001:db8::7');
});
