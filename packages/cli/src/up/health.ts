import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 150;

export interface HealthOptions {
  readonly url: string;
  readonly limitMs: number;
  /** Ends the wait early, with its reason. */
  readonly signal: AbortSignal;
}

/** Waits until the control plane says that every role is up. @throws with what it said last. */
export async function untilHealthy({ url, limitMs, signal }: HealthOptions): Promise<void> {
  const deadline = performance.now() + limitMs;
  let last = 'no answer';
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${url}/api/health`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
      });
      last = (await response.text()).slice(0, 2_000);
      if (response.ok) return;
    } catch (error) {
      signal.throwIfAborted();
      last = error instanceof Error ? error.message : String(error);
    }
    await wait(pollMs);
  }
  throw new Error(`not healthy after ${Math.round(limitMs / 1000)} s; the last answer was: ${last}`);
}
