import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

interface Options {
  readonly json: boolean;
  /** Ends the run; what it started ends with it. */
  readonly signal: AbortSignal;
}

/** Programs that it needs, and how to get them. */
const needed = [
  {
    command: 'janus',
    remedy: 'On Debian: apt-get install --no-install-recommends janus. Its service need not run.',
  },
  { command: 'unshare', remedy: 'On Debian: apt-get install util-linux' },
  { command: 'ip', remedy: 'On Debian: apt-get install iproute2' },
];

async function need({ command, remedy }: (typeof needed)[number]): Promise<void> {
  try {
    await exec(command, ['--version']);
  } catch (error) {
    // Some programs end with an error after saying their version.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return;
    throw new Error(`bench mix needs ${command}, which is not installed. ${remedy}`);
  }
}

/**
 * Compares the processor time for a participant of an audio room with that of Janus AudioBridge, over plain RTP, in a network of its
 * own that has loopback alone. What it leaves out: SRTP, ICE, a network with loss.
 */
export async function run({ json, signal }: Options): Promise<void> {
  for (const each of needed) await need(each);
  const rounds = [process.execPath, path.join(import.meta.dirname, 'rounds.ts'), ...(json ? ['--json'] : [])];
  // A namespace of a user that is root in it alone, where this one is not root.
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...rounds];
  const child = spawn('unshare', [...asRoot, '--net', ...inside], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`The rounds ended with ${code}.`);
}
