interface TimeCounter {
  usedMs: number;
  sinceMs: number;
  /** How many allocations each running session has. */
  readonly sessions: Map<string, number>;
  keptUntilMs: number;
}

/**
 * Counts time for limits in seconds. A session's time runs while it has an allocation, and runs once however
 * many it has: a browser with two network interfaces makes two. Several sessions of one counter add up.
 */
export interface TimeCounters {
  join(key: string, session: string, at: { usedMs: number; nowMs: number }): void;
  leave(key: string, session: string, at: { keepMs: number; nowMs: number }): void;
  usedMs(key: string, nowMs: number): number;
  /** When the counter reaches this value if nothing changes, or infinity while it stands still. */
  reachesAtMs(key: string, valueMs: number, nowMs: number): number;
  sweep(nowMs: number): void;
}

/** Past this many, the counter that has stood still for longest is forgotten. */
const counterCountMaxDefault = 100_000;

export function createTimeCounters(counterCountMax = counterCountMaxDefault): TimeCounters {
  const counters = new Map<string, TimeCounter>();
  const forgetOldestIdle = () => {
    for (const [key, { sessions }] of counters) {
      if (sessions.size > 0) continue;
      counters.delete(key);
      return;
    }
  };
  const settle = (counter: TimeCounter, nowMs: number) => {
    counter.usedMs += Math.max(0, nowMs - counter.sinceMs) * counter.sessions.size;
    counter.sinceMs = Math.max(counter.sinceMs, nowMs);
  };
  const usedMs = (key: string, nowMs: number) => {
    const counter = counters.get(key);
    if (counter === undefined) return 0;
    settle(counter, nowMs);
    return counter.usedMs;
  };
  return {
    join(key, session, at) {
      let counter = counters.get(key);
      if (counter === undefined) {
        if (counters.size >= counterCountMax) forgetOldestIdle();
        counter = { usedMs: 0, sinceMs: at.nowMs, sessions: new Map(), keptUntilMs: 0 };
        counters.set(key, counter);
      }
      settle(counter, at.nowMs);
      counter.usedMs = Math.max(counter.usedMs, at.usedMs);
      counter.sessions.set(session, (counter.sessions.get(session) ?? 0) + 1);
    },
    leave(key, session, at) {
      const counter = counters.get(key);
      if (counter === undefined) return;
      settle(counter, at.nowMs);
      const left = (counter.sessions.get(session) ?? 0) - 1;
      if (left > 0) counter.sessions.set(session, left);
      else counter.sessions.delete(session);
      counter.keptUntilMs = Math.max(counter.keptUntilMs, at.nowMs + at.keepMs);
      // The map keeps the order in which counters were last left.
      counters.delete(key);
      counters.set(key, counter);
    },
    usedMs,
    reachesAtMs(key, valueMs, nowMs) {
      const used = usedMs(key, nowMs);
      const rate = counters.get(key)?.sessions.size ?? 0;
      if (used >= valueMs) return nowMs;
      return rate === 0 ? Number.POSITIVE_INFINITY : nowMs + (valueMs - used) / rate;
    },
    sweep(nowMs) {
      for (const [key, counter] of counters) {
        if (counter.sessions.size === 0 && counter.keptUntilMs <= nowMs) counters.delete(key);
      }
    },
  };
}
