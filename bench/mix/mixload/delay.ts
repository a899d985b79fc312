import { type Flow, RATE_HZ } from './flow.ts';
import { powerOf } from './signal.ts';

/** After a beginning, the tone has its level in this time. */
const SETTLED_MS = { from: 500, to: 1_000 };
/** -6 dB of it is a beginning. */
const BEGUN_SHARE = 0.25;

const medianOf = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;

/**
 * How long after somebody began to talk another one heard it, in milliseconds, for each time that it happened: from the first packet of
 * it that was sent to the first that came back with it.
 */
export function delaysMs(talker: Flow, listener: Flow, heard: readonly Int16Array[]): readonly number[] {
  return talker.begunMs.flatMap((begunMs) => {
    const powers = heard.flatMap((frame, index) => {
      const atMs = (listener.receivedMs[index] ?? Number.NaN) - begunMs;
      if (!(atMs >= 0 && atMs <= SETTLED_MS.to)) return [];
      const at = { start: 0, count: frame.length, rateHz: RATE_HZ };
      return [{ atMs, power: powerOf(frame, at, talker.spec.toneHz) }];
    });
    const settled = powers.filter(({ atMs }) => atMs >= SETTLED_MS.from).map(({ power }) => power);
    // It was cut short by the end of the run.
    if (settled.length < 20) return [];
    const first = powers.find(({ power }) => power > BEGUN_SHARE * medianOf(settled));
    return first === undefined ? [] : [first.atMs];
  });
}

/** Of all of them, the one in the middle; -1 where nobody began. */
export function delayMs(flows: readonly Flow[], listener: Flow, heard: readonly Int16Array[]): number {
  const delays = flows
    .filter((talker) => talker !== listener)
    .flatMap((talker) => delaysMs(talker, listener, heard));
  return delays.length === 0 ? -1 : Math.round(medianOf(delays));
}
