/**
 * A media shard: a process with WebRTC in it, and legs. Started by `shard-process.ts`, and by nothing else: a crash of native
 * code costs the legs of one shard. It ends explicitly, for WebRTC's threads would hold it, or bring it down on a natural end.
 */
import { BridgeEnd } from './bridge-end.ts';
import { Leg } from './leg.ts';
import { openRoomWay } from './room-way.ts';
import type { ShardReport, ShardWord } from './shard-words.ts';
import { FRAME_MS } from './sound-run.ts';
import { loadWrtc, type Wrtc } from './wrtc.ts';

/** Timers are late on a busy machine: so much is made good, and what is older is not played. */
const BEHIND_MS_MAX = 200;
const TIMER_MS = 5;

const report = (word: ShardReport): void => {
  process.send?.(word);
};

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

let wrtc: Wrtc;
try {
  wrtc = await loadWrtc();
} catch (error) {
  const detail = error instanceof Error ? error.message : String(error);
  await new Promise((resolve) => process.send?.({ type: 'unable', detail } satisfies ShardReport, resolve));
  process.exit(0);
}

const legs = new Map<string, Leg>();
const legOf = (name: string): Leg => {
  const known = legs.get(name);
  if (known !== undefined) return known;
  const leg = new Leg({ leg: name, wrtc, report, openRoomWay, nowMs: performance.now() });
  legs.set(name, leg);
  return leg;
};
const bridgeEnds = new Map<string, BridgeEnd>();
const bridge = (name: string, other: string): void => {
  const end = bridgeEnds.get(name) ?? new BridgeEnd({ leg: name, wrtc, report });
  bridgeEnds.set(name, end);
  const otherEnd = bridgeEnds.get(other);
  if (otherEnd !== undefined) end.joins(otherEnd);
};
const drop = (name: string): void => {
  legs.get(name)?.close();
  legs.delete(name);
  bridgeEnds.get(name)?.close();
  bridgeEnds.delete(name);
};

function obey(word: ShardWord): void {
  if (word.type === 'drop' || (word.type === 'frame' && word.isLast)) drop(word.leg);
  else if (word.type === 'bridge') bridge(word.leg, word.other);
  else if (word.type === 'frame') (bridgeEnds.get(word.leg) ?? legOf(word.leg)).hear(word.source);
  else if (word.type === 'sound') legOf(word.leg).sound(word);
  else if (word.type === 'room') legOf(word.leg).room(word);
  // What is said of a room does not make a leg that is gone.
  else if (word.type === 'room-mixed') legs.get(word.leg)?.roomMixed(word);
  else legs.get(word.leg)?.roomOver(word);
}
process.on('message', (word: ShardWord) => {
  try {
    obey(word);
  } catch (error) {
    // What one leg could not bear is not the end of the others.
    report({ type: 'lost', leg: word.leg, detail: String(error).slice(0, 500) });
  }
});

let playedToMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  playedToMs = Math.max(playedToMs, nowMs - BEHIND_MS_MAX);
  for (; playedToMs + FRAME_MS <= nowMs; playedToMs += FRAME_MS)
    for (const leg of legs.values()) leg.tick(nowMs);
}, TIMER_MS);
report({ type: 'ready' });
