/**
 * Loads an N-1 mixer over plain RTP on loopback, counts the processor time of its processes, and checks what comes back: each
 * flow hears all who talked, and not itself. README.md has the rest. `node mixload.ts < load.json`, one JSON line out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { delayMs } from './delay.ts';
import { Flow, type FlowSpec, RATE_HZ } from './flow.ts';
import { toneProminenceDb } from './signal.ts';

/** A tone that stands so far above the bins around it is there. */
const FOUND_DB = 14;

/** What it reads. */
export interface Load {
  readonly flows: readonly FlowSpec[];
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Of the mixer. */
  readonly pids: readonly number[];
  /** How many flows are decoded and searched. */
  readonly checkCount: number;
  /** Whether all who talk are to be heard; of a mixer that chooses among more talkers, they cannot. */
  readonly areAllHeard: boolean;
}

/** What it writes. */
export interface LoadResult {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly maxGapMs: number;
  readonly meanOctets: number;
  /** User and system time of the mixer's processes, a second of each participant. */
  readonly cpuPerParticipantSecond: number;
  /** From what somebody said to what the first of the flows heard of it, in the middle; -1 where nobody began. */
  readonly delayMs: number;
  readonly isMixRight: boolean;
  readonly problems: readonly string[];
}

/** The scheduler's own count, in seconds: what /proc/PID/stat has is in hundredths of them. */
function cpuSecondsOf(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      try {
        nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
      } catch {
        // The thread ended between the listing and the reading.
      }
    }
  }
  return nanoseconds / 1e9;
}

interface Measured {
  readonly cpuSeconds: number;
  readonly seconds: number;
}

async function drive(flows: readonly Flow[], { seconds, warmupSeconds, pids }: Load): Promise<Measured> {
  const startedMs = performance.now();
  let measured: { readonly fromMs: number; readonly cpuSeconds: number } | undefined;
  const endMs = (warmupSeconds + seconds) * 1_000;
  for (;;) {
    const atMs = performance.now() - startedMs;
    if (measured === undefined && atMs >= warmupSeconds * 1_000) {
      for (const flow of flows) flow.forget();
      measured = { fromMs: atMs, cpuSeconds: cpuSecondsOf(pids) };
    }
    if (atMs >= endMs) break;
    for (const flow of flows) while (flow.dueAtMs <= atMs) flow.send();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { fromMs = 0, cpuSeconds = 0 } = measured ?? {};
  const passedMs = performance.now() - startedMs - fromMs;
  return { cpuSeconds: cpuSecondsOf(pids) - cpuSeconds, seconds: passedMs / 1_000 };
}

/** One after the other. */
function joined(frames: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    samples.set(frame, at);
    at += frame.length;
  }
  return samples;
}

/** What is wrong with what a flow heard, in words. */
function problemsOf(flow: Flow, flows: readonly Flow[], areAllHeard: boolean): readonly string[] {
  if (flow.received.length === 0) return [`${flow.spec.toneHz} heard nothing`];
  const samples = joined(flow.decode());
  const isHeard = (hertz: number) => toneProminenceDb(samples, RATE_HZ, hertz) >= FOUND_DB;
  const others = flows.filter((other) => other !== flow);
  const talkers = others.filter(({ spec }) => spec.talk !== 'off');
  const missing = areAllHeard ? talkers.filter(({ spec }) => !isHeard(spec.toneHz)) : [];
  const problems = missing.map(({ spec }) => `${flow.spec.toneHz} did not hear ${spec.toneHz}`);
  if (isHeard(flow.spec.toneHz)) problems.push(`${flow.spec.toneHz} heard itself`);
  return problems;
}

const load: Load = JSON.parse(await text(process.stdin));
const flows = load.flows.map((spec, index) => new Flow(spec, { index, count: load.flows.length }));
await Promise.all(flows.map(async (flow) => await flow.open()));
const { cpuSeconds, seconds } = await drive(flows, load);
for (const flow of flows) flow.close();
const problems = flows.slice(0, load.checkCount).flatMap((flow) => problemsOf(flow, flows, load.areAllHeard));
const total = (of: (flow: Flow) => number): number => flows.reduce((sum, flow) => sum + of(flow), 0);
const received = total((flow) => flow.received.length);
const [first] = flows;
const result: LoadResult = {
  sent: total(({ sent }) => sent),
  received,
  lost: total(({ lost }) => lost),
  maxGapMs: Math.round(Math.max(...flows.map(({ gapMsMax }) => gapMsMax))),
  meanOctets: Math.round(total(({ octets }) => octets) / Math.max(1, received)),
  cpuPerParticipantSecond: cpuSeconds / (flows.length * seconds),
  delayMs: first === undefined ? -1 : delayMs(flows, first, first.decode()),
  isMixRight: problems.length === 0,
  problems,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
