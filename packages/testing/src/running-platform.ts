import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { databaseFolder } from './database-folder.ts';
import { inherited } from './env.ts';
import { freeTcpPort, freeUdpPort } from './free-port.ts';
import { until } from './until.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export interface RunningPlatform {
  /** What `dev.env` says: PATCHBAY_URL, PATCHBAY_KEY and the others. */
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** Everything the platform printed so far. */
  output(): string;
  stop(): Promise<void>;
}

export interface PlatformStart {
  /** Further flags of `patchbay up`. */
  readonly flags?: readonly string[];
  /** Another database than one of its own, as the owner's address. */
  readonly databaseUrl?: string;
  /** Further settings of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts all of it as a user does, `patchbay up` on free ports of loopback with a data folder of its own, and waits until
 * it says that it is healthy. The caller stops it.
 */
export async function startPlatform(start: PlatformStart = {}): Promise<RunningPlatform> {
  const dataDir = mkdtempSync(path.join(databaseFolder(), 'patchbay-journey-'));
  // The user of the database server enters it, and reads nothing of it.
  chmodSync(dataDir, 0o711);
  const [port, turnPort] = await Promise.all([freeTcpPort(), freeUdpPort()]);
  const flags = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--turn-port',
    String(turnPort),
    '--data',
    dataDir,
  ];
  const child = spawn(
    process.execPath,
    [path.join(root, 'packages/cli/src/main.ts'), 'up', ...flags, ...(start.flags ?? [])],
    {
      cwd: root,
      env: {
        ...inherited,
        ...start.env,
        ...(start.databaseUrl === undefined ? {} : { DATABASE_URL: start.databaseUrl }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-100_000);
    });

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await gone;
      clearTimeout(timer);
    }
    rmSync(dataDir, { recursive: true, force: true });
  };

  try {
    const env = await until(
      async () => {
        if (child.exitCode !== null) return {};
        const file = path.join(dataDir, 'dev.env');
        if (!existsSync(file)) return undefined;
        const read = parseEnv(readFileSync(file, 'utf8'));
        const health = await fetch(`${read.PATCHBAY_URL}/api/health`);
        return health.ok && read;
      },
      { what: 'the platform to be healthy', timeoutMs: 90_000, pollMs: 200 },
    );
    if (child.exitCode !== null) throw new Error(`patchbay up ended with ${child.exitCode}.`);
    return { env, dataDir, process: child, output: () => printed, stop };
  } catch (cause) {
    const logs = lastOfLogs(path.join(dataDir, 'logs'));
    await stop();
    throw new Error(`The platform did not start. It printed:\n${printed}\n${logs}`, { cause });
  }
}

/** Why a part did not start is in its log, and `stop` removes the folder. */
function lastOfLogs(folder: string): string {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.log')) : [];
  const endOf = (file: string) => readFileSync(path.join(folder, file), 'utf8').slice(-2_000);
  return files.map((file) => `${file}:\n${endOf(file)}`).join('\n');
}

function parseEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z_]+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=').replace(/^(["'])(.*)\1$/, '$2')];
    }),
  );
}
