/** `npm run bench -- <name> --json`: one benchmark, one JSON object a line on standard output. */
import process from 'node:process';
import { parseArgs } from 'node:util';

const benchmarks = {
  answering: async () => (await import('./answering/answering.ts')).run,
  api: async () => (await import('./api/api.ts')).run,
  close: async () => (await import('./close/close.ts')).run,
  hooks: async () => (await import('./hooks/hooks.ts')).run,
  meter: async () => (await import('./meter/meter.ts')).run,
  mix: async () => (await import('./mix/mix.ts')).run,
  modes: async () => (await import('./modes/modes.ts')).run,
  policy: async () => (await import('./policy/policy.ts')).run,
  signal: async () => (await import('./signal/signal.ts')).run,
  speech: async () => (await import('./speech/speech.ts')).run,
  turn: async () => (await import('./turn/turn.ts')).run,
} as const;

type Name = keyof typeof benchmarks;
const isName = (text: string): text is Name => Object.hasOwn(benchmarks, text);

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    sustain: { type: 'string' },
    values: { type: 'string' },
    upload: { type: 'boolean', default: false },
    records: { type: 'string' },
    folder: { type: 'string' },
  },
});
const [name = ''] = positionals;
if (!isName(name)) {
  process.stderr.write(
    `Name a benchmark: ${Object.keys(benchmarks).join(', ')}. docs/benchmarks.md says what each measures.\n`,
  );
  process.exit(64);
}
const run = await benchmarks[name]();
// The servers that a benchmark starts must not outlive it, so it is asked to end, not ended.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
try {
  await run({
    json: values.json,
    signal: stop.signal,
    isUpload: values.upload,
    ...(values.sustain === undefined ? {} : { sustainSeconds: Number(values.sustain) }),
    ...(values.records === undefined ? {} : { recordCount: Number(values.records) }),
    ...(values.folder === undefined ? {} : { folder: values.folder }),
    ...(values.values === undefined ? {} : { valueCount: Number(values.values) }),
  });
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
}
process.exit();
