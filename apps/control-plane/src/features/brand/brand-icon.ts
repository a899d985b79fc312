import type { ShownBrand } from '@patchbay/domain/branding/brand';

/** The first letter, as people count letters. */
export const initialOf = (name: string): string => {
  const [first] = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(name);
  return (first?.segment ?? '').toUpperCase();
};

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const platformIcon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><style>circle{stroke:#1b2326}@media (prefers-color-scheme: dark){circle{stroke:#eef1f2}}</style><circle cx="4" cy="5" r="2.6" fill="none" stroke-width="1.8"/><circle cx="16" cy="15" r="2.6" fill="none" stroke-width="1.8"/><path d="M4 5 C4 16, 16 4, 16 15" fill="none" stroke="#00929b" stroke-width="2" stroke-linecap="round"/></svg>';

/** What a tab shows: the platform's mark, or the initial of a brand in its colour. */
export function iconOf({ name, isPlatform, tones }: ShownBrand): string {
  if (isPlatform) return platformIcon;
  const { accent = '#44546a', accentInk = '#ffffff' } = tones?.light ?? {};
  const initial = initialOf(name).replace(/[&<>"]/g, (character) => entities[character] ?? '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect width="20" height="20" rx="4" fill="${accent}"/><text x="10" y="14.5" text-anchor="middle" font-family="system-ui,sans-serif" font-size="13" font-weight="600" fill="${accentInk}">${initial}</text></svg>`;
}
