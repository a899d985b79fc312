import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from '../processes/process-identity.ts';
import type { ServerUser } from './binaries.ts';

const logLineCountMax = 30;
/** Next's types ask every environment for NODE_ENV, which the server has no use for. */
const noEnvironment = {} as NodeJS.ProcessEnv;

/** Fast shutdown first, then without the checkpoint, then by force: all three keep what was committed. */
export async function end(server: ProcessIdentity, limitMs: number): Promise<void> {
  const signals = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
  for (const signal of signals) {
    try {
      process.kill(server.pid, signal);
    } catch {
      return; // Gone already.
    }
    const deadline = performance.now() + (signal === 'SIGINT' ? limitMs : 2_000);
    while (performance.now() < deadline) {
      if (!isAlive(server)) return;
      await wait(20);
    }
  }
}

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly user: ServerUser | undefined;
  readonly place: string;
  readonly log: string[];
}

/** A child in a process group of its own: Ctrl-C in the terminal must not end the database before its clients. */
export function launch({ command, args, user, place, log }: Launch): ChildProcess {
  const child = spawn(command, args, {
    ...(user ?? {}),
    cwd: place,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...noEnvironment, LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
  const remember = (chunk: Buffer): void => {
    log.push(...chunk.toString().trimEnd().split('\n'));
    log.splice(0, Math.max(0, log.length - logLineCountMax));
  };
  child.stdout?.on('data', remember);
  child.stderr?.on('data', remember);
  // An 'error' without a listener would end our process with a trace that names no remedy.
  child.on('error', (error) => log.push(error.message));
  return child;
}

export function exitOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => resolve(code ?? undefined));
  });
}

export function failure(what: string, log: readonly string[]): Error {
  return new Error(`PostgreSQL: ${what}.${log.length > 0 ? ` Its last words:\n${log.join('\n')}` : ''}`);
}
