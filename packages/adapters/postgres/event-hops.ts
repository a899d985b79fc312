import { AsyncLocalStorage } from 'node:async_hooks';

const counts = new AsyncLocalStorage<number>();

/** Runs work whose events came through so many services: what it writes in its transactions says so by itself (HKS-4). */
export const withHops = <Value>(hopCount: number, work: () => Promise<Value>): Promise<Value> =>
  counts.run(hopCount, work);

/** 0: what is done now was not led to by an event. */
export const currentHops = (): number => counts.getStore() ?? 0;
