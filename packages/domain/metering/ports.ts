import type { MeterCatalogue } from './meter-catalogue.ts';
import type { UsageStore } from './usage-store.ts';

/** What the operations of metering need from the world. */
export interface MeteringPorts {
  readonly usage: Pick<UsageStore, 'query' | 'listRefused' | 'sessionSegments'>;
  /** What the services declare: only by that is usage grouped. */
  readonly catalogue: MeterCatalogue;
}
