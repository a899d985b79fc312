import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accentTones, CONTRAST_MIN, contrastOf, type HexColour, toHex } from './accent-tones.ts';

const css = readFileSync(path.resolve(import.meta.dirname, '../../ui/src/tokens.css'), 'utf8');

/** What a token of the pages is in each theme, as the style sheet says it. */
function tokenOf(name: string): { readonly light: HexColour; readonly dark: HexColour } {
  const [, light = '', dark = ''] =
    new RegExp(`--${name}: light-dark\\(oklch\\(([^)]+)\\), oklch\\(([^)]+)\\)\\)`).exec(css) ?? [];
  const read = (text: string) => {
    const [lightness = Number.NaN, chroma = 0, hueDegrees = 0] = text.split(' ').map(Number);
    return toHex({ lightness, chroma, hueRadians: (hueDegrees * Math.PI) / 180 });
  };
  return { light: read(light), dark: read(dark) };
}

const grounds = ['canvas', 'surface', 'raised', 'hover'].map(tokenOf);
const colour = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value): HexColour => `#${value.toString(16).padStart(6, '0')}`);

function expectReadable(chosen: HexColour): void {
  const tones = accentTones(chosen);
  for (const theme of ['light', 'dark'] as const) {
    const { accent, accentStrong, accentInk } = tones[theme];
    for (const ground of grounds) {
      for (const text of [accent, accentStrong])
        expect(contrastOf(text, ground[theme]), `${chosen} ${theme} as text`).toBeGreaterThanOrEqual(
          CONTRAST_MIN,
        );
    }
    for (const under of [accent, accentStrong])
      expect(contrastOf(accentInk, under), `${chosen} ${theme} on it`).toBeGreaterThanOrEqual(CONTRAST_MIN);
    expect(accentStrong).not.toBe(accent);
  }
}

test('whatever colour is chosen, text in it and text on it are readable in both themes (PRD-2)', () => {
  fc.assert(fc.property(colour, expectReadable), { numRuns: 2_000 });
});

test.each(['#000000', '#ffffff', '#ffff00', '#0000ff', '#00ff00', '#ff0000', '#808080'] as const)(
  '%s is readable too',
  expectReadable,
);

test('a colour that is readable already stays as it was chosen', () => {
  expect(accentTones('#0550d0').light.accent).toBe('#0550d0');
  expect(accentTones('#ffd400').dark.accent).toBe('#ffd400');
});

test('contrast is as the standard defines it', () => {
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  expect(contrastOf('#ffffff', '#ffffff')).toBe(1);
});
