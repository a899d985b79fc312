import { describe, expect, it } from 'vitest';
import { createTimeCounters } from './time-counters.ts';

describe('time of sessions (ACC-7)', () => {
  it('a session counts once, with however many allocations, and only while it has one', () => {
    const times = createTimeCounters();
    times.join('c', 's', { usedMs: 0, nowMs: 0 });
    times.join('c', 's', { usedMs: 0, nowMs: 1_000 });
    times.leave('c', 's', { keepMs: 60_000, nowMs: 5_000 });
    expect(times.reachesAtMs('c', 30_000, 8_000)).toBe(30_000);
    times.leave('c', 's', { keepMs: 60_000, nowMs: 10_000 });
    expect(times.usedMs('c', 20_000)).toBe(10_000);
    expect(times.reachesAtMs('c', 30_000, 20_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('sessions of one counter add up', () => {
    const times = createTimeCounters();
    times.join('c', 's', { usedMs: 0, nowMs: 0 });
    times.join('c', 't', { usedMs: 0, nowMs: 0 });
    expect(times.reachesAtMs('c', 30_000, 0)).toBe(15_000);
  });

  it('what was used elsewhere counts where it is more, and never twice', () => {
    const times = createTimeCounters();
    times.join('c', 's', { usedMs: 20_000, nowMs: 0 });
    times.join('c', 's', { usedMs: 21_000, nowMs: 5_000 });
    expect(times.usedMs('c', 5_000)).toBe(25_000);
  });

  it('is kept as long as it is asked to, and then forgotten', () => {
    const times = createTimeCounters();
    times.join('c', 's', { usedMs: 0, nowMs: 0 });
    times.leave('c', 's', { keepMs: 60_000, nowMs: 1_000 });
    times.sweep(60_999);
    expect(times.usedMs('c', 60_999)).toBe(1_000);
    times.sweep(61_000);
    expect(times.usedMs('c', 61_000)).toBe(0);
  });

  it('has room for so many: the one that stood still for longest goes, one that runs never', () => {
    const times = createTimeCounters(3);
    for (const [key, nowMs] of [
      ['running', 0],
      ['first', 0],
      ['second', 0],
    ] as const)
      times.join(key, 's', { usedMs: 0, nowMs });
    times.leave('second', 's', { keepMs: 60_000, nowMs: 100 });
    times.leave('first', 's', { keepMs: 60_000, nowMs: 200 });
    times.join('third', 's', { usedMs: 0, nowMs: 300 });
    expect(['running', 'first', 'second'].map((key) => times.usedMs(key, 300))).toEqual([300, 200, 0]);
  });
});
