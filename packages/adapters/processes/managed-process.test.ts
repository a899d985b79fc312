import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ManagedProcess, type ManagedProcessOptions } from './managed-process.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'patchbay-managed-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function optionsFor(source: string): ManagedProcessOptions & { readonly crashes: string[] } {
  const file = path.join(folder, 'part.mjs');
  writeFileSync(file, source);
  const crashes: string[] = [];
  return {
    name: 'part',
    args: [file],
    env: {},
    cwd: folder,
    onOutput: (chunk) => appendFileSync(path.join(folder, 'part.log'), chunk),
    crashes,
    onCrash: ({ how }) => crashes.push(how),
  };
}

const staysUp = "console.log('up', process.pid); setInterval(() => {}, 1_000);";

it('starts a part again at once when it is killed, and no more after it was stopped', async () => {
  const options = optionsFor(staysUp);
  const part = new ManagedProcess(options);
  await vi.waitFor(() => expect(part.lastLines).toContain('up'), 5_000);
  const first = part.pid ?? 0;
  const killedAt = performance.now();
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(part.lastLines.split('\n')).toHaveLength(2), 5_000);
  expect(performance.now() - killedAt).toBeLessThan(2_000);
  expect(options.crashes).toEqual(['SIGKILL']);
  const second = part.pid ?? 0;
  await part.stop(2_000);
  expect(isRunning(second)).toBe(false);
  expect(options.crashes).toHaveLength(1);
  expect(readFileSync(path.join(folder, 'part.log'), 'utf8')).toContain(`up ${second}`);
});

it('ends a part by force when it does not listen', async () => {
  const part = new ManagedProcess(optionsFor(`process.on('SIGTERM', () => {}); ${staysUp}`));
  await vi.waitFor(() => expect(part.lastLines).toContain('up'), 5_000);
  const pid = part.pid ?? 0;
  await part.stop(100);
  expect(isRunning(pid)).toBe(false);
});

it('waits longer each time a part fails to start', async () => {
  const options = optionsFor('process.exit(3);');
  const waits: number[] = [];
  const part = new ManagedProcess({ ...options, onCrash: ({ restartInMs }) => waits.push(restartInMs) });
  await vi.waitFor(() => expect(waits.slice(0, 3)).toEqual([100, 200, 400]), 10_000);
  await part.stop(100);
});

it('leaves no part behind when whoever started it is killed', async () => {
  const { args } = optionsFor(staysUp);
  const logFile = path.join(folder, 'parent.log');
  writeFileSync(logFile, '');
  const module = path.join(import.meta.dirname, 'managed-process.ts');
  const script = `
    import { appendFileSync } from 'node:fs';
    import { ManagedProcess } from ${JSON.stringify(module)};
    new ManagedProcess({ name: 'part', args: ${JSON.stringify(args)}, env: {}, cwd: '/', onOutput: (chunk) => appendFileSync(${JSON.stringify(logFile)}, chunk), onCrash() {} });`;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
  await vi.waitFor(() => expect(readFileSync(logFile, 'utf8')).toContain('up'), 5_000);
  const pid = Number(readFileSync(logFile, 'utf8').trim().split(' ')[1]);
  expect(isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 5_000);
});
