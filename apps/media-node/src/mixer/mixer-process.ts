/**
 * A process of the mixer: rooms, whole, and one tick for all of them. Started by `mixer-pool.ts`, and by nothing else: strangers'
 * packets are decoded here by native code, and a crash of it costs the rooms of one process.
 */
import { randomBytes } from 'node:crypto';
import { MixerHost } from './mixer-host.ts';
import { MixerRefusal } from './mixer-port.ts';
import type { MixerReport, MixerWord } from './mixer-words.ts';
import { TickClock } from './tick-clock.ts';
import { openUdpLeg } from './udp-leg.ts';

const report = (word: MixerReport | { readonly type: 'ready' }): void => {
  process.send?.(word);
};

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

const nowMs = (): number => performance.now();
const random32 = (): number => randomBytes(4).readUInt32BE();
const host = new MixerHost({ open: openUdpLeg, nowMs, report, random32 });

let isAsleep = true;
let clock = new TickClock(nowMs());
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Does the ticks that are due, and sleeps until the next, whatever comes meanwhile: the system keeps it, and all of it is read at one
 * waking, right before the tick that needs it. To wake for each packet cost a third more; nothing is played before its tick anyway.
 */
function step(): void {
  const due = clock.due(nowMs());
  const dropped = clock.takeDropped();
  if (dropped > 0) host.skip(dropped);
  for (let count = 0; count < due; count++) host.tick();
  isAsleep = host.roomCount === 0;
  if (isAsleep) return;
  Atomics.wait(sleeper, 0, 0, clock.waitMs(nowMs()));
  // Behind what is to be read.
  setImmediate(step);
}

/** A process without rooms has no ticks. */
function wake(): void {
  if (!isAsleep || host.roomCount === 0) return;
  isAsleep = false;
  clock = new TickClock(nowMs());
  step();
}

async function obey({ number, request }: MixerWord): Promise<void> {
  try {
    report({ type: 'answer', number, answer: await host.carryOut(request) });
  } catch (error) {
    const reason = error instanceof MixerRefusal ? error.reason : 'mixer-lost';
    const detail = error instanceof Error ? error.message : String(error);
    report({ type: 'refused', number, reason, detail });
  }
  wake();
}
process.on('message', (word: MixerWord) => {
  void obey(word);
});
report({ type: 'ready' });
