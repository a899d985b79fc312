import { expect, test } from 'vitest';
import { boundedCommand, findPrlimit } from './program-bounds.ts';
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
  const [program, args] = boundedCommand('ffmpeg', ['-i', 'a b'], { prlimit: '/usr/bin/prlimit', bounds });
  expect([program, ...args]).toEqual([
    ...['/usr/bin/prlimit', '--as=4000000000', '--cpu=10', '--fsize=100000', '--nofile=64', '--core=0'],
    ...['--', 'ffmpeg', '-i', 'a b'],
  ]);
  expect(boundedCommand('ffmpeg', ['-i'], { prlimit: undefined, bounds })).toEqual(['ffmpeg', ['-i']]);
  expect(findPrlimit((place) => place === '/bin/prlimit')).toBe('/bin/prlimit');
  expect(findPrlimit(() => false)).toBeUndefined();
});

test.skipIf(findPrlimit() === undefined)(
  'one that writes more of a file than it may is ended, and an absent one is known behind its bounds',
  async () => {
    const shell = {
      program: '/bin/sh',
      args: ['-c', 'head -c 200000 /dev/zero > "$0"', '/tmp/never'],
      bounds,
    };
    const args = ['-c', 'f=$(mktemp); head -c 200000 /dev/zero > "$f"; code=$?; rm "$f"; exit $code'];
    expect(await node('', { ...shell, args })).toMatchObject({ kind: 'failed' });
    expect(await node('', { program: 'no-such-program', bounds })).toEqual({ kind: 'absent' });
  },
);
