import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { testSummaryFile } from './env.ts';

/** What a run of the test tool hands to the command that started it. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  /** What failed, a line each: it is said again at the end, where whoever looks at a long run looks first. */
  readonly failures: readonly string[];
  /** What passed at its second try alone, which it has where `CI` is set. */
  readonly unsteady: readonly string[];
  readonly skipped: readonly { readonly test: string; readonly why: string | undefined }[];
}

/** Counts what ran. A file that cannot be loaded and an error outside any test count as failures. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const broken = modules.filter(
      (module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0,
    );
    const lines = (cases: readonly TestCase[]) => cases.map(lineOf);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const summary: TestSummary = {
      passed: count('passed'),
      // A test that never got to run did not pass.
      failed: count('failed') + count('pending') + broken.length + unhandled.length,
      failures: [
        ...lines(tests.filter((test) => ['failed', 'pending'].includes(test.result().state))),
        ...broken.map((module) => `${module.relativeModuleId}: ${messageOf(module.errors())}`),
        ...unhandled.map((error) => `outside any test: ${messageOf([error])}`),
      ],
      unsteady: lines(tests.filter((test) => test.diagnostic()?.flaky === true)),
      skipped: tests.flatMap((test) => {
        const result = test.result();
        return result.state === 'skipped' ? [{ test: test.fullName, why: result.note }] : [];
      }),
    };
    if (testSummaryFile !== undefined) writeFileSync(testSummaryFile, JSON.stringify(summary));
  }
}

const LINE_LENGTH_MAX = 300;

const messageOf = (errors: readonly SerializedError[] = []): string =>
  (errors[0]?.message ?? 'it did not run').split('\n')[0]?.slice(0, LINE_LENGTH_MAX) ?? '';

const lineOf = (test: TestCase): string =>
  `${test.module.relativeModuleId}: ${test.fullName}: ${messageOf(test.result().errors)}`;
