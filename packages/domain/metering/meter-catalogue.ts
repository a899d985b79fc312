import type { MeterUnit } from '@patchbay/kit/definition';
import { type Dimensions, USAGE_AGE_MS_MAX, USAGE_AHEAD_MS_MAX, type UsageRecord } from './usage-record.ts';

/** Dimensions that every meter has, besides those its service declares (MET-1). */
export const universalDimensions = ['region', 'modality'] as const;

export interface CataloguedMeter {
  readonly service: string;
  /** Short name, without the service. */
  readonly name: string;
  readonly unit: MeterUnit;
  /** Those of the service and the universal ones. */
  readonly dimensions: readonly string[];
  readonly isPriced: boolean;
}

/** What the services declare, by `service.meter`. */
export type MeterCatalogue = ReadonlyMap<string, CataloguedMeter>;

/** A meter as the generated catalogue of the services has it. */
export interface DeclaredMeter {
  readonly service: string;
  readonly meter: string;
  readonly unit: MeterUnit;
  readonly dimensions: readonly string[];
  readonly isPriced: boolean;
}

/** The catalogue from what the services declare, with the dimensions that all meters have. */
export function meterCatalogue(declared: Readonly<Record<string, DeclaredMeter>>): MeterCatalogue {
  return new Map(
    Object.entries(declared).map(([qualified, { service, meter, unit, dimensions, isPriced }]) => [
      qualified,
      { service, name: meter, unit, dimensions: [...dimensions, ...universalDimensions], isPriced },
    ]),
  );
}

export type UsageRefusalReason =
  | 'meter_undeclared'
  | 'dimension_undeclared'
  | 'dimension_missing'
  | 'too_old'
  | 'in_future'
  | 'text_invalid';

/** Why a record is not counted. Whoever catches it keeps the record: refused usage is never thrown away unseen. */
export class UsageRefusal extends Error {
  readonly reason: UsageRefusalReason;

  constructor(reason: UsageRefusalReason, detail: string) {
    super(detail);
    this.name = 'UsageRefusal';
    this.reason = reason;
  }
}

/** Throws a UsageRefusal when the record names what its service does not declare, or a time out of bounds. */
export function assertCountable(record: UsageRecord, catalogue: MeterCatalogue, nowMs: number): void {
  if (record.toMs > nowMs + USAGE_AHEAD_MS_MAX) {
    throw new UsageRefusal('in_future', `The record ends ${record.toMs - nowMs} ms from now.`);
  }
  if (record.toMs < nowMs - USAGE_AGE_MS_MAX) {
    throw new UsageRefusal('too_old', `The record is ${nowMs - record.toMs} ms old.`);
  }
  // A database keeps neither, and would refuse the whole batch for it, again and again.
  const unstorable = textsOf(record).find((text) => text.includes('\0') || !text.isWellFormed());
  if (unstorable !== undefined) throw new UsageRefusal('text_invalid', 'The record holds text that is none.');
  for (const { meter, dimensions } of record.quantities) {
    const declared = catalogue.get(`${record.service}.${meter}`);
    if (declared === undefined) {
      throw new UsageRefusal('meter_undeclared', `${record.service} declares no meter ${meter}.`);
    }
    assertDimensions(declared, { ...dimensions, region: record.region, modality: record.modality });
  }
}

/** All that a record says in words. */
function textsOf(record: UsageRecord): string[] {
  const { id, accountId, applicationId, endpointId, credentialId, sessionId, service, region } = record;
  const words = [id.nodeId, accountId, applicationId, endpointId, credentialId, sessionId, service, region];
  const named = record.quantities.flatMap(({ meter, dimensions }) => [
    meter,
    ...Object.entries(dimensions).flat(),
  ]);
  return [...words, ...named].filter((text) => text !== undefined);
}

function assertDimensions({ service, name, dimensions: declared }: CataloguedMeter, given: Dimensions): void {
  const undeclared = Object.keys(given).find((dimension) => !declared.includes(dimension));
  if (undeclared !== undefined) {
    throw new UsageRefusal('dimension_undeclared', `${service}.${name} has no dimension ${undeclared}.`);
  }
  const missing = declared.find((dimension) => given[dimension] === undefined);
  if (missing !== undefined) {
    throw new UsageRefusal('dimension_missing', `${service}.${name} needs the dimension ${missing}.`);
  }
}
