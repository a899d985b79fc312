import { spawn } from 'node:child_process';
import {
  boundedCommand,
  findBoundingTools,
  PROGRAM_MISSING_CODE,
  type ProgramBounds,
} from './program-bounds.ts';

export interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: Uint8Array;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
  /** Where it runs. Default: where this process does. */
  readonly folder?: string | undefined;
  readonly bounds?: ProgramBounds | undefined;
  /** Kills it. */
  readonly signal?: AbortSignal | undefined;
  /** Told what it writes, as it does. */
  readonly onOutput?: ((bytes: Uint8Array) => void) | undefined;
}

export type ProgramEnd =
  | {
      readonly kind: 'done';
      readonly output: Uint8Array;
      /** The end of what it told beside its output. */
      readonly told?: string;
    }
  /** There is no such program on this machine. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'failed';
      /** For whoever runs the platform: it may name what is in a file, and where that lies. */
      readonly detail: string;
      /** Absent: it ended by itself. */
      readonly bound?: 'time' | 'output' | 'signal';
    };

/** What a program says of its failure, for people to read. */
const COMPLAINT_BYTES_MAX = 2_000;

const tools = findBoundingTools();

/**
 * Runs a program over pipes: without a shell, without what this process has in its environment, bounded in time and output, and
 * where bounds are said and the machine can, in memory, work and files. What goes on past a bound is killed.
 */
export function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const { input, timeoutMs, outputBytesMax, folder, bounds, signal, onOutput } = run;
  const [program, args] = boundedCommand(run.program, run.args, { tools, bounds });
  const isBounded = program !== run.program;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8', NODE_ENV: 'production' },
      ...(folder === undefined ? {} : { cwd: folder }),
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const kill = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted === true) kill();
    const output: Buffer[] = [];
    let outputBytes = 0;
    let complaint = '';
    let told = '';
    child.stdout.on('data', (bytes: Buffer) => {
      outputBytes += bytes.length;
      if (outputBytes > outputBytesMax) kill();
      else if (onOutput === undefined) output.push(bytes);
      else onOutput(bytes);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      const text = bytes.toString('utf8');
      if (complaint.length < COMPLAINT_BYTES_MAX) complaint += text;
      told = (told + text).slice(-COMPLAINT_BYTES_MAX);
    });
    // It may end before it has read all: how it ended says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', (error) => {
      const isAbsent = 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
      resolve(isAbsent ? { kind: 'absent' } : { kind: 'failed', detail: error.message });
    });
    child.on('close', (code, ended) => {
      signal?.removeEventListener('abort', kill);
      if (ended === 'SIGXFSZ')
        resolve({ kind: 'failed', bound: 'output', detail: 'It wrote more of a file than it may.' });
      else if (outputBytes > outputBytesMax)
        resolve({ kind: 'failed', bound: 'output', detail: `It wrote more than ${outputBytesMax} bytes.` });
      else if (code === 0) resolve({ kind: 'done', output: Buffer.concat(output), told });
      else if (isBounded && code === PROGRAM_MISSING_CODE) resolve({ kind: 'absent' });
      else if (signal?.aborted === true)
        resolve({ kind: 'failed', bound: 'signal', detail: 'Nobody waits for it any more.' });
      else if (ended !== null)
        resolve({ kind: 'failed', bound: 'time', detail: `It was ended after ${timeoutMs} ms.` });
      else
        resolve({ kind: 'failed', detail: complaint.trim().slice(0, 300) || `It ended with code ${code}.` });
    });
  });
}
