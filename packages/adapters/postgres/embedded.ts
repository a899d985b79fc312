import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { identify, isAlive, type ProcessIdentity } from '../processes/process-identity.ts';
import { isReachable, reachableBinaries, reachableRoot, type ServerUser } from './binaries.ts';
import { freePort, isFreePort } from './free-port.ts';
import { end, exitOf, failure, launch } from './server-process.ts';
import { serverUser } from './server-user.ts';

const superuser = 'patchbay';
const readyLine = 'database system is ready to accept connections';
const initialiseMsMax = 60_000;
/** Recovery after a hard stop replays the log first, so this is longer than any usual start. */
const startMsMax = 60_000;
const bindAttemptCountMax = 3;

export interface EmbeddedPostgresOptions {
  /** The folder that holds all of it. It is created. Where the server's user cannot enter, it becomes a link. */
  readonly directory: string;
  readonly database: string;
  /** A free one when absent or taken. */
  readonly port?: number;
  /** False gives durability away for speed: for tests alone. Default true. */
  readonly isDurable?: boolean;
}

export interface EmbeddedPostgres {
  /** Of the superuser. It contains the password: never log it. */
  readonly url: string;
  readonly port: number;
  /** Where the data really are. */
  readonly directory: string;
  /** Resolves when the server has exited, whoever made it exit. Holds its last log lines. */
  readonly exited: Promise<string>;
  /** Ends connections and stops within about `limitMs`, by force at last; what was committed stays. */
  stop(limitMs?: number): Promise<void>;
}

/** The folder for the cluster: `directory`, or where a link there leads, when the server's user could not enter it. */
function placeFor(directory: string, user: ServerUser | undefined): string {
  mkdirSync(path.dirname(directory), { recursive: true });
  const isDeadLink =
    lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink() && !existsSync(directory);
  if (isDeadLink) rmSync(directory);
  if (!existsSync(directory)) {
    if (user === undefined || isReachable(path.join(realpathSync(path.dirname(directory)), 'any'), user)) {
      mkdirSync(directory);
    } else {
      mkdirSync(reachableRoot, { recursive: true, mode: 0o755 });
      // A new name each time: whoever deletes the link starts with an empty database.
      symlinkSync(mkdtempSync(path.join(reachableRoot, 'data-')), directory);
    }
    if (user !== undefined) chownSync(directory, user.uid, user.gid);
  }
  const place = realpathSync(directory);
  if (user !== undefined && !isReachable(path.join(place, 'any'), user)) {
    throw new Error(`PostgreSQL cannot enter ${place} as user ${user.uid}: use another data folder`);
  }
  return place;
}

