/**
 * The rounds of `npm run bench -- mix`, in a network of their own; `mix.ts` starts it. By hand:
 * `unshare --net sh -c 'ip link set lo up && node bench/mix/rounds.ts --only "50 two" --rounds 1 --seconds 5'`.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { MixerPool } from '../../apps/media-node/src/mixer/mixer-pool.ts';
import { median, rounded, say } from '../figures.ts';
import { Janus } from './janus.ts';
import type { FlowSpec } from './mixload/flow.ts';
import type { Load, LoadResult } from './mixload/mixload.ts';
import { type Talk, toneFor } from './mixload/signal.ts';

const PAYLOAD_TYPE = 111;
const LEVEL_ID = 1;
const FIRST_PORT = 21_000;
const HTTP_PORT = 18_088;
const LOOP_MS = 5_000;

interface Case {
  readonly name: string;
  readonly count: number;
  readonly talks: (index: number) => Talk;
  readonly talkerCountMax: number | 'all';
  readonly coder: 'voice' | 'sound';
}

/** Five take turns of two seconds, two at a time, and all others listen: a tone is found in windows of one second. */
const twoTalk = (index: number): Talk =>
  index < 5 ? { onMs: 2_000, offMs: LOOP_MS - 2_000, phaseMs: (LOOP_MS - index * 1_000) % LOOP_MS } : 'off';
const allTalk = (): Talk => 'always';
const cases: readonly Case[] = [
  { name: '10 two talk', count: 10, talks: twoTalk, talkerCountMax: 3, coder: 'voice' },
  { name: '50 two talk', count: 50, talks: twoTalk, talkerCountMax: 3, coder: 'voice' },
  { name: '10 all talk', count: 10, talks: allTalk, talkerCountMax: 'all', coder: 'voice' },
  { name: '5 all talk', count: 5, talks: allTalk, talkerCountMax: 'all', coder: 'voice' },
  { name: '10 two talk, sound coder', count: 10, talks: twoTalk, talkerCountMax: 3, coder: 'sound' },
  { name: '10 all talk, sound coder', count: 10, talks: allTalk, talkerCountMax: 'all', coder: 'sound' },
];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    only: { type: 'string', default: '' },
  },
});
const seconds = Number(values.seconds);
// What it started must not outlive it: the run fails where it is, and what is behind `finally` is done.
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());

const flowsOf = ({ count, talks }: Case, ports: readonly number[]): readonly FlowSpec[] =>
  Array.from({ length: count }, (_, index) => ({
    localPort: FIRST_PORT + 2 * index,
    remotePort: ports[index] ?? 0,
    payloadType: PAYLOAD_TYPE,
    ssrc: 1_000 + index,
    toneHz: toneFor(index, count),
    talk: talks(index),
    levelExtensionId: LEVEL_ID,
  }));

/** Drives one mixer and checks it. */
async function drive(load: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'mixload/mixload.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal: stop.signal,
  });
  child.on('error', () => undefined);
  child.stdin.end(JSON.stringify(load));
  const line = await text(child.stdout);
  stop.signal.throwIfAborted();
  const result: LoadResult = JSON.parse(line);
  if (!result.isMixRight) throw new Error(`A mix was not right: ${result.problems.join('; ')}`);
  return result;
}

const loadOf = (each: Case, ports: readonly number[], pids: readonly number[]): Load => ({
  flows: flowsOf(each, ports),
  seconds,
  warmupSeconds: 2,
  pids,
  checkCount: 3,
  areAllHeard: true,
});

async function runJanus(each: Case): Promise<LoadResult> {
  const janus = await Janus.start(HTTP_PORT);
  try {
    const participants = Array.from({ length: each.count }, (_, index) => ({
      port: FIRST_PORT + 2 * index,
      payloadType: PAYLOAD_TYPE,
      levelExtensionId: LEVEL_ID,
    }));
    const { ports } = await janus.room(1, participants);
    return await drive(loadOf(each, ports, [janus.pid]));
  } finally {
    await janus.stop();
  }
}

/** Our own pool runs in this process, which is counted too: what it costs to be told of levels and speakers is a part. */
async function runOurs(each: Case): Promise<LoadResult> {
  const events = { onActiveSpeakers: () => undefined, onLevels: () => undefined, onEnded: () => undefined };
  const pool = new MixerPool({ events, processCount: 1 });
  try {
    await pool.started();
    await pool.createRoom({
      roomId: 'room',
      talkerCountMax: each.talkerCountMax,
      opus: { coder: each.coder },
    });
    const ports: number[] = [];
    for (let index = 0; index < each.count; index++) {
      const address = await pool.addLeg('room', {
        legId: `leg-${index}`,
        codec: 'opus',
        payloadType: PAYLOAD_TYPE,
        levelExtensionId: LEVEL_ID,
        remote: { host: '127.0.0.1', port: FIRST_PORT + 2 * index },
        localHost: '127.0.0.1',
      });
      ports.push(address.port);
    }
    return await drive(loadOf(each, ports, [...pool.pids, process.pid]));
  } finally {
    await pool.close();
  }
}

const percent = (result: LoadResult): number => result.cpuPerParticipantSecond * 100;

async function compare(each: Case): Promise<void> {
  const rounds: { readonly janus: LoadResult; readonly ours: LoadResult }[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    stop.signal.throwIfAborted();
    const ours = await runOurs(each);
    stop.signal.throwIfAborted();
    rounds.push({ janus: await runJanus(each), ours });
  }
  say(
    {
      bench: 'mix',
      case: each.name,
      peer: 'Janus AudioBridge',
      ratio: rounded(median(rounds.map(({ janus, ours }) => percent(janus) / percent(ours)))),
      rounds: rounds.length,
      percentPerParticipant: rounded(median(rounds.map(({ ours }) => percent(ours)))),
      peerPercentPerParticipant: rounded(median(rounds.map(({ janus }) => percent(janus)))),
      delayMs: median(rounds.map(({ ours }) => ours.delayMs)),
      peerDelayMs: median(rounds.map(({ janus }) => janus.delayMs)),
      lost: Math.max(...rounds.map(({ ours }) => ours.lost)),
      peerLost: Math.max(...rounds.map(({ janus }) => janus.lost)),
      gapMsMax: Math.max(...rounds.map(({ ours }) => ours.maxGapMs)),
      peerGapMsMax: Math.max(...rounds.map(({ janus }) => janus.maxGapMs)),
      octets: median(rounds.map(({ ours }) => ours.meanOctets)),
      peerOctets: median(rounds.map(({ janus }) => janus.meanOctets)),
    },
    values.json,
  );
}

try {
  for (const each of cases.filter(({ name }) => name.includes(values.only))) await compare(each);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
}
