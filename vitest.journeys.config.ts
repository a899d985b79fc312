import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By how long they take: one that begins last and takes long has the second core wait for it. */
const longestFirst = [
  'tenant-wall',
  'limits',
  'recovery',
  'dashboard',
  'packed-sdk',
  'operators',
  'three-levels',
  'money-pages',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longestFirst.findIndex((name) => moduleId.endsWith(`/${name}.journey.test.ts`));
      return place < 0 ? longestFirst.length : place;
    };
    return files.toSorted((left, right) => placeOf(left) - placeOf(right));
  }
}

/**
 * The slow ones, in a real browser against all of the platform. Two at once: each waits, for minutes of the clock and for
 * media to flow, about as long as it works.
 */
export default defineConfig({
  test: {
    include: ['**/*.journey.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.next/**'],
    globalSetup: ['packages/testing/src/test-database-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
