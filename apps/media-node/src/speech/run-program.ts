import { spawn } from 'node:child_process';

export interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: Uint8Array;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
}

export type ProgramEnd =
  | { readonly kind: 'done'; readonly output: Uint8Array }
  /** There is no such program on this machine. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly detail: string };

/** What a program says of its failure, for people to read. */
const COMPLAINT_BYTES_MAX = 2_000;

/**
 * Runs a program over pipes: without a shell, without what this process has in its environment, bounded in time and output.
 * What goes on past a bound is killed.
 */
export function runProgram({
  program,
  args,
  input,
  timeoutMs,
  outputBytesMax,
}: ProgramRun): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8', NODE_ENV: 'production' },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const output: Buffer[] = [];
    let outputBytes = 0;
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => {
      outputBytes += bytes.length;
      if (outputBytes <= outputBytesMax) output.push(bytes);
      else child.kill('SIGKILL');
    });
    child.stderr.on('data', (bytes: Buffer) => {
      if (complaint.length < COMPLAINT_BYTES_MAX) complaint += bytes.toString('utf8');
    });
    // It may end before it has read all: how it ended says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', (error) => {
      const isAbsent = 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
      resolve(isAbsent ? { kind: 'absent' } : { kind: 'failed', detail: error.message });
    });
    child.on('close', (code, signal) => {
      if (outputBytes > outputBytesMax)
        resolve({ kind: 'failed', detail: `It wrote more than ${outputBytesMax} bytes.` });
      else if (code === 0) resolve({ kind: 'done', output: Buffer.concat(output) });
      else if (signal !== null) resolve({ kind: 'failed', detail: `It was ended after ${timeoutMs} ms.` });
      else
        resolve({ kind: 'failed', detail: complaint.trim().slice(0, 300) || `It ended with code ${code}.` });
    });
  });
}
