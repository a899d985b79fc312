import { defineConfig } from 'vitest/config';
import { triesAgain } from './tooling/env.ts';
import { longestFirst } from './tooling/longest-first.ts';

/** The last one measures seconds, and has the machine almost to itself then. */
const byLength = [
  'dashboard',
  'tenant-wall',
  'limits',
  'operators',
  'money-pages',
  'reseller-money',
  'first-call',
  'packed-sdk',
  'three-levels',
  'white-label',
  'recovery',
];

/**
 * The slow ones, in a real browser against all of the platform. Two at once: each waits, for seconds of the clock and for media
 * to flow, a third of its time, and three on two cores would make the steps of each too slow for their bounds.
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
