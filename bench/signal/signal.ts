/**
 * What a signaling node costs for a connection and for a message that it carries, against a bare server of the same library that
 * pairs sockets and passes on what comes. Both have the same number of clients connected all the while, and are loaded in turns;
 * the load generator is this process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { median, quantile, rounded, say } from '../figures.ts';
import { processTimeMs } from '../process-time.ts';
import { bare, type Carried, carry, connectPairs, type Dialect, ours, type Pair } from './signal-load.ts';

const CONNECTION_COUNT = 5_000;
const ROUND_COUNT = 5;
const ROUND_MS = 3_000;
/** Pairs that wait for an answer at a time: enough that the server never waits for the generator. */
const AT_ONCE = 64;
/** What is over after connecting is collected, and memory is read then. */
const SETTLE_MS = 3_000;

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
  readonly emptyBytes: number;
}

async function start(program: string, args: readonly string[]): Promise<Server> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(Number(line)));
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code} before it listened.`)));
  });
  return { process: child, port, emptyBytes: residentBytes(child) };
}

const residentBytes = ({ pid }: ChildProcess): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1_024;

interface Side {
  readonly server: Server;
  readonly pairs: readonly Pair[];
  readonly bytesPerConnection: number;
}

interface Round extends Carried {
  readonly serverMs: number;
}

async function connected(server: Server, dialect: Dialect, signal: AbortSignal): Promise<Side> {
  const pairs = await connectPairs(dialect, { port: server.port, count: CONNECTION_COUNT / 2, signal });
  await wait(SETTLE_MS);
  const bytesPerConnection = (residentBytes(server.process) - server.emptyBytes) / CONNECTION_COUNT;
  return { server, pairs, bytesPerConnection };
}

async function loaded({ server, pairs }: Side): Promise<Round> {
  const pid = server.process.pid ?? 0;
  const beforeMs = processTimeMs(pid);
  const carried = await carry(pairs, { forMs: ROUND_MS, atOnce: AT_ONCE });
  return { ...carried, serverMs: processTimeMs(pid) - beforeMs };
}

const costOf = ({ serverMs, messageCount }: Round): number => (serverMs * 1_000) / messageCount;
const rateOf = ({ messageCount, elapsedMs }: Round): number => (messageCount * 1_000) / elapsedMs;

export async function run({
  json,
  signal,
}: {
  readonly json: boolean;
  readonly signal: AbortSignal;
}): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  const servers: Server[] = [];
  const sides: Side[] = [];
  try {
    for (const [program, dialect] of [
      ['node-process.ts', ours],
      ['bare-process.ts', bare],
    ] as const) {
      const server = await start(program, [folder]);
      servers.push(server);
      sides.push(await connected(server, dialect, signal));
    }
    const [node, peer] = sides;
    if (node === undefined || peer === undefined) throw new Error('Both servers were to be there.');
    // Both warm: Node compiles what is hot.
    for (const side of [node, peer]) await loaded(side);
    const rounds: { readonly node: Round; readonly peer: Round }[] = [];
    for (let count = 0; count < ROUND_COUNT; count++) {
      signal.throwIfAborted();
      rounds.push({ peer: await loaded(peer), node: await loaded(node) });
    }
    const ratios = rounds.map((round) => costOf(round.peer) / costOf(round.node));
    say(
      {
        bench: 'signal',
        case: `messages carried, ${CONNECTION_COUNT} connections, ${CONNECTION_COUNT / 2} calls`,
        peer: 'bare ws 8.23.0',
        ratio: rounded(median(ratios)),
        ratioMin: rounded(Math.min(...ratios)),
        ratioMax: rounded(Math.max(...ratios)),
        rounds: rounds.length,
        microsecondsPerMessage: rounded(median(rounds.map((round) => costOf(round.node)))),
        peerMicrosecondsPerMessage: rounded(median(rounds.map((round) => costOf(round.peer)))),
        messagesPerSecond: Math.round(median(rounds.map((round) => rateOf(round.node)))),
        peerMessagesPerSecond: Math.round(median(rounds.map((round) => rateOf(round.peer)))),
        roundTripMsP99: rounded(
          quantile(
            rounds.flatMap((round) => round.node.roundTripMs),
            0.99,
          ),
        ),
        peerRoundTripMsP99: rounded(
          quantile(
            rounds.flatMap((round) => round.peer.roundTripMs),
            0.99,
          ),
        ),
      },
      json,
    );
    say(
      {
        bench: 'signal',
        case: `memory of a connection, ${CONNECTION_COUNT} connections, ${CONNECTION_COUNT / 2} calls`,
        peer: 'bare ws 8.23.0',
        ratio: rounded(peer.bytesPerConnection / node.bytesPerConnection),
        bytesPerConnection: Math.round(node.bytesPerConnection),
        peerBytesPerConnection: Math.round(peer.bytesPerConnection),
      },
      json,
    );
  } finally {
    for (const pair of sides.flatMap(({ pairs }) => pairs)) pair.close();
    for (const { process: child } of servers) {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
