import { defineConfig } from 'vitest/config';

/** The slow ones, in a real browser against all of the platform: one after the other, for they share two cores. */
export default defineConfig({
  test: {
    include: ['**/*.journey.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.next/**'],
    globalSetup: ['packages/testing/src/test-database-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
