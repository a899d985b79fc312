import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test, vi } from 'vitest';
import { boundedCommand, findBoundingTools } from './program-bounds.ts';
import { type ProgramRun, runProgram } from './run-program.ts';

const node = (script: string, change: Partial<ProgramRun> = {}) =>
  runProgram({
    ...{ program: process.execPath, args: ['-e', script], input: new TextEncoder().encode('in') },
    ...{ timeoutMs: 5_000, outputBytesMax: 1_000, ...change },
  });

test('a program is bounded in time and in what it writes, has none of our environment, and is said to be absent', async () => {
  const echo = await node(
    'process.stdin.pipe(process.stdout); process.stdout.write(String(process.env.VITEST))',
  );
  expect(echo.kind === 'done' ? Buffer.from(echo.output).toString() : echo).toBe('undefinedin');
  expect(await node('process.stdout.write("a".repeat(5000))')).toEqual({
    ...{ kind: 'failed', bound: 'output', detail: 'It wrote more than 1000 bytes.' },
  });
  expect(await node('setInterval(() => {}, 1000)', { timeoutMs: 200 })).toEqual({
    ...{ kind: 'failed', bound: 'time', detail: 'It was ended after 200 ms.' },
  });
  expect(await node('console.error("Why."); process.exit(3)')).toEqual({ kind: 'failed', detail: 'Why.' });
  expect(await node('', { program: '/nowhere/ffmpeg' })).toEqual({ kind: 'absent' });
});

test('it is killed as soon as nobody waits any more, and also where that was so before it began', async () => {
  const ending = new AbortController();
  const startedMs = performance.now();
  const run = node('setInterval(() => {}, 1000); process.stdout.write("x")', {
    signal: ending.signal,
    onOutput: () => ending.abort(),
  });
  expect(await run).toMatchObject({ kind: 'failed', bound: 'signal' });
  expect(performance.now() - startedMs).toBeLessThan(4_000);
  expect(await node('setInterval(() => {}, 1000)', { signal: ending.signal })).toMatchObject({
    bound: 'signal',
  });
});

test('what it writes is told as it does, and what it tells beside that at its end', async () => {
  const heard: string[] = [];
  const end = await node('process.stdout.write("25"); console.error("a".repeat(3000) + "end")', {
    onOutput: (bytes) => heard.push(Buffer.from(bytes).toString()),
  });
  expect(heard.join('')).toBe('25');
  expect(end).toMatchObject({ kind: 'done', told: expect.stringMatching(/^a{1996}end\n$/) });
});

const bounds = { memoryBytesMax: 4_000_000_000, cpuSecondsMax: 10, fileBytesMax: 100_000 };

test('the kernel holds it to its bounds where the machine can, and elsewhere it runs as it is', () => {
  const tools = { setpriv: '/usr/bin/setpriv', prlimit: '/usr/bin/prlimit' };
  const [program, args] = boundedCommand('ffmpeg', ['-i', 'a b'], { tools, bounds });
  const limits = ['--as=4000000000', '--cpu=10', '--fsize=100000', '--nofile=64', '--core=0'];
  expect([program, ...args]).toEqual([
    ...['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--', '/usr/bin/prlimit', ...limits],
    ...['--', 'ffmpeg', '-i', 'a b'],
  ]);
  expect(boundedCommand('ffmpeg', ['-i'], { tools: {}, bounds })).toEqual(['ffmpeg', ['-i']]);
  expect(boundedCommand('ffmpeg', ['-i'], { tools, bounds: undefined })).toEqual(['ffmpeg', ['-i']]);
  expect(findBoundingTools((place) => place === '/bin/prlimit')).toEqual({ prlimit: '/bin/prlimit' });
});

const { prlimit, setpriv } = findBoundingTools();

test.skipIf(prlimit === undefined)(
  'one that writes more of a file than it may is ended, and an absent one is known behind its bounds',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-program-'));
    const args = ['-c', 'exec head -c 200000 /dev/zero > written'];
    expect(await node('', { program: '/bin/sh', args, bounds, folder })).toMatchObject({ bound: 'output' });
    expect(statSync(path.join(folder, 'written')).size).toBe(100_000);
    rmSync(folder, { recursive: true });
    expect(await node('', { program: 'no-such-program', bounds })).toEqual({ kind: 'absent' });
  },
);

test.skipIf(setpriv === undefined)(
  'it does not outlive the process that runs it, even one that is killed',
  async () => {
    const run = path.join(import.meta.dirname, 'run-program.ts');
    const script = `import { runProgram } from ${JSON.stringify(pathToFileURL(run).href)};
      runProgram({ program: '/bin/sh', args: ['-c', 'echo $$; sleep 600'], input: new Uint8Array(), timeoutMs: 600_000,
        outputBytesMax: 100, bounds: ${JSON.stringify(bounds)}, onOutput: (bytes) => process.stdout.write(bytes) });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [written] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(written.toString());
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5_000 });
  },
  30_000,
);

/** One that has ended and that nobody asked after yet runs no more. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
