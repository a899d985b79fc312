/** `npm run bench -- <name> --json`: one benchmark, one JSON object a line on standard output. */
import process from 'node:process';

const benchmarks = {
  meter: async () => (await import('./meter/meter.ts')).run,
  turn: async () => (await import('./turn/turn.ts')).run,
} as const;

type Name = keyof typeof benchmarks;
const isName = (text: string): text is Name => Object.hasOwn(benchmarks, text);

const [name = '', ...flags] = process.argv.slice(2);
if (!isName(name)) {
  process.stderr.write(
    `Name a benchmark: ${Object.keys(benchmarks).join(', ')}. docs/benchmarks.md says what each measures.\n`,
  );
  process.exit(64);
}
const run = await benchmarks[name]();
await run({ json: flags.includes('--json') });
process.exit();
