import type { ControlPlaneClient } from './control-plane-client.ts';

/** Runs work now or when its turn comes, and fails at once when too much waits. */
export type ConcurrencyLimit = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** What strangers make a node ask takes no more of the control plane than this, however many they are. */
const lookupRunningCountMax = 8;
const lookupWaitingCountMax = 4_096;

export function createConcurrencyLimit(
  bounds: { readonly runningCountMax: number; readonly waitingCountMax: number } = {
    runningCountMax: lookupRunningCountMax,
    waitingCountMax: lookupWaitingCountMax,
  },
): ConcurrencyLimit {
  const waiting: (() => void)[] = [];
  let runningCount = 0;
  return async (work) => {
    if (runningCount < bounds.runningCountMax) runningCount++;
    else if (waiting.length >= bounds.waitingCountMax) throw new Error('Too many questions wait already.');
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever ends hands its place on, so that nobody who comes between takes it.
      const next = waiting.shift();
      if (next === undefined) runningCount--;
      else next();
    }
  };
}

/** The same client, a few calls at a time. */
export function boundedClient(client: Pick<ControlPlaneClient, 'call'>): Pick<ControlPlaneClient, 'call'> {
  const limit = createConcurrencyLimit();
  return { call: (call, request) => limit(() => client.call(call, request)) };
}
