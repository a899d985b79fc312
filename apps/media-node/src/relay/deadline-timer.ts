/** A far deadline overflows a timer; to wake early does no harm. */
const waitMsMax = 60_000;

export interface DeadlineTimer {
  /** Wakes at this time at the latest. An earlier one that is set stays. */
  wakeBy(deadlineMs: number): void;
  stop(): void;
}

/** Keeps one timer, at the earliest deadline named since it last woke. */
export function createDeadlineTimer(nowMs: () => number, onWake: () => void): DeadlineTimer {
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  return {
    wakeBy(deadlineMs) {
      if (deadlineMs >= wakeAtMs) return;
      clearTimeout(timer);
      wakeAtMs = deadlineMs;
      const waitMs = Math.min(Math.max(0, Math.ceil(deadlineMs - nowMs())), waitMsMax);
      timer = setTimeout(() => {
        wakeAtMs = Number.POSITIVE_INFINITY;
        onWake();
      }, waitMs);
    },
    stop() {
      clearTimeout(timer);
      wakeAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}
