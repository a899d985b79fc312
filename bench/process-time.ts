import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Linux counts processor time in hundredths of a second, whatever the kernel's own clock is. */
const TICK_MS = 10;

interface Stat {
  readonly parentPid: number;
  readonly ownMs: number;
  /** Of children that have ended. */
  readonly endedMs: number;
}

function statOf(pid: string): Stat | undefined {
  try {
    // The name of a program may hold anything, brackets and spaces too: what follows its last bracket is of fixed places.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parentPid, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (place: number) => Number(rest[place] ?? 0) * TICK_MS;
    return { parentPid: Number(parentPid), ownMs: ticks(9) + ticks(10), endedMs: ticks(11) + ticks(12) };
  } catch {
    return undefined;
  }
}

/** Processor time that a process took so far. */
export const processTimeMs = (pid: number): number => statOf(String(pid))?.ownMs ?? Number.NaN;

/** The same of the database server in a folder, with all that serve its connections. */
export function databaseTimeMs(directory: string): number {
  const [line = ''] = readFileSync(path.join(directory, 'cluster', 'postmaster.pid'), 'utf8').split('\n');
  const server = statOf(line);
  const serving = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(name) ?? [])
    .filter(({ parentPid }) => parentPid === Number(line));
  return serving.reduce(
    (sumMs, { ownMs }) => sumMs + ownMs,
    (server?.ownMs ?? Number.NaN) + (server?.endedMs ?? Number.NaN),
  );
}
