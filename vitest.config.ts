import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/**/*.test.{ts,tsx}',
      'apps/**/*.test.{ts,tsx}',
      'tooling/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.next/**', '**/*.journey.test.ts'],
    globalSetup: ['packages/testing/src/test-database-setup.ts'],
    pool: 'forks',
    // One more than CI has cores: many wait for a server, a browser or a clock.
    maxWorkers: 3,
    // Bounds on hanging, not on speed: two cores are shared by servers, browsers and compilers.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
