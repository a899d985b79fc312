import { accentTones } from '@patchbay/domain/branding/accent-tones';
import { branding } from '@patchbay/domain/branding/definition';
import { expect, test } from 'vitest';
import { colourOf, draftOf, previewOf, requestOf, verdictsOf } from './brand-draft.ts';

const { request } = branding.resources.brand.operations.set;

test('what a brand says survives the form, and what is empty is left out', () => {
  const own = {
    name: 'Northwind',
    accent: '#0550d0',
    termsUrl: 'https://nw.example/terms',
    isSignUpOpen: true,
    logos: {},
  };
  expect(request.parse(requestOf(draftOf(own)))).toEqual({
    name: 'Northwind',
    accent: '#0550d0',
    termsUrl: 'https://nw.example/terms',
    isSignUpOpen: true,
  });
  expect(requestOf(draftOf(undefined))).toEqual({ name: '', isSignUpOpen: false });
});

test('the preview is in the colour as soon as it is one', () => {
  const draft = { ...draftOf(undefined), accent: '#0550D0' };
  expect(previewOf(draft, {}).tones?.light.accent).toBe('#0550d0');
  expect(previewOf({ ...draft, accent: '#055' }, {}).tones).toEqual(previewOf(draftOf(undefined), {}).tones);
  expect(colourOf('red')).toBeUndefined();
});

test('a verdict says of each theme whether the colour stayed, and how readable it is now', () => {
  const [light, dark] = verdictsOf('#ffd400', accentTones('#ffd400'));
  expect(light).toMatchObject({ theme: 'light', isKept: false });
  expect(light?.chosenRatio).toBeLessThan(2);
  expect(light?.usedRatio).toBeGreaterThanOrEqual(4.5);
  expect(dark).toMatchObject({ theme: 'dark', isKept: true, used: '#ffd400' });
});
