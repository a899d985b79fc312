import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildControlPlane, Refusal, runQuietly, say } from './make-ready.mjs';
import { inRepository, runProgram } from './run-child.mjs';

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

function findChromium() {
  const wanted = process.env.CHROMIUM_PATH;
  if (wanted !== undefined && wanted !== '') {
    if (existsSync(wanted)) return wanted;
    throw new Refusal(`CHROMIUM_PATH names ${wanted}, and there is no such file.`);
  }
  return chromiumNames.map(onPath).find((file) => file !== undefined);
}

/** The browser that the journeys drive: found, or installed where we may, or asked for. */
async function ensureChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && onPath('apt-get') !== undefined) {
    say('  Installing Chromium with apt-get …');
    await runQuietly('apt-get', ['update', '-qq']);
    await runQuietly('apt-get', ['-o', 'DPkg::Lock::Timeout=500', 'install', '-y', '-qq', 'chromium'], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
    const installed = findChromium();
    if (installed !== undefined) return installed;
  }
  throw new Refusal(
    'The browser tests need Chromium: install it (on Debian: sudo apt-get install chromium), or set CHROMIUM_PATH to a Chromium or Chrome.',
  );
}

/** One run of the test tool. A run that ends without a summary has failed as a whole. */
async function runSuite({ config, filters, env, folder }) {
  const file = path.join(folder, `${path.basename(config)}.json`);
  const exitCode = await runProgram(
    [
      inRepository('node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      inRepository(config),
      ...[
        '--passWithNoTests',
        '--reporter=default',
        `--reporter=${inRepository('tooling/test-reporter.ts')}`,
      ],
      ...filters,
    ],
    { env: { ...env, PATCHBAY_TEST_SUMMARY: file } },
  );
  const summary = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : oneFailure(`${config} ended without a summary.`);
  // 128 and more: a signal ended it, and what comes after is not wanted.
  return { ...summary, exitCode, isInterrupted: exitCode >= 128 };
}

/**
 * Everything that can run on this machine: first what needs no browser, then the journeys.
 * @returns the exit code.
 */
export async function runTests(filters) {
  const env = {
    CHROMIUM_PATH: await ensureChromium(),
    // Each file of tests is a process of its own, and a fifth of its work is reading the same programs again.
    NODE_COMPILE_CACHE: inRepository('.tools/compiled'),
  };
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-summary-'));
  const totals = { passed: 0, failed: 0, failures: [], unsteady: [], skipped: [], exitCode: 0 };
  const building = beginBuild();
  const add = (result) => {
    totals.passed += result.passed;
    totals.failed += result.failed;
    for (const list of ['failures', 'unsteady', 'skipped']) totals[list].push(...result[list]);
    totals.exitCode ||= result.exitCode;
  };
  try {
    const first = await runSuite({ config: 'vitest.config.ts', filters, env, folder });
    add(first);
    if (!first.isInterrupted) await runJourneys({ filters, env, folder, building }, add);
  } finally {
    building.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return report(totals);
}

/**
 * The control plane is built beside the first tests, which do not need it and wait a good deal, and with what they leave of
 * the processors: some of them measure time.
 */
function beginBuild() {
  const stopping = new AbortController();
  const outcome = buildControlPlane({ isInBackground: true, signal: stopping.signal }).then(
    () => undefined,
    (error) => error,
  );
  return {
    /** What it failed with, or undefined: nobody may be waiting for it yet when it fails. */
    outcome: () => outcome,
    stop: () => stopping.abort(),
  };
}

/**
 * They drive what `npm start` starts. A control plane that cannot be built is one failure, and not the end of the run. The
 * first journeys wait for clocks and for media: meanwhile the types are looked at.
 */
async function runJourneys({ building, ...options }, add) {
  const error = await building.outcome();
  if (error !== undefined) {
    add(refused(error));
    return;
  }
  const types = options.filters.length === 0 ? typesHold() : undefined;
  add(await runSuite({ config: 'vitest.journeys.config.ts', ...options }));
  if (types !== undefined) add(await types);
}

/** The types of everything, tests included. Next builds without a look at them. */
async function typesHold() {
  try {
    // Some journeys measure time.
    await runQuietly(inRepository('node_modules/.bin/tsc'), ['-p', '.', '--noEmit'], {
      isInBackground: true,
    });
    return { passed: 1, failed: 0, failures: [], unsteady: [], skipped: [], exitCode: 0 };
  } catch (error) {
    return refused(error);
  }
}

function refused(error) {
  if (!(error instanceof Refusal)) throw error;
  say(error.message);
  return oneFailure(error.message.split('\n')[0]);
}

const oneFailure = (why) => ({
  passed: 0,
  failed: 1,
  failures: [why],
  unsteady: [],
  skipped: [],
  exitCode: 1,
});

function report({ passed, failed, failures, unsteady, skipped, exitCode }) {
  for (const line of unsteady) process.stdout.write(`passed at its second try: ${line}\n`);
  for (const line of failures) process.stdout.write(`failed: ${line}\n`);
  for (const { test, why } of skipped)
    process.stdout.write(`skipped: ${test}: ${why ?? 'without a reason, which is a failure'}\n`);
  const unexplained = skipped.filter(({ why }) => why === undefined).length;
  const isComplete = process.env.CI !== 'true' || skipped.length === 0;
  if (!isComplete)
    process.stdout.write('In CI nothing may be skipped: .ci/run installs what the tests need.\n');
  process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  return exitCode !== 0 ? exitCode : failed + unexplained > 0 || !isComplete ? 1 : 0;
}
