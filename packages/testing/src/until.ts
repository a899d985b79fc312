import { setTimeout as wait } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, as the end of "Waited 5000 ms for …". */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly pollMs?: number;
}

/** Asks again until the answer is neither undefined nor false, and answers it. Throws at the bound, with the last error. */
export async function until<Value>(
  ask: () => Promise<Value | undefined | false> | Value | undefined | false,
  { what, timeoutMs = 30_000, pollMs = 50 }: UntilOptions,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await wait(pollMs);
  }
  throw new Error(`Waited ${timeoutMs} ms for ${what}.`, { cause: lastError });
}
