import type { Modality } from '@patchbay/domain/metering/usage-record';
import type { DimensionsOf } from '@patchbay/kit/definition';
import type { networkDiscovery } from '@patchbay/services/network-discovery/definition';

type Meters = (typeof networkDiscovery)['meters'];
export type MeterName = keyof Meters;

/** One quantity of one meter, with dimensions and values that its service declares. */
export type UsageQuantity<Meter extends MeterName = MeterName> = {
  readonly [M in Meter]: {
    readonly meter: M;
    /** An integer of the meter's unit. */
    readonly quantity: number;
    readonly dimensions: DimensionsOf<Meters[M]>;
  };
}[Meter];

/** What one allocation used in one span of time: always the difference to the record before. The spool adds the id. */
export interface UsageRecord {
  /** Equal for a finished record and its checkpoints; never used twice. */
  readonly key: string;
  /** Absent for what belongs to none: attempts. */
  readonly allocationId?: string;
  readonly accountId: string;
  readonly applicationId?: string;
  readonly endpointId?: string;
  readonly credentialId?: string;
  readonly sessionId?: string;
  /** Counts up when what is carried, or the bandwidth class, changes: each segment has its own dimensions (MET-4). */
  readonly segment: number;
  readonly service: 'network-discovery';
  readonly region: string;
  readonly modality: Modality;
  readonly fromMs: number;
  readonly toMs: number;
  readonly quantities: readonly UsageQuantity[];
}

/** A record that is still growing. */
export type OpenUsage = UsageRecord;
