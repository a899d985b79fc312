import { expect, test } from 'vitest';
import { keptOf, pages } from './pages.ts';

test.each([
  ['/accounts/acc_1', ''],
  ['/accounts/acc_1/keys', 'keys'],
  ['/accounts/acc_1/services/signaling', 'services/signaling'],
  ['/accounts/acc_1/statements/2026-11', 'statements/2026-11'],
  ['/accounts/acc_1/sessions/ses_1', 'sessions'],
  ['/accounts/acc_1/applications/app_1', 'applications'],
])('switching account at %s keeps “%s”: what other accounts have too, and no id of this one', (at, kept) => {
  expect(keptOf(at)).toBe(kept);
});

test('no two pages have the same letter', () => {
  expect(new Set(pages.map(({ shortcut }) => shortcut)).size).toBe(pages.length);
});