function readPassword(place: string): string {
  const file = path.join(place, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

interface OwnerFile {
  readonly owner: ProcessIdentity;
  readonly server: ProcessIdentity;
}

/** Refuses when another living process uses the data; ends a server that a killed process left behind. */
async function takeOver(place: string): Promise<void> {
  const file = path.join(place, 'owner.json');
  const lock = path.join(place, 'cluster', 'postmaster.pid');
  if (existsSync(file)) {
    const { owner, server } = JSON.parse(readFileSync(file, 'utf8')) as OwnerFile;
    if (isAlive(server)) {
      if (isAlive(owner)) {
        throw new Error(
          `The database in ${place} is in use by process ${owner.pid}: stop that one first, or use another data folder`,
        );
      }
      await end(server, 10_000);
    }
    rmSync(file, { force: true });
  }
  // After a hard stop its number may belong to another process by now, which the server would take for a living twin.
  if (existsSync(lock) && !isPostgres(Number.parseInt(readFileSync(lock, 'utf8'), 10))) rmSync(lock);
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return isAlive(identify(pid));
  }
}

async function initialise(options: { binaries: string; place: string; user: ServerUser | undefined }) {
  const { binaries, place, user } = options;
  const cluster = path.join(place, 'cluster');
  // Only what initdb finished is taken for a database; what was cut off is made again.
  const draft = path.join(place, 'draft');
  rmSync(draft, { recursive: true, force: true });
  const passwordFile = path.join(place, 'initial-password');
  writeFileSync(passwordFile, readPassword(place), { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const log: string[] = [];
  const child = launch({
    command: path.join(binaries, 'bin/initdb'),
    args: [
      ...['-D', draft, '-U', superuser, '--pwfile', passwordFile, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
      '--no-sync',
    ],
    user,
    place,
    log,
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), initialiseMsMax);
  const code = await exitOf(child);
  clearTimeout(timer);
  rmSync(passwordFile, { force: true });
  if (code !== 0) throw failure('initdb failed', log);
  // A rename is whole or not at all.
  renameSync(draft, cluster);
}

interface Running {
  readonly child: ChildProcess;
  readonly server: ProcessIdentity;
  readonly exited: Promise<string>;
}

interface StartOptions {
  readonly binaries: string;
  readonly place: string;
  readonly user: ServerUser | undefined;
  readonly port: number;
  readonly isDurable: boolean;
}

/**
 * PostgreSQL's own defaults are for a machine of long ago: with them, usage at full rate wrote each page twice, once whole
 * into the log after each of its many checkpoints. The log grows to that only under such load, and shrinks after it; it
 * is replayed in seconds.
 */
function memoryAndLog(): readonly string[] {
  const sharedMegabytes = Math.min(512, Math.max(128, Math.floor(totalmem() / 8 / 2 ** 20)));
  return [`shared_buffers=${sharedMegabytes}MB`, 'wal_buffers=16MB', 'max_wal_size=2GB'];
}

async function start(options: StartOptions): Promise<Running> {
  const { binaries, place, user, port, isDurable } = options;
  const settings = [
    'listen_addresses=127.0.0.1',
    // No socket file: its path has a length limit of 107 bytes, and nothing of ours uses it.
    'unix_socket_directories=',
    `fsync=${isDurable ? 'on' : 'off'}`,
    `synchronous_commit=${isDurable ? 'on' : 'off'}`,
    ...(isDurable ? memoryAndLog() : []),
    'max_connections=200',
    'log_timezone=UTC',
    'timezone=UTC',
  ];
  const log: string[] = [];
  const child = launch({
    command: path.join(binaries, 'bin/postgres'),
    args: [
      '-D',
      path.join(place, 'cluster'),
      '-p',
      String(port),
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    user,
    place,
    log,
  });
  const exited = exitOf(child).then(() => log.join('\n'));
  const ready = new Promise<'ready'>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes(readyLine)) resolve('ready');
    });
  });
  const limit = wait(startMsMax, 'late' as const, { ref: false });
  const outcome = await Promise.race([ready, limit, exited.then(() => 'exited' as const)]);
  if (outcome !== 'ready' || child.pid === undefined) {
    child.kill('SIGKILL');
    throw failure(outcome === 'late' ? 'not ready in a minute' : 'ended while it started', log);
  }
  // Our event loop must be free to end: who wants the server down calls stop().
  child.unref();
  return { child, server: identify(child.pid), exited };
}

async function startOnFreePort(options: Omit<StartOptions, 'port'>, wanted: number | undefined) {
  for (let attempt = 1; ; attempt += 1) {
    const port =
      attempt === 1 && wanted !== undefined && (await isFreePort(wanted)) ? wanted : await freePort();
    try {
      return { port, ...(await start({ ...options, port })) };
    } catch (error) {
      const isPortTaken = error instanceof Error && error.message.includes('could not bind');
      if (!isPortTaken || attempt === bindAttemptCountMax) throw error;
    }
  }
}

async function ensureDatabase(baseUrl: string, database: string): Promise<void> {
  const client = new Client({ connectionString: `${baseUrl}/postgres` });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/**
 * A PostgreSQL 18 of our own (OPS-1): about a second the first time, a fifth of one after that. It may be
 * started as root, as anybody, from a closed home, and after a hard stop of itself or of whoever started it.
 * @throws with the server's last log lines when it does not come up.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = serverUser(path.join(options.directory, 'cluster'));
  const place = placeFor(path.resolve(options.directory), user);
  await takeOver(place);
  const binaries = await reachableBinaries(user);
  if (!existsSync(path.join(place, 'cluster'))) await initialise({ binaries, place, user });
  const { port, server, exited } = await startOnFreePort(
    { binaries, place, user, isDurable: options.isDurable ?? true },
    options.port,
  );
  const ownerFile = path.join(place, 'owner.json');
  const owner: OwnerFile = { owner: identify(process.pid), server };
  writeFileSync(ownerFile, JSON.stringify(owner));
  const stop = async (limitMs = 10_000): Promise<void> => {
    await end(server, limitMs);
    rmSync(ownerFile, { force: true });
  };
  const baseUrl = `postgresql://${superuser}:${readPassword(place)}@127.0.0.1:${port}`;
  try {
    await ensureDatabase(baseUrl, options.database);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `${baseUrl}/${encodeURIComponent(options.database)}`,
    port,
    directory: place,
    exited,
    stop,
  };
}
