import { platformBrand, shownBrandOf } from '@patchbay/domain/branding/brand';
import { expect, test } from 'vitest';
import { iconOf, initialOf } from './brand-icon.ts';

const brand = (name: string) => shownBrandOf({ accountId: 'acc_1', name, logos: {}, isSignUpOpen: false });

test('an initial is a whole letter, of whatever script', () => {
  expect(initialOf('northwind')).toBe('N');
  expect(initialOf('👩‍🚀 voice')).toBe('👩‍🚀');
  expect(initialOf('北風')).toBe('北');
  expect(initialOf('')).toBe('');
});

test('the icon of a brand is its initial, never markup, and has nothing of the platform', () => {
  expect(iconOf(brand('<script>'))).toContain('>&lt;</text>');
  expect(iconOf(brand('Northwind'))).not.toContain('C4 16');
  expect(iconOf(platformBrand)).toContain('C4 16');
});
