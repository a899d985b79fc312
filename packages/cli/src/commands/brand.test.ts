import { expect, test } from 'vitest';
import { rowsOf } from './brand.ts';

test('a brand is told a line for each thing that it says, and its logos by their size', () => {
  const tones = { accent: '#0550d0', accentStrong: '#0040b0', accentInk: '#ffffff' };
  const logo = { digest: 'abc', mediaType: 'image/png', widthPixels: 160, heightPixels: 40 } as const;
  expect(
    rowsOf({
      name: 'Northwind',
      accent: '#0550d0',
      isSignUpOpen: false,
      logos: { light: logo },
      tones: { light: tones, dark: tones },
    }),
  ).toEqual([
    { field: 'name', value: 'Northwind' },
    { field: 'accent', value: '#0550d0' },
    { field: 'isSignUpOpen', value: 'false' },
    { field: 'logo light', value: '160 × 40' },
  ]);
});
