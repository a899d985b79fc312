'use client';

import { useEffect, useState } from 'react';

/** The time, rounded down to a step, anew at each step: a stable end of a range, and a ticking clock. */
export function useNow(stepMs: number): number {
  const read = () => Math.floor(Date.now() / stepMs) * stepMs;
  const [nowMs, setNowMs] = useState(read);
  useEffect(() => {
    const timer = setInterval(
      () => setNowMs(Math.floor(Date.now() / stepMs) * stepMs),
      Math.min(stepMs, 60_000),
    );
    return () => clearInterval(timer);
  }, [stepMs]);
  return nowMs;
}
