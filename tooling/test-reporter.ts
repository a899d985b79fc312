import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';
import { testSummaryFile } from './env.ts';

/** What a run of the test tool hands to the command that started it. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly test: string; readonly why: string | undefined }[];
}

/** Counts what ran. A file that cannot be loaded and an error outside any test count as failures. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const broken = modules.filter(
      (module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0,
    );
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const summary: TestSummary = {
      passed: count('passed'),
      // A test that never got to run did not pass.
      failed: count('failed') + count('pending') + broken.length + unhandled.length,
      skipped: tests.flatMap((test) => {
        const result = test.result();
        return result.state === 'skipped' ? [{ test: test.fullName, why: result.note }] : [];
      }),
    };
    if (testSummaryFile !== undefined) writeFileSync(testSummaryFile, JSON.stringify(summary));
  }
}
