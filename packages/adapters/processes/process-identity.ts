import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot; '' where the system does not tell. */
  readonly startedAt: string;
}

function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22 of the line; the second one, in parentheses, may itself contain blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return ''; // No /proc on this system, or the process is gone: isAlive decides by signal then.
  }
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startedAt: startTicks(pid) };
}

/** Whether that very process still runs. */
export function isAlive(process_: ProcessIdentity): boolean {
  try {
    process.kill(process_.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return process_.startedAt === startTicks(process_.pid);
}
