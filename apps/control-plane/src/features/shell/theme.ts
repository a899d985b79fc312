export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const themeCookie = 'patchbay-theme';
const YEAR_SECONDS = 31_536_000;

export const readTheme = (value: string | undefined): Theme =>
  themes.find((theme) => theme === value) ?? 'system';

/** Sets the theme of this browser at once, and for its next requests. */
export function applyTheme(theme: Theme): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet.
  document.cookie = `${themeCookie}=${theme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  if (theme === 'system') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme);
}
