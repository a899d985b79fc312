/** The front door: `npm start`, `npm test` and the other verbs of a fresh clone, on Node 20 and npm alone. */
import { buildControlPlane, makeReady, Refusal, say } from './make-ready.mjs';
import { runChecks } from './run-checks.mjs';
import { inRepository, runProgram } from './run-child.mjs';
import { runTests } from './run-tests.mjs';

const cli = inRepository('packages/cli/src/main.ts');

const verbs = {
  async start(args) {
    // Who only asks how to start does not wait for a build.
    if (!args.some((arg) => ['--help', '-h'].includes(arg))) await buildControlPlane();
    return await runProgram([cli, 'up', ...args]);
  },
  test: (args) => runTests(args),
  check: () => runChecks(),
  generate: (args) => runProgram([inRepository('tooling/generate.ts'), ...args]),
  'new-service': (args) => runProgram([inRepository('tooling/new-service.ts'), ...args]),
  bench: (args) => runProgram([inRepository('bench/main.ts'), ...args]),
  patchbay: (args) => runProgram([cli, ...args]),
};

const [verb = '', ...args] = process.argv.slice(2);
const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
try {
  if (run === undefined)
    throw new Refusal(`Usage: node tooling/bootstrap.mjs ${Object.keys(verbs).join(' | ')}`);
  await makeReady();
  process.exitCode = await run(args);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  say(error.message);
  process.exitCode = 1;
}
