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

/** The database server in a folder, and all that serve its connections: `undefined` for what has ended by now. */
function databaseProcesses(
  directory: string,
): readonly { readonly pid: string; readonly stat: Stat | undefined }[] {
  const [server = ''] = readFileSync(path.join(directory, 'cluster', 'postmaster.pid'), 'utf8').split('\n');
  const serving = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, stat: statOf(pid) }))
    .filter(({ stat }) => stat?.parentPid === Number(server));
  return [{ pid: server, stat: statOf(server) }, ...serving];
}

/** The same of the database server in a folder, with all that serve its connections. */
export function databaseTimeMs(directory: string): number {
  const [server, ...serving] = databaseProcesses(directory);
  return serving.reduce(
    (sumMs, { stat }) => sumMs + (stat?.ownMs ?? 0),
    (server?.stat?.ownMs ?? Number.NaN) + (server?.stat?.endedMs ?? Number.NaN),
  );
}

/** Memory of the same, in bytes: what several of them share counts once. */
export function databaseMemoryBytes(directory: string): number {
  return databaseProcesses(directory).reduce((sumBytes, { pid }) => sumBytes + sharedFairlyBytes(pid), 0);
}

function sharedFairlyBytes(pid: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1_024;
  } catch {
    // It has ended since it was listed.
    return 0;
  }
}
