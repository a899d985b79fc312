import type { UsageStore } from './usage-store.ts';

/** What the operations of metering need from the world. */
export interface MeteringPorts {
  readonly usage: Pick<UsageStore, 'query'>;
}
