import { defineConfig } from 'vitest/config';
import { triesAgain } from './tooling/env.ts';
import { longestFirst } from './tooling/longest-first.ts';

/** The last one measures seconds, and has the machine almost to itself then. */
const byLength = [
  'tenant-wall',
  'dashboard',
  'packed-sdk',
  'limits',
  'operators',
  'money-pages',
  'first-call',
  'reseller-money',
  'three-levels',
  'white-label',
  'recovery',
];

/**
 * The slow ones, in a real browser against all of the platform. Two at once: each waits, for minutes of the clock and for
 * media to flow, about as long as it works.
 */
export default defineConfig({
  test: {
    include: ['**/*.journey.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.next/**'],
    globalSetup: ['packages/testing/src/test-database-setup.ts'],
    retry: triesAgain,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: longestFirst(byLength.map((name) => `/${name}.journey.test.ts`)) },
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
