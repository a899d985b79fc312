import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const roundCount = 5;
const secondsPerRun = 2;
/** Runs with more loss than this are not compared: a server that drops is cheap. */
const lossPercentMax = 1;
const username = 'bench';
const password = 'bench';

interface Case {
  readonly name: string;
  readonly flags: readonly string[];
}
const cases: readonly Case[] = [
  { name: 'dgram/160B', flags: ['-l', '160'] },
  { name: 'dgram/1200B', flags: ['-l', '1200'] },
  { name: 'dgram/160B/indications', flags: ['-l', '160', '-s'] },
];

/** The fields of turnload's output that are used here; its source describes all of them. */
interface LoadRun {
  readonly ok: boolean;
  readonly error?: string;
  readonly loss_pct: number;
  readonly bad: number;
  readonly pps: number;
  readonly server_us_per_pkt: number;
}

interface Server {
  readonly label: string;
  readonly port: number;
  readonly process: ChildProcess;
}

/** Says what is missing and how to get it. */
async function need(command: string, versionFlag: string, remedy: string): Promise<string> {
  try {
    const { stdout, stderr } = await exec(command, [versionFlag]);
    return `${stdout}${stderr}`.trim().split('\n').at(-1) ?? '';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(`bench turn needs ${command}, which is not installed. ${remedy}`);
    }
    // Some programs end with an error after saying their version.
    return error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : '';
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No free port was given.');
  return address.port;
}

/** coturn with one relay thread, as its own documents advise for one core, on the same core as our relay. */
async function startCoturn(folder: string): Promise<Server> {
  const port = await freePort();
  const place = ['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', '-p', String(port), '-m', '1', '-n'];
  const users = ['-r', 'bench.test', '-a', '-u', `${username}:${password}`, '--allow-loopback-peers'];
  const off = ['--no-tls', '--no-dtls', '--no-cli', '--no-stdout-log', '--simple-log'];
  const files = ['--userdb', '--pidfile', '--log-file'].map(
    (flag) => `${flag}=${join(folder, flag.slice(2))}`,
  );
  const child = spawn('taskset', ['-c', '0', 'turnserver', ...place, ...users, ...off, ...files], {
    stdio: 'ignore',
  });
  // taskset becomes turnserver, so the process id is that of the server.
  return { label: 'coturn', port, process: child };
}

async function startOurs(): Promise<Server> {
  const program = join(import.meta.dirname, 'relay-process.ts');
  const command = ['-c', '0', process.execPath, program, username, password];
  const child = spawn('taskset', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    lines.once('line', (line) => resolve(Number(line)));
    child.once('exit', (code) => reject(new Error(`The relay ended with ${code} before it listened.`)));
  });
  return { label: 'ours', port, process: child };
}

async function stopServer({ process: child }: Server): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const isEnded = await Promise.race([
    ended.then(() => true),
    new Promise<boolean>((r) => setTimeout(() => r(false), 3_000)),
  ]);
  if (!isEnded) child.kill('SIGKILL');
}

async function load(program: string, server: Server, flags: readonly string[]): Promise<LoadRun> {
  const who = ['-p', String(server.port), '-u', username, '-c', password, '-P', String(server.process.pid)];
  const { stdout } = await exec(
    'taskset',
    ['-c', '1', program, ...who, '-L', server.label, '-t', String(secondsPerRun), ...flags],
    {
      timeout: 60_000,
    },
  );
  const result: LoadRun = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  if (!result.ok) throw new Error(`turnload against ${server.label}: ${result.error ?? 'no result'}`);
  if (result.bad > 0) throw new Error(`${server.label} delivered ${result.bad} packets to a wrong client.`);
  return result;
}

const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
};
const rounded = (value: number): number => Math.round(value * 100) / 100;

