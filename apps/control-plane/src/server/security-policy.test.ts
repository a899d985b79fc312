import { expect, test } from 'vitest';
import { contentSecurityPolicy } from './security-policy.ts';

const directiveOf = (policy: string, name: string) =>
  policy.split('; ').find((part) => part.startsWith(`${name} `));
const scriptsOf = (policy: string) => directiveOf(policy, 'script-src');

test('C42: a page runs the scripts of its own answer and what these load, data runs none, and eval is for development', () => {
  const page = contentSecurityPolicy({ nonce: 'bm9uY2U=', isDevelopment: false });
  expect(scriptsOf(page)).toBe("script-src 'nonce-bm9uY2U=' 'strict-dynamic'");
  expect(scriptsOf(contentSecurityPolicy({ isDevelopment: false }))).toBe("script-src 'none'");
  for (const policy of [page, contentSecurityPolicy({ isDevelopment: false })])
    for (const directive of ["default-src 'self'", "object-src 'none'", "frame-ancestors 'none'"])
      expect(policy.split('; ')).toContain(directive);
  expect(contentSecurityPolicy({ nonce: 'x', isDevelopment: true })).toContain("'unsafe-eval'");
});

test('C42: a style element in a page holds where it is of its own answer, and is never told to hold wherever it comes from', () => {
  const page = contentSecurityPolicy({ nonce: 'bm9uY2U=', isDevelopment: false });
  expect(directiveOf(page, 'style-src')).toBe("style-src 'self' 'nonce-bm9uY2U='");
  expect(directiveOf(contentSecurityPolicy({ isDevelopment: false }), 'style-src')).toBe("style-src 'self'");
  // The attribute alone, which is about its own element.
  expect(page.split('; ').filter((part) => part.includes("'unsafe-inline'"))).toEqual([
    "style-src-attr 'unsafe-inline'",
  ]);
});
