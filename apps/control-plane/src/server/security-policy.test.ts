import { expect, test } from 'vitest';
import { contentSecurityPolicy } from './security-policy.ts';

const scriptsOf = (policy: string) => policy.split('; ').find((part) => part.startsWith('script-src'));

test('C42: a page runs the scripts of its own answer and what these load, data runs none, and eval is for development', () => {
  const page = contentSecurityPolicy({ nonce: 'bm9uY2U=', isDevelopment: false });
  expect(scriptsOf(page)).toBe("script-src 'nonce-bm9uY2U=' 'strict-dynamic'");
  expect(scriptsOf(contentSecurityPolicy({ isDevelopment: false }))).toBe("script-src 'none'");
  for (const policy of [page, contentSecurityPolicy({ isDevelopment: false })])
    for (const directive of ["default-src 'self'", "object-src 'none'", "frame-ancestors 'none'"])
      expect(policy.split('; ')).toContain(directive);
  expect(contentSecurityPolicy({ nonce: 'x', isDevelopment: true })).toContain("'unsafe-eval'");
});
