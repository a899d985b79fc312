import { availableParallelism } from 'node:os';
import { node24, Refusal, runQuietly, say } from './make-ready.mjs';
import { inRepository } from './run-child.mjs';

const bin = (name) => inRepository(`node_modules/.bin/${name}`);

/** The longest first. Each is one thing a machine can refuse. */
const checks = [
  { name: 'types', command: bin('tsc'), args: ['-p', '.', '--noEmit'] },
  {
    name: 'boundaries',
    command: bin('depcruise'),
    args: ['--config', 'dependency-cruiser.mjs', 'apps', 'packages', 'tooling'],
  },
  { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  {
    name: 'lint and format',
    command: bin('biome'),
    args: ['check', '--diagnostic-level=error', '--no-errors-on-unmatched', '.'],
  },
  { name: 'migrations', command: undefined, args: ['tooling/migrate.ts', 'check'] },
  { name: 'stale generation', command: undefined, args: ['tooling/generate.ts', '--check'] },
];

/** Runs all checks, two at a time, whatever fails, and returns the exit code. */
export async function runChecks() {
  const startedAt = performance.now();
  const waiting = [...checks];
  const failures = [];
  const worker = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { name, command, args } = check;
      const checkStartedAt = performance.now();
      const seconds = () => ((performance.now() - checkStartedAt) / 1000).toFixed(1);
      try {
        await runQuietly(command ?? node24(), args);
        say(`✓ ${name} (${seconds()} s)`);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        failures.push(name);
        say(`✗ ${name} (${seconds()} s)\n${error.message}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  const total = ((performance.now() - startedAt) / 1000).toFixed(0);
  say(
    failures.length === 0
      ? `All ${checks.length} checks passed in ${total} s.`
      : `Failed: ${failures.join(', ')}.`,
  );
  return failures.length === 0 ? 0 : 1;
}
