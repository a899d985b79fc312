import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import type { RunningPlatform } from './running-platform.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** What the command line of each process says. Next gives its own another title once it runs. */
const commandLines = {
  relay: /main\.ts --role relay$/,
  signaling: /main\.ts --role signaling$/,
  'control plane': /^next-server|server\.js$/,
} as const;

export type PlatformProcess = keyof typeof commandLines;

/** The process of a part of this platform now, or undefined while it is not running. */
export async function pidOf(platform: RunningPlatform, part: PlatformProcess): Promise<number | undefined> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  const processes = stdout.split('\n').map((line) => {
    const [, pid, parentPid, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*?)\s*$/.exec(line) ?? [];
    return { pid: Number(pid), parentPid: Number(parentPid), command };
  });
  const ours = new Set([platform.process.pid]);
  for (let countBefore = 0; countBefore < ours.size; ) {
    countBefore = ours.size;
    for (const { pid, parentPid } of processes) if (ours.has(parentPid)) ours.add(pid);
  }
  return processes.find(({ pid, command }) => ours.has(pid) && commandLines[part].test(command))?.pid;
}

/** Kills it as a crash or the kernel would, with no chance to say a word. Answers when, in milliseconds since 1970. */
export async function killHard(platform: RunningPlatform, part: PlatformProcess): Promise<number> {
  const pid = await pidOf(platform, part);
  if (pid === undefined) throw new Error(`The ${part} does not run.`);
  process.kill(pid, 'SIGKILL');
  return Date.now();
}

/**
 * Kills the control plane and keeps it away: its port is taken, so each new start of it fails, and who connects is cut
 * off at once. The returned function lets it come back.
 */
export async function keepControlPlaneAway(platform: RunningPlatform): Promise<() => Promise<void>> {
  const port = Number(new URL(platform.env.PATCHBAY_URL ?? '').port);
  await killHard(platform, 'control plane');
  const server = await until(() => listen(port), { what: 'the port of the control plane', pollMs: 2 });
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