interface Comparison {
  readonly bench: 'turn';
  readonly case: string;
  readonly peer: string;
  /** coturn's processor time for a packet divided by ours, median over rounds. Above 1 is better than coturn. */
  readonly ratio: number;
  readonly rounds: number;
  readonly microsecondsPerPacket: number;
  readonly peerMicrosecondsPerPacket: number;
  readonly packetsPerSecond: number;
  readonly lossPercentMax: number;
}

/** Alternating runs, so that what else the machine does hits both alike. */
async function compare(
  program: string,
  servers: { ours: Server; coturn: Server },
  at: Case & { peer: string; signal: AbortSignal },
): Promise<Comparison> {
  const rounds: { ours: LoadRun; coturn: LoadRun }[] = [];
  for (let round = 0; round < roundCount; round++) {
    at.signal.throwIfAborted();
    const coturn = await load(program, servers.coturn, at.flags);
    const ours = await load(program, servers.ours, at.flags);
    if (Math.max(coturn.loss_pct, ours.loss_pct) <= lossPercentMax) rounds.push({ ours, coturn });
  }
  if (rounds.length < 3)
    throw new Error(`${at.name}: fewer than 3 of ${roundCount} rounds had under ${lossPercentMax} % loss.`);
  const costOf = ({ server_us_per_pkt }: LoadRun) => server_us_per_pkt;
  return {
    bench: 'turn',
    case: at.name,
    peer: at.peer,
    ratio: rounded(medianOf(rounds.map(({ ours, coturn }) => costOf(coturn) / costOf(ours)))),
    rounds: rounds.length,
    microsecondsPerPacket: rounded(medianOf(rounds.map(({ ours }) => costOf(ours)))),
    peerMicrosecondsPerPacket: rounded(medianOf(rounds.map(({ coturn }) => costOf(coturn)))),
    packetsPerSecond: Math.round(medianOf(rounds.map(({ ours }) => ours.pps))),
    lossPercentMax: Math.max(...rounds.map(({ ours }) => ours.loss_pct)),
  };
}

interface Options {
  readonly json: boolean;
  /** Ends the run before its next load; the servers are stopped all the same. */
  readonly signal: AbortSignal;
}

/**
 * Compares the processor time for one relayed packet with coturn's, over loopback, one core each for server and
 * load. What it leaves out: network cards, several threads, TCP and TLS, added delay.
 */
export async function run({ json, signal }: Options): Promise<void> {
  const version = await need('turnserver', '--version', 'On Debian: apt-get install coturn');
  await need('g++', '--version', 'On Debian: apt-get install g++');
  await need('taskset', '--version', 'On Debian: apt-get install util-linux');
  const peer = `coturn ${/\d+\.\d+\.\d+/.exec(version)?.[0] ?? 'of unknown version'}`;
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-bench-turn-'));
  const servers: Server[] = [];
  try {
    const program = join(folder, 'turnload');
    await exec('g++', [
      '-O2',
      '-std=c++17',
      '-o',
      program,
      join(import.meta.dirname, 'turnload/turnload.cc'),
    ]);
    await writeFile(join(folder, 'userdb'), '');
    const coturn = await startCoturn(folder);
    servers.push(coturn);
    const ours = await startOurs();
    servers.push(ours);
    // Both warm: Node compiles what is hot, coturn makes its tables. Fails early when one does not serve.
    for (const server of servers) await load(program, server, ['-l', '160']);
    signal.throwIfAborted();
    for (const each of cases) {
      const comparison = await compare(program, { ours, coturn }, { ...each, peer, signal });
      const { case: name, ratio, microsecondsPerPacket, peerMicrosecondsPerPacket } = comparison;
      const text = `${name}: ${ratio} times ${peer} (${microsecondsPerPacket} against ${peerMicrosecondsPerPacket} µs a packet)`;
      process.stdout.write(`${json ? JSON.stringify(comparison) : text}\n`);
    }
  } finally {
    for (const server of servers) await stopServer(server);
    await rm(folder, { recursive: true, force: true });
  }
}
