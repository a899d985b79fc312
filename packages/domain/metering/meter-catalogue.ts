import type { DimensionValues, MeterUnit } from '@patchbay/kit/definition';
import {
  type Dimensions,
  modalities,
  QUANTITY_MAX,
  USAGE_AGE_MS_MAX,
  USAGE_AHEAD_MS_MAX,
  type UsageRecord,
} from './usage-record.ts';

/** Dimensions that every meter has, besides those its service declares (MET-1). */
export const universalDimensions = { region: 'open', modality: modalities } as const;

export interface CataloguedMeter {
  readonly service: string;
  /** Short name, without the service. */
  readonly name: string;
  readonly unit: MeterUnit;
  /** Those of the service and the universal ones, each with the values that it may have. */
  readonly dimensions: Readonly<Record<string, DimensionValues>>;
  readonly isPriced: boolean;
}

/** What the services declare, by `service.meter`. */
export type MeterCatalogue = ReadonlyMap<string, CataloguedMeter>;

/** A meter as the generated catalogue of the services has it. */
export interface DeclaredMeter {
  readonly service: string;
  readonly meter: string;
  readonly unit: MeterUnit;
  readonly dimensions: Readonly<Record<string, DimensionValues>>;
  readonly isPriced: boolean;
}

/** The catalogue from what the services declare, with the dimensions that all meters have. */
export function meterCatalogue(declared: Readonly<Record<string, DeclaredMeter>>): MeterCatalogue {
  return new Map(
    Object.entries(declared).map(([qualified, { service, meter, unit, dimensions, isPriced }]) => [
      qualified,
      { service, name: meter, unit, dimensions: { ...dimensions, ...universalDimensions }, isPriced },
    ]),
  );
}

export const usageRefusalReasons = [
  'meter_undeclared',
  'dimension_undeclared',
  'dimension_missing',
  'value_undeclared',
  'quantity_too_large',
  'too_old',
  'in_future',
  'text_invalid',
] as const;
export type UsageRefusalReason = (typeof usageRefusalReasons)[number];

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
  if (!isPlainlyDeclared(record, catalogue)) assertDeclared(record, catalogue);
}

/**
 * Whether a record is what its service declares, by looking at no more than it takes. Nearly every record is; which of
 * the others is none, and why, is found out below. False decides nothing.
 */
function isPlainlyDeclared(record: UsageRecord, catalogue: MeterCatalogue): boolean {
  const { id, accountId, applicationId, endpointId, credentialId, sessionId, region, modality } = record;
  const ids = [id.nodeId, accountId, applicationId, endpointId, credentialId, sessionId];
  if (!ids.every((text) => text === undefined || isStorable(text))) return false;
  const universal: Dimensions = { region, modality };
  return record.quantities.every(({ meter, quantity, dimensions }) => {
    const declared = catalogue.get(`${record.service}.${meter}`)?.dimensions;
    if (declared === undefined || quantity > QUANTITY_MAX) return false;
    let ownCount = 0;
    for (const name in declared) {
      const given = Object.hasOwn(universal, name) ? universal : dimensions;
      if (!Object.hasOwn(given, name)) return false;
      const [values, value = ''] = [declared[name], given[name]];
      if (values === 'open' ? !isStorable(value) : values?.includes(value) !== true) return false;
      if (given === dimensions) ownCount += 1;
    }
    return ownCount === Object.keys(dimensions).length;
  });
}

/** A database keeps neither, and would refuse the whole batch for it, again and again. */
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

function assertDeclared(record: UsageRecord, catalogue: MeterCatalogue): void {
  if (!textsOf(record).every(isStorable)) {
    throw new UsageRefusal('text_invalid', 'The record holds text that is none.');
  }
  for (const { meter, quantity, dimensions } of record.quantities) {
    const declared = catalogue.get(`${record.service}.${meter}`);
    if (declared === undefined) {
      throw new UsageRefusal('meter_undeclared', `${record.service} declares no meter ${meter}.`);
    }
    if (quantity > QUANTITY_MAX) {
      throw new UsageRefusal(
        'quantity_too_large',
        `No report has ${quantity} of ${record.service}.${meter}.`,
      );
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

function assertDimensions(meter: CataloguedMeter, given: Dimensions): void {
  const problem = undeclaredIn(meter, given);
  if (problem !== undefined) throw new UsageRefusal(problem.reason, problem.detail);
  const missing = Object.keys(meter.dimensions).find((dimension) => given[dimension] === undefined);
  if (missing !== undefined) {
    throw new UsageRefusal(
      'dimension_missing',
      `${meter.service}.${meter.name} needs the dimension ${missing}.`,
    );
  }
}

/** What of some dimensions a meter does not have, whether they are of a use or of a price: a name, or a value of it. */
export function undeclaredIn(
  { service, name: meter, dimensions: declared }: CataloguedMeter,
  given: Dimensions,
): { readonly reason: UsageRefusalReason; readonly detail: string } | undefined {
  for (const [dimension, value] of Object.entries(given)) {
    const values = Object.hasOwn(declared, dimension) ? declared[dimension] : undefined;
    if (values === undefined) {
      return { reason: 'dimension_undeclared', detail: `${service}.${meter} has no dimension ${dimension}.` };
    }
    if (values !== 'open' && !values.includes(value)) {
      const detail = `${dimension} of ${service}.${meter} is never ${value}: it is ${oneOf(values)}.`;
      return { reason: 'value_undeclared', detail };
    }
  }
  return undefined;
}

const oneOf = (values: readonly string[]): string =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
