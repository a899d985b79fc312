import { defineConfig } from 'vitest/config';
import { triesAgain } from './tooling/env.ts';
import { longestFirst } from './tooling/longest-first.ts';

const byLength = [
  'sdk-node/src/packed.test.ts',
  'sdk-browser/src/browser-call.test.ts',
  'jobs/delivery-worker.test.ts',
  'server/money-crash.test.ts',
  'billing/billing-store.test.ts',
  'sdk-browser/src/packed.test.ts',
  'server/tenants-apart.test.ts',
  'server/audit-complete.test.ts',
];

/** They load WebRTC, whose threads end with their process alone, or put another module in the place of one. */
const alone = [
  'packages/sdk-node/src/calling/**/*.test.ts',
  'packages/sdk-node/src/packed.test.ts',
  'apps/media-node/src/media/moved-call.test.ts',
  'apps/media-node/src/media/media-call.test.ts',
  'packages/adapters/prisma/sign-in.test.ts',
  'apps/control-plane/src/server/saml-routes.test.ts',
  'apps/control-plane/src/server/sign-in-session.test.ts',
  'apps/control-plane/src/server/sso-routes.test.ts',
];
const all = [
  'packages/**/*.test.{ts,tsx}',
  'apps/**/*.test.{ts,tsx}',
  'tooling/**/*.test.ts',
  'bench/**/*.test.ts',
];
const notOurs = ['**/node_modules/**', '**/dist/**', '**/.next/**', '**/*.journey.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: alone, exclude: notOurs, isolate: true } },
      // A process of its own for each file would read the same programs 400 times: a third of all the work.
      {
        extends: true,
        test: { name: 'together', include: all, exclude: [...notOurs, ...alone], isolate: false },
      },
    ],
    globalSetup: ['packages/testing/src/test-database-setup.ts'],
    retry: triesAgain,
    pool: 'forks',
    // One more than CI has cores: many wait for a server, a browser or a clock.
    maxWorkers: 3,
    sequence: { sequencer: longestFirst(byLength) },
    // Bounds on hanging, not on speed: two cores are shared by servers, browsers and compilers.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
